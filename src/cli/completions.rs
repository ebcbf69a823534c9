//! `formwork completions`

use std::io;

use super::{Exit, Streams};

/// Print the completions of a shell
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    // The generator panics when its writer fails, as it does when the reader goes away.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "formwork", &mut script);
    streams.out.write_all(&script)?;
    Ok(Exit::Fine)
}

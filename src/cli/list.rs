//! `formwork list`

use std::io;

use super::{Exit, Streams, library};

/// List the architectures of the reference library
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let all = library::architectures();
    let width = all.iter().map(|one| one.name.len()).max().unwrap_or_default();
    for one in &all {
        writeln!(streams.out, "{:width$}  {}", one.name, one.title)?;
    }
    Ok(Exit::Fine)
}

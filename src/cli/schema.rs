//! `formwork schema`

use std::io;

use super::{Exit, Streams};

/// Print the JSON schema of blueprints, for editors
#[derive(Debug, clap::Args)]
pub struct Arguments {}

/// Runs the command.
pub fn run(_: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    streams.out.write_all(crate::kinds::schema::TEXT.as_bytes())?;
    Ok(Exit::Fine)
}

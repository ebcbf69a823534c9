//! The command line, in this process and as a process of its own.

use formwork::cli::{self, Streams};
use formwork::diagnostics::Style;

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub status: u8,
    pub out: String,
    pub err: String,
}

/// Runs the program in this process.
pub fn formwork(arguments: &[&str]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let style = Style { color: false, width: 120 };
    let arguments: Vec<&str> = std::iter::once("formwork").chain(arguments.iter().copied()).collect();
    let exit = cli::run(&arguments, &mut Streams { out: &mut out, err: &mut err, style }).unwrap();
    Ran { status: exit.status(), out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

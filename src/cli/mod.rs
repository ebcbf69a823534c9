//! The command line: one file a command. Only this layer reads and writes, and knows the lists of everything.

mod check;
mod completions;
mod explain;
mod fix;
pub mod input;
mod library;
mod list;
mod new;
mod render;
pub mod runner;
mod schema;
mod test;
mod trace;
mod tracing;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice as Choice};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::diagnostics::{Code, Style};

/// Compile declarative blueprints of AWS architectures into CloudFormation templates.
#[derive(Debug, Parser)]
#[command(name = "formwork", version, max_term_width = 100, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// When to use colours.
    #[arg(long, value_enum, default_value_t, global = true)]
    color: Color,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    Render(render::Arguments),
    Check(check::Arguments),
    Explain(explain::Arguments),
    List(list::Arguments),
    New(new::Arguments),
    Trace(trace::Arguments),
    Test(test::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// Something is wrong with what was given.
    Found,
    /// The run could not be done.
    CouldNotRun,
}

impl Exit {
    /// The exit status of the process.
    pub fn status(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Found => 1,
            Self::CouldNotRun => 2,
        }
    }

    /// The graver of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if self.status() >= other.status() { self } else { other }
    }
}

/// Where a command writes: data to `out`, everything for people to `err`.
pub struct Streams<'a> {
    /// Data.
    pub out: &'a mut dyn Write,
    /// For people.
    pub err: &'a mut dyn Write,
    /// How text for people looks.
    pub style: Style,
}

/// Columns of output that goes to no terminal.
const DEFAULT_WIDTH: usize = 140;

/// All codes of the program, sorted by name.
pub fn codes() -> Vec<&'static Code> {
    let own = [crate::contract::CODES, crate::diagnostics::CODES, crate::kinds::REFERENCE_CODES, crate::syntax::CODES];
    let kinds = crate::kinds::KINDS.iter().flat_map(|kind| kind.codes);
    let lists = own.into_iter().chain(
        crate::blueprint::ALL_CODES
            .iter()
            .chain(crate::check::CODES)
            .chain(crate::check::POLICIES)
            .chain(crate::check::RULES)
            .chain(crate::compile::ALL_CODES)
            .chain(crate::compose::ALL_CODES)
            .chain(crate::trace::promise::ALL_CODES)
            .chain(kinds)
            .copied(),
    );
    let mut codes: Vec<&'static Code> = lists.flatten().copied().collect();
    codes.sort_by_key(|code| code.name);
    codes
}

/// The command line as clap knows it.
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let parsed = match parse(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are data that was asked for; clap writes them to stdout itself.
            let status = if error.use_stderr() { Exit::CouldNotRun } else { Exit::Fine };
            let _ = error.print();
            return ExitCode::from(status.status());
        }
    };
    let choice = match parsed.color {
        Color::Auto => AutoStream::choice(&io::stderr()),
        Color::Always => Choice::AlwaysAnsi,
        Color::Never => Choice::Never,
    };
    let width = terminal_size::terminal_size_of(io::stderr()).map_or(DEFAULT_WIDTH, |(width, _)| width.0.into());
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = AutoStream::new(io::stderr().lock(), choice);
    let style = Style { color: choice != Choice::Never, width };
    let result = execute(&parsed.command, &mut Streams { out: &mut out, err: &mut err, style });
    let result = result.and_then(|exit| out.flush().map(|()| exit));
    let exit = match result {
        Ok(exit) => exit,
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Fine,
        Err(error) => {
            let _ = writeln!(err, "error: {error}");
            Exit::CouldNotRun
        }
    };
    ExitCode::from(exit.status())
}

fn parse(arguments: &[OsString]) -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(&command().try_get_matches_from(arguments)?)
}

/// Runs the program in this process: `arguments` start with the name of the program.
pub fn run(arguments: &[&str], streams: &mut Streams<'_>) -> io::Result<Exit> {
    let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
    match parse(&arguments) {
        Ok(parsed) => execute(&parsed.command, streams),
        Err(error) if error.use_stderr() => {
            write!(streams.err, "{error}")?;
            Ok(Exit::CouldNotRun)
        }
        Err(error) => {
            write!(streams.out, "{error}")?;
            Ok(Exit::Fine)
        }
    }
}

fn execute(command: &Command, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match command {
        Command::Render(arguments) => render::run(arguments, streams),
        Command::Check(arguments) => check::run(arguments, streams),
        Command::Explain(arguments) => explain::run(arguments, streams),
        Command::List(arguments) => list::run(arguments, streams),
        Command::New(arguments) => new::run(arguments, streams),
        Command::Trace(arguments) => trace::run(arguments, streams),
        Command::Test(arguments) => test::run(arguments, streams),
        Command::Schema(arguments) => schema::run(arguments, streams),
        Command::Completions(arguments) => completions::run(arguments, streams),
    }
}

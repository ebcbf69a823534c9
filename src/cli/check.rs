//! `formwork check`

use std::io;
use std::path::PathBuf;

use super::input::{self, Finished};
use super::{Exit, Streams};
use crate::diagnostics::{Report, Severity, render};

/// Check blueprints and CloudFormation templates without writing anything
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Blueprints and templates, or folders with them
    #[arg(value_name = "PATH", default_value = "blueprints")]
    paths: Vec<PathBuf>,
    /// An environment of `formwork.yaml`
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// How findings are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people, on stderr
    Text,
    /// One object, on stdout
    Json,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(settings) = input::settings(arguments.env.as_deref(), streams)? else { return Ok(Exit::CouldNotRun) };
    let all = |paths: Vec<PathBuf>| input::compile_all(&paths, &settings.workspace, None);
    let compiled = match input::find(&arguments.paths, input::Search::All).and_then(all) {
        Ok(compiled) => compiled,
        Err(unusable) => return unusable.report(streams),
    };
    match arguments.format {
        Format::Text => {
            let exit = show(&compiled, streams)?;
            if exit == Exit::Fine {
                writeln!(streams.err, "{} checked, no errors", blueprints(compiled.len()))?;
            }
            Ok(exit)
        }
        Format::Json => {
            let mut report = Report::new(compiled.len());
            for one in &compiled {
                report.add(&one.diagnostics, &one.sources);
            }
            serde_json::to_writer_pretty(&mut streams.out, &report)?;
            writeln!(streams.out)?;
            Ok(if count(&compiled, Severity::Error) > 0 { Exit::Found } else { Exit::Fine })
        }
    }
}

/// Shows what was found, and says whether there are errors.
pub fn show(compiled: &[Finished], streams: &mut Streams<'_>) -> io::Result<Exit> {
    for one in compiled {
        for diagnostic in &one.diagnostics {
            streams.err.write_all(render(diagnostic, &one.sources, streams.style).as_bytes())?;
        }
    }
    let (errors, warnings) = (count(compiled, Severity::Error), count(compiled, Severity::Warning));
    if errors + warnings > 0 {
        let plural = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        let mut parts = Vec::new();
        if errors > 0 {
            parts.push(plural(errors, "error"));
        }
        if warnings > 0 {
            parts.push(plural(warnings, "warning"));
        }
        writeln!(streams.err, "{} in {}", parts.join(", "), blueprints(compiled.len()))?;
    }
    Ok(if errors > 0 { Exit::Found } else { Exit::Fine })
}

fn count(compiled: &[Finished], severity: Severity) -> usize {
    compiled.iter().flat_map(|one| &one.diagnostics).filter(|diagnostic| diagnostic.code.severity == severity).count()
}

fn blueprints(n: usize) -> String {
    if n == 1 { "1 blueprint".to_owned() } else { format!("{n} blueprints") }
}

impl input::Unusable {
    /// Says that a path cannot be used.
    pub fn report(&self, streams: &mut Streams<'_>) -> io::Result<Exit> {
        writeln!(streams.err, "error: cannot use {}: {}", input::shown(&self.path), self.reason)?;
        Ok(Exit::CouldNotRun)
    }
}

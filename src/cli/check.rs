//! `formwork check`

use std::io;
use std::path::PathBuf;

use super::fix::{self, Fixed};
use super::input::{self, Finished};
use super::{Exit, Streams};
use crate::diagnostics::{Checked, Report, Severity, github, junit, render, sarif};
use crate::source::Files;

/// Check blueprints and CloudFormation templates; nothing is written without `--fix`
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
    /// The least severity that makes the run fail
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "error")]
    fail_on: Severity,
    /// Show what is only good to know, too
    #[arg(long)]
    info: bool,
    /// Make the fixes that are certain, and show what is left
    #[arg(long)]
    fix: bool,
    /// Print what `--fix` would change, and write nothing
    #[arg(long, conflicts_with = "format")]
    diff: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people, on stderr
    Text,
    /// One object, on stdout
    Json,
    /// SARIF 2.1.0, for code scanning, on stdout
    Sarif,
    /// The XML of `JUnit`, for reports of tests, on stdout
    Junit,
    /// Annotations of GitHub Actions, on stdout
    Github,
}

impl clap::ValueEnum for Severity {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Error, Self::Warning, Self::Info]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()))
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(settings) = input::settings(arguments.env.as_deref(), streams)? else { return Ok(Exit::CouldNotRun) };
    let workspace = settings.workspace.with_info(arguments.info || arguments.fail_on == Severity::Info);
    let paths = match input::find(&arguments.paths, input::Search::All) {
        Ok(paths) => paths,
        Err(unusable) => return unusable.report(streams),
    };
    let all = |files: &dyn Files| input::compile_all(&paths, &workspace, None, files);
    let compiled = if arguments.fix || arguments.diff {
        fix::fix(all)
    } else {
        all(&input::Disk).map(|compiled| (Fixed::default(), compiled))
    };
    let (fixed, compiled) = match compiled {
        Ok(compiled) => compiled,
        Err(unusable) => return unusable.report(streams),
    };
    print(arguments, &compiled, streams)?;
    let mut exit = Exit::Fine;
    if arguments.diff {
        exit = exit.and(fixed.print(streams)?);
    } else if arguments.fix {
        exit = exit.and(fixed.write(streams)?);
    }
    let fails = compiled.iter().flat_map(|one| &one.diagnostics).any(|found| found.severity <= arguments.fail_on);
    Ok(if fails { exit.and(Exit::Found) } else { exit })
}

fn print(arguments: &Arguments, compiled: &[Finished], streams: &mut Streams<'_>) -> io::Result<()> {
    let all: Vec<Checked<'_>> = compiled
        .iter()
        .map(|one| Checked { name: &one.shown, diagnostics: &one.diagnostics, sources: &one.sources })
        .collect();
    match arguments.format {
        Format::Text => {
            if show(compiled, streams)? == Exit::Fine {
                writeln!(streams.err, "{} checked, no errors", files(compiled))?;
            }
        }
        Format::Json => {
            let mut report = Report::new(compiled.len());
            for one in compiled {
                report.add(&one.diagnostics, &one.sources);
            }
            serde_json::to_writer_pretty(&mut streams.out, &report)?;
            writeln!(streams.out)?;
        }
        Format::Sarif => {
            serde_json::to_writer_pretty(&mut streams.out, &sarif::log(&all))?;
            writeln!(streams.out)?;
        }
        Format::Junit => {
            streams.out.write_all(junit::report(&all, arguments.fail_on).as_bytes())?;
        }
        Format::Github => {
            for one in compiled {
                for diagnostic in &one.diagnostics {
                    let name = &one.sources.get(diagnostic.span.file).name;
                    streams.out.write_all(github::command(diagnostic, name, &one.sources).as_bytes())?;
                }
            }
        }
    }
    Ok(())
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
        let fixable = compiled.iter().flat_map(|one| &one.diagnostics).filter(|found| found.fix.is_some()).count();
        let fixable = match fixable {
            0 => String::new(),
            n => format!(", {n} fixable with `formwork check --fix`"),
        };
        writeln!(streams.err, "{} in {}{fixable}", parts.join(", "), files(compiled))?;
    }
    Ok(if errors > 0 { Exit::Found } else { Exit::Fine })
}

fn count(compiled: &[Finished], severity: Severity) -> usize {
    compiled.iter().flat_map(|one| &one.diagnostics).filter(|diagnostic| diagnostic.severity == severity).count()
}

/// How many files there are, by what they are.
fn files(all: &[Finished]) -> String {
    let templates = all.iter().filter(|one| one.is_template).count();
    let noun = match templates {
        0 => "blueprint",
        n if n == all.len() => "template",
        _ => "file",
    };
    format!("{} {noun}{}", all.len(), if all.len() == 1 { "" } else { "s" })
}

impl input::Unusable {
    /// Says that a path cannot be used.
    pub fn report(&self, streams: &mut Streams<'_>) -> io::Result<Exit> {
        writeln!(streams.err, "error: cannot use {}: {}", input::shown(&self.path), self.reason)?;
        Ok(Exit::CouldNotRun)
    }
}

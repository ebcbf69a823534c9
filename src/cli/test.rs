//! `formwork test`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::{Value as Json, json};

use super::runner::Interpreters;
use super::{Exit, Streams, check, input, tracing};
use crate::compile::{Case, Compiled, Mismatch};
use crate::diagnostics::{Severity, junit};
use crate::source::{Files as _, Span};
use crate::trace::Record;
use crate::trace::functions::{NoRunner, Runner};
use crate::trace::report::{Hop, shown_place};

/// Run the tests of blueprints: whether sample events go where they should
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run the tests of blueprints: whether sample events go where they should.\n\nEach test of the section \
                  `tests` sends an event in, as `formwork trace` does, and compares what becomes of it at each component \
                  with what is expected there. Nothing is deployed, and no account is needed.\n\nThe exit status is 0 if all \
                  tests pass, 1 if one fails, 2 if they could not be run."
)]
pub struct Arguments {
    /// Blueprints, or folders with blueprints in them
    #[arg(value_name = "PATH", default_value = "blueprints")]
    paths: Vec<PathBuf>,
    /// An environment of `formwork.yaml`
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Do not run the code of functions; the way ends there
    #[arg(long)]
    no_functions: bool,
    /// Write what is into expectations that are not met, where that is certain
    #[arg(long)]
    update: bool,
    /// How results are printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// For people, on stderr
    Text,
    /// One object, on stdout
    Json,
    /// The XML of `JUnit`, for reports of tests, on stdout
    Junit,
}

/// A blueprint with the results of its tests.
struct Tested {
    shown: String,
    path: PathBuf,
    compiled: Compiled,
    results: Vec<Result>,
}

/// The result of one test.
struct Result {
    name: String,
    place: Span,
    /// The way of the event; an error if it does not come in.
    outcome: std::result::Result<Hop, String>,
    mismatches: Vec<Mismatch>,
}

impl Result {
    fn passed(&self) -> bool {
        self.outcome.is_ok() && self.mismatches.is_empty()
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(settings) = input::settings(arguments.env.as_deref(), streams)? else { return Ok(Exit::CouldNotRun) };
    let paths = match input::find(&arguments.paths, input::Search::Blueprints) {
        Ok(paths) => paths,
        Err(unusable) => return unusable.report(streams),
    };
    let (interpreters, none) = (Interpreters::default(), NoRunner);
    let runner: &dyn Runner = if arguments.no_functions { &none } else { &interpreters };
    let one = |path: &PathBuf| {
        let compiled = tracing::open(&settings.workspace, path)?;
        let results = results(&compiled, runner);
        Ok(Tested { shown: input::shown(path), path: path.clone(), compiled, results })
    };
    let tested: std::result::Result<Vec<Tested>, input::Unusable> = paths.par_iter().map(one).collect();
    let tested = match tested {
        Ok(tested) => tested,
        Err(unusable) => return unusable.report(streams),
    };
    let mut exit = Exit::Fine;
    let broken = |one: &Tested| one.compiled.diagnostics.iter().any(|found| found.severity == Severity::Error);
    if tested.iter().any(broken) {
        let mut left = Vec::new();
        for one in tested {
            if broken(&one) {
                check::show(&[input::Finished::of(one.shown, one.compiled)], streams)?;
            } else {
                left.push(one);
            }
        }
        print(arguments.format, &left, streams)?;
        return Ok(Exit::Found);
    }
    print(arguments.format, &tested, streams)?;
    if arguments.update {
        for one in &tested {
            exit = exit.and(update(one, streams)?);
        }
        return Ok(exit);
    }
    let failed = tested.iter().flat_map(|one| &one.results).any(|result| !result.passed());
    Ok(if failed { exit.and(Exit::Found) } else { exit })
}

fn results(compiled: &Compiled, runner: &dyn Runner) -> Vec<Result> {
    let Some(rendered) = compiled.template.as_ref().filter(|template| template.is_sound()) else { return Vec::new() };
    let world = tracing::world(compiled, rendered, BTreeMap::new(), runner);
    let one = |case: &Case| {
        let arrival = case.now.unwrap_or_else(|| tracing::arrival(&case.event));
        let record = Record::new(case.event.clone(), arrival);
        let entry = match &case.at {
            Some(name) => world.entry(&name.value),
            None => world.entry_for(&record),
        };
        let outcome = entry.and_then(|entry| match entry.refuses(&record) {
            Some(why) => Err(why),
            None => Ok(world.follow(&entry, &record)),
        });
        let mismatches = outcome.as_ref().map(|hop| case.compare(hop)).unwrap_or_default();
        Result { name: case.name.clone(), place: case.place, outcome, mismatches }
    };
    rendered.cases().par_iter().map(one).collect()
}

fn print(format: Format, tested: &[Tested], streams: &mut Streams<'_>) -> io::Result<()> {
    match format {
        Format::Text => streams.err.write_all(text(tested).as_bytes()),
        Format::Json => {
            serde_json::to_writer_pretty(&mut streams.out, &objects(tested))?;
            writeln!(streams.out)
        }
        Format::Junit => streams.out.write_all(suites(tested).as_bytes()),
    }
}

fn plural(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

fn text(tested: &[Tested]) -> String {
    let mut made = String::new();
    for one in tested.iter().filter(|one| !one.results.is_empty()) {
        let _ = writeln!(made, "{}", one.shown);
        for result in &one.results {
            if result.passed() {
                let _ = writeln!(made, "  ok    {}", result.name);
                continue;
            }
            let _ = writeln!(made, "  FAIL  {}", result.name);
            for line in explained(one, result).lines() {
                let _ = writeln!(made, "        {line}");
            }
        }
    }
    let all: Vec<&Result> = tested.iter().flat_map(|one| &one.results).collect();
    let failed = all.iter().filter(|result| !result.passed()).count();
    let blueprints = tested.iter().filter(|one| !one.results.is_empty()).count();
    let passed = plural(all.len() - failed, "test");
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let _ = writeln!(made, "{passed} passed{failed} in {}", plural(blueprints, "blueprint"));
    let without: Vec<&str> = tested
        .iter()
        .filter(|one| one.results.is_empty() && !one.compiled.is_module)
        .map(|one| one.shown.as_str())
        .collect();
    if !without.is_empty() {
        let _ = writeln!(made, "without tests: {}", without.join(", "));
    }
    made
}

/// Why a test failed, and the way of its event.
fn explained(one: &Tested, result: &Result) -> String {
    let sources = &one.compiled.sources;
    let mut made = String::new();
    let hop = match &result.outcome {
        Ok(hop) => hop,
        Err(why) => {
            let _ = writeln!(made, "at {}: {why}", shown_place(result.place, sources));
            return made;
        }
    };
    for mismatch in &result.mismatches {
        let field = mismatch.field.as_deref().map(|field| format!(", {field}")).unwrap_or_default();
        let _ = writeln!(made, "at {}: {}{field}", shown_place(mismatch.place, sources), mismatch.component);
        let _ = writeln!(made, "  expected  {}\n  actual    {}", mismatch.expected, mismatch.actual);
    }
    made + &hop.text(sources)
}

fn objects(tested: &[Tested]) -> Json {
    let mut tests = Vec::new();
    for one in tested {
        let sources = &one.compiled.sources;
        for result in &one.results {
            let mismatches = result.mismatches.iter().map(|mismatch| {
                json!({
                    "component": mismatch.component,
                    "field": mismatch.field,
                    "expected": mismatch.expected,
                    "actual": mismatch.actual,
                    "place": shown_place(mismatch.place, sources),
                })
            });
            tests.push(json!({
                "blueprint": one.shown,
                "name": result.name,
                "place": shown_place(result.place, sources),
                "passed": result.passed(),
                "error": result.outcome.as_ref().err(),
                "mismatches": mismatches.collect::<Vec<_>>(),
                "trace": result.outcome.as_ref().ok().map(|hop| hop.json(sources)),
            }));
        }
    }
    let failed = tests.iter().filter(|test| test["passed"] == json!(false)).count();
    json!({"passed": tests.len() - failed, "failed": failed, "tests": tests})
}

fn suites(tested: &[Tested]) -> String {
    let suites: Vec<junit::Suite> = tested
        .iter()
        .filter(|one| !one.results.is_empty())
        .map(|one| junit::Suite {
            name: one.shown.clone(),
            cases: one
                .results
                .iter()
                .map(|result| {
                    let failure = (!result.passed()).then(|| explained(one, result));
                    (result.name.clone(), failure)
                })
                .collect(),
        })
        .collect();
    junit::tests(&suites)
}

/// Writes what is into the expectations that are not met; nothing else of the file changes.
fn update(one: &Tested, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let mut changes: Vec<(Span, &str)> = one
        .results
        .iter()
        .flat_map(|result| &result.mismatches)
        .filter_map(|mismatch| mismatch.update.as_ref().map(|(span, text)| (*span, text.as_str())))
        .collect();
    let left = one.results.iter().flat_map(|result| &result.mismatches).filter(|one| one.update.is_none()).count();
    if changes.is_empty() && left == 0 {
        return Ok(Exit::Fine);
    }
    let Ok(Ok(mut text)) = input::Disk.read(&one.path).map(String::from_utf8) else { return Ok(Exit::CouldNotRun) };
    // From the last to the first, so that places stay true.
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    changes.dedup_by_key(|(span, _)| *span);
    let count = changes.len();
    for (span, new) in changes {
        // The file is as it was when it was read, or nothing is written.
        if text.get(span.range()) != Some(one.compiled.sources.text(span)) {
            writeln!(streams.err, "error: {} has changed since it was read", one.shown)?;
            return Ok(Exit::CouldNotRun);
        }
        text.replace_range(span.range(), new);
    }
    if count > 0 {
        super::render::replace(&one.path, text.as_bytes())?;
        writeln!(streams.err, "{}: {} updated", one.shown, plural(count, "expectation"))?;
    }
    if left > 0 {
        writeln!(streams.err, "{}: {} left, to be changed by hand", one.shown, plural(left, "expectation"))?;
        return Ok(Exit::Found);
    }
    Ok(Exit::Fine)
}

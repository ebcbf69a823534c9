//! `formwork trace`

use std::io;
use std::path::PathBuf;

use rayon::prelude::*;
use serde_json::{Value as Json, json};

use super::runner::Interpreters;
use super::tracing::Event;
use super::{Exit, Streams, check, input, tracing};
use crate::compile::Compiled;
use crate::diagnostics::Severity;
use crate::trace::count::Count;
use crate::trace::entry::Entry;
use crate::trace::functions::{NoRunner, Runner};
use crate::trace::report::Hop;
use crate::trace::world::World;
use crate::trace::{Record, time};

/// Show where events go, step by step, before anything is deployed
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Show where events go, step by step, before anything is deployed.\n\nAn event enters where the \
                  blueprint or template is fed from outside, and each resource does to it what the service does: rules \
                  match it, transformers change it, functions run, streams find its partition. The end is the key of the \
                  object that it comes to and the table that has it, or what dropped it and the line that is responsible.\n\n\
                  An event enters where `--at` says: a component or a resource; the bus `default`, or another by its name; a \
                  topic of AWS IoT, for example `plant/p7/readings`; a log group by its name, for which each line of a text \
                  is a log event; a method of a REST API, for which the event is the body. A message of a topic of SNS may \
                  be a request with `Message` and `MessageAttributes`; a request of an API may be an event with `headers` \
                  and `body`. At an archive, an event is replayed.\n\n\
                  With `--format json` one object is printed: `events`, a list of `event` (the file) and `trace`, a hop. A \
                  hop has `kind`, `name`, `resource` and `component` (null where there is none), `state` (passed, \
                  delivered, dropped, failed, unknown), `message`, `place` (`file`, `line`, `column`, or null), `notes` (each \
                  with `message` and `place`) and `next`, the hops after it; and where it is known `bucket`, `key`, `table`, \
                  `partitions`, `row`, `query`, `error`, `record` and `contract`. Fields may be added; none is taken away.\n\n\
                  Names that only a deployment makes up are made of the names of the blueprint and of its components; the \
                  account is 111122223333, the region us-east-1."
)]
pub struct Arguments {
    /// A blueprint, the folder of one, or a CloudFormation template
    #[arg(value_name = "BLUEPRINT")]
    path: PathBuf,
    /// Files with events: JSON, a list of events, or one event a line; `-` reads stdin
    #[arg(value_name = "EVENT", required = true)]
    events: Vec<PathBuf>,
    /// Where events enter: a component, a logical id, the bus `default`, or a topic of AWS IoT
    #[arg(long, value_name = "COMPONENT")]
    at: Option<String>,
    /// When events arrive, as ISO 8601; the default is the time in the event, or the time of the clock
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// The value of a parameter
    #[arg(long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// An environment of `formwork.yaml`
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Do not run the code of functions; the way ends there
    #[arg(long)]
    no_functions: bool,
    /// Print how many records come where, instead of the way of each
    #[arg(long)]
    count: bool,
    /// Print how many partitions and objects this many events a second make
    #[arg(long, value_name = "EVENTS")]
    rate: Option<f64>,
    /// How the way is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A tree, for people
    Text,
    /// One object
    Json,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(settings) = input::settings(arguments.env.as_deref(), streams)? else { return Ok(Exit::CouldNotRun) };
    let path = match input::find(std::slice::from_ref(&arguments.path), input::Search::All) {
        Ok(paths) => match paths.as_slice() {
            [one] => one.clone(),
            many => {
                let names: Vec<String> = many.iter().map(|path| input::shown(path)).collect();
                let help = format!("name one of {}", names.join(", "));
                return problem(streams, &format!("there are {} files in it", many.len()), &help);
            }
        },
        Err(unusable) => return unusable.report(streams),
    };
    let compiled = match tracing::open(&settings.workspace, &path) {
        Ok(compiled) => compiled,
        Err(unusable) => return unusable.report(streams),
    };
    let Some(rendered) = compiled.template.as_ref().filter(|template| template.is_sound()) else {
        check::show(&[input::Finished::of(input::shown(&path), compiled)], streams)?;
        return problem(streams, "there is no template to trace", "");
    };
    let parameters = match tracing::parameters(&arguments.parameters, rendered.template()) {
        Ok(parameters) => parameters,
        Err(wrong) => return problem(streams, &wrong, "write `--param NAME=VALUE`"),
    };
    let now = match &arguments.now {
        Some(text) => match time::read(text) {
            Some(now) => Some(now),
            None => {
                return problem(streams, &format!("`{text}` is no time"), "write for example `2026-11-23T10:00:00Z`");
            }
        },
        None => None,
    };
    let (interpreters, none) = (Interpreters::default(), NoRunner);
    let runner: &dyn Runner = if arguments.no_functions { &none } else { &interpreters };
    let world = tracing::world(&compiled, rendered, parameters, runner);
    let mut events = Vec::new();
    for path in &arguments.events {
        match tracing::read(path) {
            Ok(records) => events.extend(records),
            Err(error) => {
                let wrong = format!("cannot read {}: {}", input::shown(path), input::describe(&error));
                return problem(streams, &wrong, "");
            }
        }
    }
    let named = match arguments.at.as_deref().map(|name| world.entry(name)) {
        Some(Ok(entry)) => Some(entry),
        Some(Err(wrong)) => return problem(streams, &wrong, ""),
        None => None,
    };
    let follow = |event: &Event| follow(&world, named.as_ref(), event, now);
    if arguments.count || arguments.rate.is_some() {
        let one = |event: &Event| -> Result<Count, String> { Ok(Count::of(&follow(event)?, event.data.len())) };
        let counted = events.par_iter().map(one).try_reduce(Count::default, |one, other| Ok(one.and(other)));
        return match counted {
            Ok(counted) => count(arguments, &counted, streams).map(|()| Exit::Fine),
            Err(wrong) => problem(streams, &wrong, ""),
        };
    }
    let one = |event: Event| follow(&event).map(|hop| (event.name, hop));
    let traced: Result<Vec<(String, Hop)>, String> = events.into_iter().map(one).collect();
    match traced {
        Ok(traced) => print(arguments.format, &compiled, &traced, streams).map(|()| Exit::Fine),
        Err(wrong) => problem(streams, &wrong, ""),
    }
}

fn follow(
    world: &World<'_>,
    named: Option<&Entry>,
    event: &Event,
    now: Option<jiff::Timestamp>,
) -> Result<Hop, String> {
    let record = Record::new(event.data.as_slice(), now.unwrap_or_else(|| tracing::arrival(&event.data)));
    let entry = match named {
        Some(entry) => entry.clone(),
        None => world.entry_for(&record)?,
    };
    match entry.refuses(&record) {
        Some(why) => Err(event.refused(&record, &why)),
        None => Ok(world.follow(&entry, &record)),
    }
}

fn problem(streams: &mut Streams<'_>, text: &str, help: &str) -> io::Result<Exit> {
    writeln!(streams.err, "error: {text}")?;
    if !help.is_empty() {
        writeln!(streams.err, "help: {help}")?;
    }
    Ok(Exit::CouldNotRun)
}

fn count(arguments: &Arguments, counted: &Count, streams: &mut Streams<'_>) -> io::Result<()> {
    match arguments.format {
        Format::Text => streams.out.write_all(counted.text(arguments.rate).as_bytes()),
        Format::Json => {
            serde_json::to_writer_pretty(&mut streams.out, &counted.json(arguments.rate))?;
            writeln!(streams.out)
        }
    }
}

fn print(format: Format, compiled: &Compiled, traced: &[(String, Hop)], streams: &mut Streams<'_>) -> io::Result<()> {
    match format {
        Format::Text => {
            for (name, hop) in traced {
                writeln!(streams.out, "{name}\n{}", hop.text(&compiled.sources))?;
            }
            let errors = compiled.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
            if errors > 0 {
                let plural = if errors == 1 { "" } else { "s" };
                writeln!(streams.err, "note: `formwork check` finds {errors} error{plural} in it")?;
            }
        }
        Format::Json => {
            let events: Vec<Json> =
                traced.iter().map(|(name, hop)| json!({"event": name, "trace": hop.json(&compiled.sources)})).collect();
            serde_json::to_writer_pretty(&mut streams.out, &json!({"events": events}))?;
            writeln!(streams.out)?;
        }
    }
    Ok(())
}

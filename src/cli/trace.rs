//! `formwork trace`

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::input;
use super::{Exit, Streams, check};
use crate::compile::{self, Compiled};
use crate::diagnostics::Severity;
use crate::source::Files;
use crate::trace::Record;
use crate::trace::report::Hop;
use crate::trace::resolve::{Deployment, Resolver};
use crate::trace::time;
use crate::trace::world::World;

/// Show where events go, step by step, before anything is deployed
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Show where events go, step by step, before anything is deployed.\n\nAn event enters where the \
                  blueprint or template is fed from outside, and each resource does to it what the service does: rules \
                  match it, transformers change it, streams find its partition. The end is the key of the object that \
                  it comes to, or what dropped it and the line that is responsible."
)]
pub struct Arguments {
    /// A blueprint, the folder of one, or a CloudFormation template
    #[arg(value_name = "BLUEPRINT")]
    path: PathBuf,
    /// Files with events: JSON, a list of events, or one event a line; `-` reads one from stdin
    #[arg(value_name = "EVENT", required = true)]
    events: Vec<PathBuf>,
    /// Where events enter: a component, a logical id, or the bus `default`
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
                return problem(
                    streams,
                    &format!("there are {} files in it", many.len()),
                    &format!("name one of {}", names.join(", ")),
                );
            }
        },
        Err(unusable) => return unusable.report(streams),
    };
    let compiled =
        match compile::open_in(&settings.workspace, &path, &input::shown(&path), &input::Disk, &super::codes()) {
            Ok(compiled) => compiled,
            Err(error) => {
                return problem(
                    streams,
                    &format!("cannot read {}: {}", input::shown(&path), input::describe(&error)),
                    "",
                );
            }
        };
    let Some(rendered) = compiled.template.as_ref().filter(|template| template.is_sound()) else {
        let finished = input::Finished::of(input::shown(&path), compiled);
        check::show(&[finished], streams)?;
        return problem(streams, "there is no template to trace", "");
    };
    let parameters = match parameters(&arguments.parameters, rendered.template()) {
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
    let stack = compiled.name.clone().unwrap_or_else(|| "stack".to_owned());
    let deployment = Deployment { stack, parameters, ..Deployment::default() };
    let resolver = Resolver::new(rendered.template(), deployment);
    let world = World::new(rendered.template(), resolver, rendered.components().clone());
    let mut events = Vec::new();
    for path in &arguments.events {
        match read(path) {
            Ok(records) => events.extend(records),
            Err(error) => {
                return problem(
                    streams,
                    &format!("cannot read {}: {}", input::shown(path), input::describe(&error)),
                    "",
                );
            }
        }
    }
    let named = match arguments.at.as_deref().map(|name| world.entry(name)) {
        Some(Ok(entry)) => Some(entry),
        Some(Err(wrong)) => return problem(streams, &wrong, ""),
        None => None,
    };
    let mut traced = Vec::new();
    for (name, data) in events {
        let arrival = now.unwrap_or_else(|| arrival(&data));
        let record = Record::new(data, arrival);
        let entry = match named.clone().map_or_else(|| world.entry_for(&record), Ok) {
            Ok(entry) => entry,
            Err(wrong) => return problem(streams, &wrong, ""),
        };
        traced.push((name, world.follow(&entry, &record)));
    }
    print(arguments.format, &compiled, &traced, streams)?;
    Ok(Exit::Fine)
}

fn problem(streams: &mut Streams<'_>, text: &str, help: &str) -> io::Result<Exit> {
    writeln!(streams.err, "error: {text}")?;
    if !help.is_empty() {
        writeln!(streams.err, "help: {help}")?;
    }
    Ok(Exit::CouldNotRun)
}

/// The values of parameters, by their names in the template.
fn parameters(given: &[String], template: &crate::template::Template) -> Result<BTreeMap<String, Json>, String> {
    let mut values = BTreeMap::new();
    for text in given {
        let Some((name, value)) = text.split_once('=') else { return Err(format!("`{text}` has no `=`")) };
        let known = template.parameters.0.iter().map(|(key, _)| key.text.as_str());
        if !known.clone().any(|known| known == name) {
            let meant = crate::diagnostics::closest(name, known).map(|meant| format!(", did you mean `{meant}`?"));
            return Err(format!("there is no parameter `{name}`{}", meant.unwrap_or_default()));
        }
        values.insert(name.to_owned(), Json::from(value));
    }
    Ok(values)
}

/// When an event arrives if nobody says it: the time that it names, or now.
fn arrival(data: &[u8]) -> jiff::Timestamp {
    let event: Option<Json> = serde_json::from_slice(data).ok();
    let named = event.as_ref().and_then(|event| time::read(event.get("time")?.as_str()?));
    named.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        jiff::Timestamp::from_millisecond(i64::try_from(now.as_millis()).unwrap_or_default()).unwrap_or_default()
    })
}

/// The events in a file, each with a name.
fn read(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes)?;
        bytes
    } else {
        input::Disk.read(path)?
    };
    let name = input::shown(path);
    Ok(split(&bytes).into_iter().enumerate().map(|(index, event)| (numbered(&name, index), event)).collect())
}

fn numbered(name: &str, index: usize) -> String {
    if index == 0 { name.to_owned() } else { format!("{name} #{}", index + 1) }
}

/// The events of a file: the items of a list, the lines of JSON Lines, or all of it as it is.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    if let Ok(Json::Array(items)) = serde_json::from_slice(bytes) {
        return items.iter().map(|item| item.to_string().into_bytes()).collect();
    }
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    if lines.len() > 1 && lines.iter().all(|line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()) {
        return lines.into_iter().map(<[u8]>::to_vec).collect();
    }
    vec![bytes.trim_ascii_end().to_vec()]
}

fn print(format: Format, compiled: &Compiled, traced: &[(String, Hop)], streams: &mut Streams<'_>) -> io::Result<()> {
    match format {
        Format::Text => {
            for (name, hop) in traced {
                writeln!(streams.out, "{name}\n{}", hop.text(&compiled.sources))?;
            }
            let errors = compiled.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
            if errors > 0 {
                writeln!(
                    streams.err,
                    "note: `formwork check` finds {errors} error{} in it",
                    if errors == 1 { "" } else { "s" }
                )?;
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

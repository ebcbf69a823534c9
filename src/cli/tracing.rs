//! What `formwork trace` and `formwork test` have in common: a blueprint or template that events are sent through.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::input;
use crate::compile::{self, Compiled, Rendered, Workspace};
use crate::source::Files as _;
use crate::template::Template;
use crate::trace::functions::Runner;
use crate::trace::resolve::{Deployment, Resolver};
use crate::trace::world::World;
use crate::trace::{Packages, Record, time};

/// Reads a blueprint or a template as far as it goes.
pub fn open(workspace: &Workspace, path: &Path) -> Result<Compiled, input::Unusable> {
    compile::open_in(workspace, path, &input::shown(path), &input::Disk, &super::codes())
        .map_err(|error| input::Unusable { path: path.to_owned(), reason: input::describe(&error) })
}

/// The world of a template, deployed with these parameters.
pub fn world<'t>(
    compiled: &'t Compiled,
    rendered: &'t Rendered,
    parameters: BTreeMap<String, Json>,
    runner: &'t dyn Runner,
) -> World<'t> {
    let stack = compiled.name.clone().unwrap_or_else(|| "stack".to_owned());
    let resolver = Resolver::new(rendered.template(), Deployment { stack, parameters, ..Deployment::default() });
    let packages: Packages = compiled.archives.iter().map(|one| (one.key.clone(), one.files())).collect();
    World::new(rendered.template(), resolver, rendered.components().clone(), &packages, runner)
        .with_contracts(rendered.contracts())
}

/// The values of parameters, by their names in the template.
pub fn parameters(given: &[String], template: &Template) -> Result<BTreeMap<String, Json>, String> {
    let mut values = BTreeMap::new();
    for text in given {
        let Some((name, value)) = text.split_once('=') else { return Err(format!("`{text}` has no `=`")) };
        let mut known = template.parameters.0.iter().map(|(key, _)| key.text.as_str());
        if !known.clone().any(|known| known == name) {
            let meant = crate::diagnostics::closest(name, &mut known).map(|meant| format!(", did you mean `{meant}`?"));
            return Err(format!("there is no parameter `{name}`{}", meant.unwrap_or_default()));
        }
        values.insert(name.to_owned(), Json::from(value));
    }
    Ok(values)
}

/// An event of a file.
pub struct Event {
    /// The file, and which of several it is.
    pub name: String,
    /// The file alone.
    file: String,
    /// The line of the file, from 1, in which it begins, where that is known.
    line: usize,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Event {
    /// Why it cannot enter somewhere, with the place in its file.
    pub fn refused(&self, record: &Record, why: &str) -> String {
        match serde_json::from_slice::<serde::de::IgnoredAny>(record.data()) {
            Ok(_) => format!("{}: {why}", self.name),
            Err(error) => {
                let line = self.line + error.line().saturating_sub(1);
                // The place stands in front, and not at the end once more.
                let why = why.split(" at line ").next().unwrap_or(why);
                format!("{}:{line}:{}: {why}", self.file, error.column().max(1))
            }
        }
    }
}

/// When an event arrives if nobody says it: the time that it names, or now.
pub fn arrival(data: &[u8]) -> jiff::Timestamp {
    /// The one field that is looked at.
    #[derive(serde::Deserialize)]
    struct Timed<'a> {
        time: Option<std::borrow::Cow<'a, str>>,
    }
    let named = serde_json::from_slice::<Timed<'_>>(data).ok().and_then(|event| time::read(&event.time?));
    named.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        jiff::Timestamp::from_millisecond(i64::try_from(now.as_millis()).unwrap_or_default()).unwrap_or_default()
    })
}

/// The events in a file, each with a name.
pub fn read(path: &Path) -> std::io::Result<Vec<Event>> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
        bytes
    } else {
        input::Disk.read(path)?
    };
    let name = input::shown(path);
    let numbered = |index: usize| if index == 0 { name.clone() } else { format!("{name} #{}", index + 1) };
    let event = |(index, (line, data))| Event { name: numbered(index), file: name.clone(), line, data };
    Ok(split(&bytes).into_iter().enumerate().map(event).collect())
}

/// The events of a file, each with its line: the items of a list, the lines of JSON Lines, or all of it as it is.
fn split(bytes: &[u8]) -> Vec<(usize, Vec<u8>)> {
    if bytes.trim_ascii_start().starts_with(b"[")
        && let Ok(Json::Array(items)) = serde_json::from_slice(bytes)
    {
        return items.iter().map(|item| (1, item.to_string().into_bytes())).collect();
    }
    let mut lines: Vec<(usize, &[u8])> = (1..).zip(bytes.split(|byte| *byte == b'\n')).collect();
    lines.retain(|(_, line)| !line.trim_ascii().is_empty());
    // A first line that is an object by itself has others after it, one of which may be broken.
    let is_object = |line: &[u8]| {
        line.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
    };
    if lines.len() > 1 && lines.first().is_some_and(|(_, line)| is_object(line)) {
        return lines.into_iter().map(|(number, line)| (number, line.to_vec())).collect();
    }
    vec![(1, bytes.trim_ascii_end().to_vec())]
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn files_have_one_event_or_many() {
        let split = |text: &str| -> Vec<(usize, String)> {
            let events = split(text.as_bytes()).into_iter();
            events.map(|(line, event)| (line, String::from_utf8(event).unwrap())).collect()
        };
        let one = |line: usize, text: &str| (line, text.to_owned());
        assert_eq!(split("[{\"a\": 1}, 2]"), [one(1, "{\"a\":1}"), one(1, "2")]);
        assert_eq!(split("{\"a\":1}\n\n{\"b\":\n"), [one(1, "{\"a\":1}"), one(3, "{\"b\":")]);
        assert_eq!(split("{\n\"a\": 1}\n"), [one(1, "{\n\"a\": 1}")]);
        assert_eq!(split("plain\ntext\n"), [one(1, "plain\ntext")]);
    }
}

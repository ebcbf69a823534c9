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
use crate::trace::time;
use crate::trace::world::World;

/// Reads a blueprint or a template as far as it goes.
pub fn open(workspace: &Workspace, path: &Path) -> Result<Compiled, input::Unusable> {
    compile::open_in(workspace, path, &input::shown(path), &input::Disk, &super::codes())
        .map_err(|error| input::Unusable { path: path.to_owned(), reason: input::describe(&error) })
}

/// The world of a template, deployed with these parameters.
pub fn world<'t>(
    rendered: &'t Rendered,
    name: Option<&str>,
    parameters: BTreeMap<String, Json>,
    runner: &'t dyn Runner,
) -> World<'t> {
    let stack = name.unwrap_or("stack").to_owned();
    let resolver = Resolver::new(rendered.template(), Deployment { stack, parameters, ..Deployment::default() });
    World::new(rendered.template(), resolver, rendered.components().clone(), runner)
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
pub fn read(path: &Path) -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)?;
        bytes
    } else {
        input::Disk.read(path)?
    };
    let name = input::shown(path);
    let numbered = |index: usize| if index == 0 { name.clone() } else { format!("{name} #{}", index + 1) };
    Ok(split(&bytes).into_iter().enumerate().map(|(index, event)| (numbered(index), event)).collect())
}

/// The events of a file: the items of a list, the lines of JSON Lines, or all of it as it is.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    if bytes.trim_ascii_start().starts_with(b"[")
        && let Ok(Json::Array(items)) = serde_json::from_slice(bytes)
    {
        return items.iter().map(|item| item.to_string().into_bytes()).collect();
    }
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    if lines.len() > 1 && lines.iter().all(|line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()) {
        return lines.into_iter().map(<[u8]>::to_vec).collect();
    }
    vec![bytes.trim_ascii_end().to_vec()]
}

//! `formwork explain`

use std::fmt::Write as _;
use std::io;

use serde_json::Value as Json;

use super::{Exit, Streams, codes};
use crate::diagnostics::{Code, closest};
use crate::kinds::{self, Kind};
use crate::schema::provider;

/// Explain a finding, a kind of component, or a resource type of CloudFormation
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name of a finding, a kind, or `AWS::Service::Type`; without it all findings and kinds are listed
    word: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let Some(word) = arguments.word.as_deref() else {
        streams.out.write_all(index().as_bytes())?;
        return Ok(Exit::Fine);
    };
    let page = if let Some(code) = codes().into_iter().find(|code| code.name == word) {
        Some(code_page(code))
    } else if let Some(kind) = kinds::by_name(word) {
        Some(kind_page(kind))
    } else {
        type_page(word)
    };
    if let Some(page) = page {
        streams.out.write_all(page.as_bytes())?;
        return Ok(Exit::Fine);
    }
    let all = codes();
    let names = all.iter().map(|code| code.name).chain(kinds::KINDS.iter().map(|kind| kind.name));
    let names = names.chain(provider::type_names().filter(|_| word.contains("::")));
    let help = closest(word, names).map_or_else(
        || "`formwork explain` lists all that it can explain".to_owned(),
        |name| format!("did you mean `{name}`?"),
    );
    writeln!(streams.err, "error: nothing is known as `{word}`\nhelp: {help}")?;
    Ok(Exit::CouldNotRun)
}

fn index() -> String {
    let mut text = String::from("Kinds of components:\n");
    for kind in kinds::KINDS {
        let _ = writeln!(text, "  {:<18} {}", kind.name, summary(&description(&schema_of(kind))));
    }
    text.push_str("\nFindings:\n");
    for code in codes() {
        let _ = writeln!(text, "  {:<28} {}", code.name, summary(code.page));
    }
    text
}

/// The first sentence of a page, on one line.
fn summary(page: &str) -> String {
    let paragraph = page.trim().split("\n\n").next().unwrap_or_default();
    let line = paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    match line.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => line,
    }
}

/// The page of a finding.
pub fn code_page(code: &Code) -> String {
    format!("# {}\n\n{}: {}\n", code.name, code.severity.name(), unindent(code.page))
}

/// A doc comment without the blank that follows each `///`.
fn unindent(page: &str) -> String {
    let lines: Vec<&str> = page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n").trim().to_owned()
}

fn schema() -> Json {
    // The text is part of the program, and a test reads it.
    serde_json::from_str(kinds::schema::TEXT).unwrap_or_default()
}

fn schema_of(kind: &Kind) -> Json {
    schema()["$defs"][kind.name].take()
}

fn description(schema: &Json) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// The page of a kind: what it is for, its fields, its attributes, its findings.
pub fn kind_page(kind: &Kind) -> String {
    let root = schema();
    let schema = &root["$defs"][kind.name];
    let mut page = format!("# {}\n\n{}\n\n## Fields\n\n", kind.name, description(schema).trim());
    fields(schema, &root, 0, &mut page);
    if !kind.attributes.is_empty() {
        page.push_str("\n## Attributes\n\n");
        for attribute in kind.attributes {
            let _ = writeln!(page, "- `{}`: {}", attribute.name, attribute.doc);
        }
    }
    if !kind.codes.is_empty() {
        page.push_str("\n## Findings\n\n");
        for code in kind.codes.iter().copied().flatten() {
            let _ = writeln!(page, "- `{}`: {}", code.name, summary(code.page));
        }
    }
    page
}

/// The fields of an object, and of the objects in them.
fn fields(schema: &Json, root: &Json, depth: usize, page: &mut String) {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if depth == 0 && (name == "kind" || name == "allow") {
            continue;
        }
        let resolved = resolve(field, root);
        let text = [&field["description"], &resolved["description"]].into_iter().find_map(Json::as_str);
        let text = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = write!(page, "{:indent$}- `{name}`", "", indent = depth * 2);
        let mut notes = Vec::new();
        let shape = shape(field, root);
        if !shape.is_empty() {
            notes.push(shape);
        }
        if required.contains(&name.as_str()) {
            notes.push("required".to_owned());
        } else if let Some(default) = field.get("default").filter(|default| !default.is_null() && !default.is_object())
        {
            notes.push(format!("default `{}`", default.as_str().map_or_else(|| default.to_string(), str::to_owned)));
        }
        if !notes.is_empty() {
            let _ = write!(page, " ({})", notes.join(", "));
        }
        let _ = writeln!(page, "{}{text}", if text.is_empty() { "" } else { ": " });
        for object in objects(field, root) {
            fields(object, root, depth + 1, page);
        }
    }
}

fn resolve<'a>(schema: &'a Json, root: &'a Json) -> &'a Json {
    match schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        Some(name) => &root["$defs"][name],
        None => schema,
    }
}

/// The alternatives of a schema, without `null`.
fn alternatives<'a>(schema: &'a Json, root: &'a Json) -> Vec<&'a Json> {
    let schema = resolve(schema, root);
    match schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        Some(branches) => branches.iter().flat_map(|branch| alternatives(branch, root)).collect(),
        None => vec![schema],
    }
}

/// The objects with fields of their own that a field may hold, in lists and maps too.
fn objects<'a>(schema: &'a Json, root: &'a Json) -> Vec<&'a Json> {
    let mut found = Vec::new();
    for one in alternatives(schema, root) {
        if one["properties"].is_object() {
            found.push(one);
        }
        for inner in [&one["items"], &one["additionalProperties"]] {
            if inner.is_object() {
                found.extend(objects(inner, root));
            }
        }
    }
    found
}

/// The values of a field in a few words.
fn shape(schema: &Json, root: &Json) -> String {
    let mut words: Vec<String> = Vec::new();
    let bounds = |one: &Json| match (&one["minimum"], &one["maximum"]) {
        (Json::Null, Json::Null) => None,
        (low, Json::Null) => (low.as_u64() != Some(0)).then(|| format!("number from {low}")),
        (Json::Null, high) => Some(format!("number up to {high}")),
        (low, high) => Some(format!("number from {low} to {high}")),
    };
    for one in alternatives(schema, root) {
        if let Some(word) = one["const"].as_str() {
            words.push(format!("`{word}`"));
            continue;
        }
        if let Some(values) = one["enum"].as_array() {
            words.extend(values.iter().filter_map(Json::as_str).map(|value| format!("`{value}`")));
            continue;
        }
        let types = match &one["type"] {
            Json::String(one) => vec![one.as_str()],
            Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        for kind in types {
            let word = match kind {
                "integer" | "number" => bounds(schema).or_else(|| bounds(one)).unwrap_or_else(|| "number".to_owned()),
                "string" if one["pattern"] == crate::blueprint::text::DEFERRED_PATTERN => "`${ }`".to_owned(),
                "string" if one["pattern"] == crate::blueprint::NAME_PATTERN => "component".to_owned(),
                "string" => "text".to_owned(),
                "boolean" => "true or false".to_owned(),
                "array" => "list".to_owned(),
                "object" => "object".to_owned(),
                _ => continue,
            };
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    match words.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

/// The page of a resource type, from the provider schema.
fn type_page(word: &str) -> Option<String> {
    let known = provider::resource_type(word)?;
    let mut page = format!("# {word}\n\n");
    for (title, names) in [
        ("Replaced when changed", known.create_only().to_vec()),
        ("Read-only", known.read_only().to_vec()),
        ("Attributes for Fn::GetAtt", known.attributes()),
    ] {
        if !names.is_empty() {
            let _ = writeln!(page, "{title}: {}\n", names.join(", "));
        }
    }
    Some(page)
}

//! `formwork explain`

use std::fmt::Write as _;
use std::io;

use serde_json::Value as Json;

use super::{Exit, Streams, codes};
use crate::diagnostics::{Code, closest};
use crate::kinds::{self, Kind};
use crate::schema::model::{Document, Keyword, Schema};
use crate::schema::provider;

/// Explain a finding, a kind of component, or a resource type of CloudFormation
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The name of a finding or of a public check that it covers (`CKV_AWS_18`), a kind, or
    /// `AWS::Service::Type[.Property]`; without it all findings and kinds are listed
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
        type_page(word).or_else(|| covering_pages(word))
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

/// The pages of the findings that cover a check of another tool, by its id.
fn covering_pages(id: &str) -> Option<String> {
    let covers = |code: &&&Code| code.covers().any(|known| known.eq_ignore_ascii_case(id));
    let pages: Vec<String> = codes().iter().filter(covers).map(|code| code_page(code)).collect();
    (!pages.is_empty()).then(|| pages.join("\n"))
}

/// The page of a finding.
pub fn code_page(code: &Code) -> String {
    format!("# {}\n\n{}: {}\n", code.name, code.severity.name(), code.text())
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
        Some(branches) => {
            // An expression may stand for any value; saying so at each would say nothing.
            let values = branches.iter().filter(|branch| branch["$ref"] != "#/$defs/Expression");
            values.flat_map(|branch| alternatives(branch, root)).collect()
        }
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
    let bounds = |one: &Json| {
        // What holds a number bounds it, too, which tells nobody anything.
        let high = Some(&one["maximum"]).filter(|high| !high.is_null() && high.as_i64() != Some(i32::MAX.into()));
        match (&one["minimum"], high) {
            (Json::Null, None) => None,
            (low, None) => (low.as_u64() != Some(0)).then(|| format!("number from {low}")),
            (Json::Null, Some(high)) => Some(format!("number up to {high}")),
            (low, Some(high)) => Some(format!("number from {low} to {high}")),
        }
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
                "integer" | "number" => {
                    let limited = schema["anyOf"].as_array().into_iter().flatten().find_map(bounds);
                    bounds(schema).or(limited).or_else(|| bounds(one)).unwrap_or_else(|| "number".to_owned())
                }
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

/// The page of a resource type or of one of its properties (`AWS::S3::Bucket.VersioningConfiguration`).
fn type_page(word: &str) -> Option<String> {
    let (name, path) = word.split_once('.').unwrap_or((word, ""));
    let known = provider::resource_type(name)?;
    let steps: Vec<&str> = path.split('.').filter(|step| !step.is_empty()).collect();
    let document = known.document();
    let schema = steps.iter().try_fold(&document.root, |schema, step| property(document, schema, step))?;
    let mut page = format!("# {word}\n\n");
    let shape = property_shape(document, schema);
    if !steps.is_empty() {
        let _ = writeln!(page, "{shape}\n");
    }
    let names = properties(document, schema);
    if !names.is_empty() {
        page.push_str("## Properties\n\n");
        for (property, required, schema) in names {
            let full = steps.iter().copied().chain([property]).collect::<Vec<_>>().join("/");
            let mut notes = vec![property_shape(document, schema)];
            notes.extend(required.then(|| "required".to_owned()));
            for (paths, note) in [(known.create_only(), "replaced when changed"), (known.read_only(), "read-only")] {
                notes.extend(paths.contains(&full).then(|| note.to_owned()));
            }
            let _ = writeln!(page, "- `{property}` ({})", notes.join(", "));
        }
    }
    if steps.is_empty() && !known.attributes().is_empty() {
        page.push_str("\n## Attributes for Fn::GetAtt\n\n");
        for attribute in known.attributes() {
            let _ = writeln!(page, "- `{attribute}`");
        }
    }
    Some(page)
}

/// The alternatives of a schema and what they demand, as one list of keywords.
fn keywords<'a>(document: &'a Document, schema: &'a Schema) -> Vec<&'a Keyword> {
    let mut all = document.flatten(schema);
    let mut inner = Vec::new();
    for keyword in &all {
        match keyword {
            Keyword::AnyOf(schemas) | Keyword::OneOf(schemas) => {
                inner.extend(schemas.iter().flat_map(|schema| document.flatten(schema)));
            }
            Keyword::Items(items) => inner.extend(keywords(document, &items.rest)),
            _ => {}
        }
    }
    all.extend(inner);
    all
}

fn property<'a>(document: &'a Document, schema: &'a Schema, name: &str) -> Option<&'a Schema> {
    keywords(document, schema).into_iter().find_map(|keyword| match keyword {
        Keyword::Properties(properties) => properties.get(name),
        _ => None,
    })
}

/// The properties of an object, or of the objects of a list: name, whether it is required, schema.
fn properties<'a>(document: &'a Document, schema: &'a Schema) -> Vec<(&'a str, bool, &'a Schema)> {
    let all = keywords(document, schema);
    let required: Vec<&str> = all
        .iter()
        .filter_map(|keyword| match keyword {
            Keyword::Required(names) => Some(names.iter().map(String::as_str)),
            _ => None,
        })
        .flatten()
        .collect();
    let mut found: Vec<(&str, bool, &Schema)> = Vec::new();
    for keyword in all {
        let Keyword::Properties(properties) = keyword else { continue };
        for (name, schema) in &properties.named {
            if !found.iter().any(|(known, ..)| known == name) {
                found.push((name, required.contains(&name.as_str()), schema));
            }
        }
    }
    found
}

/// The values of a property in a few words.
fn property_shape(document: &Document, schema: &Schema) -> String {
    let mut words: Vec<String> = Vec::new();
    for keyword in document.flatten(schema) {
        match keyword {
            Keyword::Type(types) => words.push(types.names().collect::<Vec<_>>().join(" or ")),
            Keyword::Enum(values) | Keyword::EnumAnyCase(values) => {
                words.push(values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "));
            }
            Keyword::Minimum(limit) => words.push(format!("at least {limit}")),
            Keyword::Maximum(limit) => words.push(format!("at most {limit}")),
            Keyword::MaxLength(limit) => words.push(format!("at most {limit} characters")),
            Keyword::MaxItems(limit) => words.push(format!("at most {limit} items")),
            Keyword::Pattern(pattern) => words.push(format!("matches `{}`", pattern.text)),
            _ => {}
        }
    }
    if words.is_empty() { "any value".to_owned() } else { words.join(", ") }
}

//! Reading a contract: its files, what they refer to, and whether they are schemas.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, ValidationError};
use serde_json::Value as Json;

use super::document::{self, Document, Fragment, Location, Target, is_in_place, target, unescaped};
use super::violation::{phrase, told};
use super::{Contract, INLINE, Part, plain};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::source::Span;

codes! {
    /// What a contract names is no JSON Schema.
    ///
    /// A contract is a JSON Schema of the drafts 4, 6, 7, 2019-09 or 2020-12, as JSON or as YAML. `$schema` says the
    /// draft; without it, it is 2020-12. A schema may refer to others in its file and in files beside it, also in a circle, as long as
    /// each round goes one step deeper into the event. One of several schemas of a file is named by its place there:
    /// `contracts/orders.json#/$defs/OrderPlaced`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: int } } }
    ///     to: { s3: archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: integer } } }
    ///     to: { s3: archive }
    /// ```
    ///
    /// Source: JSON Schema, drafts 4 to 2020-12, "Core" and "Validation".
    INVALID = Error "invalid-contract";

    /// A contract refers to a schema on the network.
    ///
    /// formwork reads files and fetches nothing, so that the same blueprint gives the same answer everywhere. An
    /// address that a file of the contract gives itself by `$id` is not fetched, and may be referred to.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { $ref: "https://example.com/order.schema.json" }
    ///     to: { s3: archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { $ref: "#/$defs/order", $defs: { order: { type: object } } }
    ///     to: { s3: archive }
    /// ```
    REMOTE = Error "remote-contract";

    /// A contract has a word that JSON Schema does not know, and that looks like one it knows.
    ///
    /// Validators pass over words that they do not know, so a misspelt one asks for nothing. The same goes for a name in
    /// `required` that no property has. A word of one's own may begin with `x-`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, require: [total], properties: { total: { type: number } } }
    ///     to: { s3: archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, required: [total], properties: { total: { type: number } } }
    ///     to: { s3: archive }
    /// ```
    ///
    /// Source: JSON Schema, "Core", section 6.5.
    MISSPELT = Warning "misspelt-contract";
}

/// What `$schema` says for each draft.
const DIALECTS: &[(&str, Draft)] = &[
    ("https://json-schema.org/draft/2020-12/schema", Draft::Draft202012),
    ("https://json-schema.org/draft/2019-09/schema", Draft::Draft201909),
    ("http://json-schema.org/draft-07/schema#", Draft::Draft7),
    ("http://json-schema.org/draft-06/schema#", Draft::Draft6),
    ("http://json-schema.org/draft-04/schema#", Draft::Draft4),
];

/// The types of JSON Schema.
const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// How types are called elsewhere.
const OTHER_TYPES: &[(&str, &str)] = &[
    ("bool", "boolean"),
    ("date", "string"),
    ("datetime", "string"),
    ("decimal", "number"),
    ("dict", "object"),
    ("double", "number"),
    ("float", "number"),
    ("int", "integer"),
    ("list", "array"),
    ("long", "integer"),
    ("map", "object"),
    ("str", "string"),
    ("struct", "object"),
    ("text", "string"),
];

/// The words of all drafts, and those that `OpenAPI` adds.
const KEYWORDS: &[&str] = &[
    "$anchor",
    "$comment",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$recursiveAnchor",
    "$recursiveRef",
    "$ref",
    "$schema",
    "$vocabulary",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "discriminator",
    "else",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "externalDocs",
    "format",
    "id",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
    "xml",
];

/// The draft that a `$schema` is about.
pub(super) fn dialect(text: &str) -> Option<Draft> {
    // Both schemes are written for all of them.
    let name = |text: &str| text.trim_end_matches('#').split_once("://").map(|(_, name)| name.to_owned());
    let wanted = name(text).filter(|_| text.starts_with("http://") || text.starts_with("https://"))?;
    DIALECTS.iter().find(|(known, _)| name(known).is_some_and(|known| known == wanted)).map(|(_, draft)| *draft)
}

/// What `$schema` says for a draft.
pub(super) fn url(draft: Draft) -> &'static str {
    DIALECTS.iter().find(|(_, known)| *known == draft).map_or(DIALECTS[0].0, |(url, _)| url)
}

/// How many schemas the way of references may lead through before one is left out; more would need more stack than
/// there is.
const MOST_STEPS: usize = 1_000;

/// What a blueprint names as a contract.
#[derive(Clone, Debug)]
pub struct Named {
    /// The path from the folder of the blueprint, with what of the file is meant after a `#`.
    pub path: String,
    /// Where it is named.
    pub span: Span,
    /// What it is about.
    pub part: Part,
}

/// Reads a contract. `open` gives the file at a path, and reports why if there is none.
pub fn read(named: &Named, open: Open<'_>, sink: &mut Sink) -> Option<Contract> {
    let mut reader = Reader {
        open,
        documents: BTreeMap::new(),
        unusable: BTreeSet::new(),
        references: BTreeMap::new(),
        seen: BTreeSet::new(),
        is_sound: true,
    };
    let Target::Local(path, fragment) = target("", &named.path) else {
        sink.report(&REMOTE, named.span, format!("`{}` is not fetched", named.path))
            .help("put the schema into a file beside the blueprint, and name that");
        return None;
    };
    let start = reader.resolve(path, fragment, named.span, sink)?;
    reader.follow(&start, sink);
    reader.check_circles(sink);
    let draft = reader.draft(&start.path);
    reader.check_schemas(&start, draft, sink);
    if !reader.is_sound {
        return None;
    }
    let broken = reader.broken_pattern();
    let Reader { documents, references, .. } = reader;
    let fallback = start.clone();
    let span = |location: &Location| {
        let document = documents.get(&location.path)?;
        document::place(&document.root, &location.pointer, false)
    };
    let place = span(&fallback).unwrap_or(named.span);
    let places: BTreeMap<Location, Span> =
        references.keys().filter_map(|location| Some((location.clone(), span(location)?))).collect();
    match Contract::build(named.part, start, documents, references, draft) {
        Ok(contract) => Some(contract),
        Err((at, why)) => {
            if let Some((pattern, span)) = broken {
                sink.report(&INVALID, span, format!("{} is no regular expression", told(&Json::String(pattern))))
                    .help("mend it; a `[`, `(` or `{` that is meant as such has a `\\` before it");
                return None;
            }
            let place = at.and_then(|at| places.get(&at).copied()).unwrap_or(place);
            sink.report(&INVALID, place, format!("the schema cannot be used: {}", lower(&why)))
                .help("write a JSON Schema that validators take");
            None
        }
    }
}

/// What gives the file at a path that is named at a place.
pub type Open<'o> = &'o mut dyn FnMut(&str, Span, &mut Sink) -> Option<Document>;

struct Reader<'o> {
    open: Open<'o>,
    documents: BTreeMap<String, Document>,
    unusable: BTreeSet<String>,
    references: BTreeMap<Location, Location>,
    seen: BTreeSet<Location>,
    is_sound: bool,
}

impl Reader<'_> {
    fn draft(&self, path: &str) -> Draft {
        let document = self.documents.get(path);
        let said = document.and_then(|document| document.json.get("$schema")?.as_str()).and_then(dialect);
        said.unwrap_or(Draft::Draft202012)
    }

    /// Reads a file once.
    fn open(&mut self, path: &str, span: Span, sink: &mut Sink) -> Option<()> {
        if self.documents.contains_key(path) {
            return Some(());
        }
        if self.unusable.contains(path) {
            return None;
        }
        let document = (self.open)(path, span, sink).filter(|document| is_whole(document, sink));
        let Some(document) = document else {
            self.unusable.insert(path.to_owned());
            self.is_sound = false;
            return None;
        };
        self.documents.insert(path.to_owned(), document);
        Some(())
    }

    /// The schema that is meant, if there is one.
    fn resolve(&mut self, path: String, fragment: Fragment, span: Span, sink: &mut Sink) -> Option<Location> {
        self.open(&path, span, sink)?;
        let document = &self.documents[&path];
        let pointer = match fragment {
            Fragment::Pointer(pointer) => pointer,
            Fragment::Anchor(name) => {
                let Some(pointer) = document.anchor(&name) else {
                    self.is_sound = false;
                    sink.report(&INVALID, span, format!("no schema {} has the name `{name}`", inside(&path)))
                        .help("add `$anchor` to the schema, or write its place as `#/$defs/…`");
                    return None;
                };
                pointer
            }
        };
        match document.json.pointer(&pointer) {
            Some(Json::Object(map)) if pointer.is_empty() && map.contains_key("openapi") => {
                let schemas = document.json.pointer("/components/schemas").and_then(Json::as_object);
                let name = schemas.and_then(|schemas| schemas.keys().next()).map_or("…", String::as_str);
                sink.report(&INVALID, span, "this is a description of an API, not a schema")
                    .help(format!("name a schema in it: `{path}#/components/schemas/{name}`"));
                self.is_sound = false;
                None
            }
            Some(Json::Object(_) | Json::Bool(_)) => Some(Location { path, pointer }),
            Some(other) => {
                let message = format!("{} is no schema", told(other));
                sink.report(&INVALID, span, message).help("a schema is an object, `true` or `false`");
                self.is_sound = false;
                None
            }
            None => {
                let (above, last) = pointer.rsplit_once('/').unwrap_or_default();
                let names = document.json.pointer(above).and_then(Json::as_object);
                let names: Vec<&str> = names.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let wanted = unescaped(last);
                let help = match closest(&wanted, names.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if names.is_empty() => format!("there is no `{above}` in it either"),
                    None => format!("there are {}", alternatives(names.into_iter().take(12))),
                };
                sink.report(&INVALID, span, format!("nothing is at `{pointer}` {}", inside(&path))).help(help);
                self.is_sound = false;
                None
            }
        }
    }

    /// Goes to all schemas that one consists of.
    fn follow(&mut self, start: &Location, sink: &mut Sink) {
        let mut waiting = vec![start.clone()];
        while let Some(at) = waiting.pop() {
            if !self.seen.insert(at.clone()) {
                continue;
            }
            let Some(schema) = self.documents[&at.path].json.pointer(&at.pointer).cloned() else { continue };
            check_words(&self.documents[&at.path], &at.pointer, &schema, sink);
            for (_, below) in document::inner(&schema) {
                waiting.push(Location { path: at.path.clone(), pointer: at.pointer.clone() + &below });
            }
            let Some(reference) = schema.get("$ref").and_then(Json::as_str) else { continue };
            let span = document::place(&self.documents[&at.path].root, &format!("{}/$ref", at.pointer), false);
            let Some(span) = span else { continue };
            let (path, fragment) = match target(&at.path, reference) {
                Target::Local(path, fragment) => (path, fragment),
                Target::Remote(address, fragment) => {
                    let known = self.documents.values().find(|one| one.id() == Some(address.as_str()));
                    match known {
                        Some(document) => (document.path.clone(), fragment),
                        // The schemas of schemas are part of the validator.
                        None if dialect(&address).is_some() => continue,
                        None => {
                            self.is_sound = false;
                            let help = if address.starts_with("file:") {
                                "write the path from this file to the other"
                            } else {
                                "put that schema into a file beside this one, and write its path"
                            };
                            sink.report(&REMOTE, span, format!("`{address}` is not fetched")).help(help);
                            continue;
                        }
                    }
                }
            };
            if let Some(to) = self.resolve(path, fragment, span, sink) {
                self.references.insert(at, to.clone());
                waiting.push(to);
            }
        }
    }

    /// The schemas that are about the same value as this one, and all that it leads to.
    fn next(&self, at: &Location) -> Vec<(Location, bool)> {
        let Some(schema) = self.documents.get(&at.path).and_then(|one| one.json.pointer(&at.pointer)) else {
            return Vec::new();
        };
        let below = document::inner(schema).into_iter().map(|(keyword, below)| {
            (Location { path: at.path.clone(), pointer: at.pointer.clone() + &below }, is_in_place(keyword))
        });
        below.chain(self.references.get(at).map(|to| (to.clone(), true))).collect()
    }

    /// Reports schemas that are what they are made of, and ways that are too long.
    fn check_circles(&mut self, sink: &mut Sink) {
        // What is done, and the way to what is looked at: a schema, how far one is with it, and whether all
        // steps from the one before are about the same value.
        let mut done: BTreeSet<Location> = BTreeSet::new();
        for start in self.seen.clone() {
            let mut way: Vec<(Location, Vec<(Location, bool)>)> = Vec::new();
            if !done.contains(&start) {
                way.push((start.clone(), self.next(&start)));
            }
            while let Some((at, rest)) = way.last_mut() {
                let Some((to, in_place)) = rest.pop() else {
                    done.insert(at.clone());
                    way.pop();
                    continue;
                };
                let at = at.clone();
                if in_place && way.iter().any(|(one, _)| *one == to) && self.is_circle(&to) {
                    let span = self.span(&at, "/$ref").or_else(|| self.span(&at, ""));
                    if let Some(span) = span {
                        sink.report(&INVALID, span, "a schema that consists of itself")
                            .help("refer to it from `properties` or `items`, so that each round goes one step deeper");
                    }
                    self.is_sound = false;
                    return;
                }
                if way.len() > MOST_STEPS {
                    if let Some(span) = self.span(&at, "/$ref").or_else(|| self.span(&at, "")) {
                        let message = format!("more than {MOST_STEPS} schemas lead to each other in a row");
                        sink.report(&INVALID, span, message).help("make the schema flatter");
                    }
                    self.is_sound = false;
                    return;
                }
                if !done.contains(&to) && !way.iter().any(|(one, _)| *one == to) {
                    let next = self.next(&to);
                    way.push((to, next));
                }
            }
        }
    }

    /// Whether a schema comes back to itself by steps that are all about the same value.
    fn is_circle(&self, start: &Location) -> bool {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![start.clone()];
        while let Some(at) = waiting.pop() {
            for (to, in_place) in self.next(&at) {
                if in_place && to == *start {
                    return true;
                }
                if in_place && seen.insert(to.clone()) {
                    waiting.push(to);
                }
            }
        }
        false
    }

    /// The first pattern that no machine reads, to name it if the validator refuses the schema.
    fn broken_pattern(&self) -> Option<(String, Span)> {
        self.seen.iter().find_map(|at| {
            let pattern = self.documents.get(&at.path)?.json.pointer(&at.pointer)?.get("pattern")?.as_str()?;
            let span = self.span(at, "/pattern")?;
            fancy_regex::Regex::new(pattern).is_err().then(|| (pattern.to_owned(), span))
        })
    }

    fn span(&self, at: &Location, below: &str) -> Option<Span> {
        document::place(&self.documents.get(&at.path)?.root, &format!("{}{below}", at.pointer), false)
    }

    /// Holds each file against the schema of schemas: all of it, or the parts of it that are used.
    fn check_schemas(&mut self, start: &Location, default: Draft, sink: &mut Sink) {
        let mut roots: BTreeSet<&Location> = self.references.values().chain([start]).collect();
        let whole: BTreeSet<String> =
            self.seen.iter().filter(|at| at.pointer.is_empty()).map(|at| at.path.clone()).collect();
        roots.retain(|at| at.pointer.is_empty() || !whole.contains(&at.path));
        let mut told = BTreeSet::new();
        let mut is_sound = true;
        for at in roots {
            let document = &self.documents[&at.path];
            let Some(schema) = document.json.pointer(&at.pointer) else { continue };
            let said = document.json.get("$schema").and_then(Json::as_str).and_then(dialect);
            let draft = said.unwrap_or(default);
            // `$schema` was looked at already, and may be written with `https`.
            let mut schema = schema.clone();
            if let Json::Object(map) = &mut schema {
                map.shift_remove("$schema");
            }
            if plain::is_valid(&schema, draft) {
                continue;
            }
            for error in meta(draft).iter_errors(&schema) {
                let pointer = format!("{}{}", at.pointer, error.instance_path().as_str());
                is_sound = false;
                if !told.insert((at.path.clone(), pointer.clone())) {
                    continue;
                }
                let span = document::place(&document.root, &pointer, false).unwrap_or(document.root.span);
                let (message, help) = wrong(&error, &pointer);
                sink.report(&INVALID, span, message).help(help);
            }
        }
        self.is_sound &= is_sound;
    }
}

/// What holds schemas of a draft to the schema of schemas.
pub(super) fn meta(draft: Draft) -> jsonschema::meta::MetaValidator<'static> {
    match draft {
        Draft::Draft4 => jsonschema::draft4::meta::validator(),
        Draft::Draft6 => jsonschema::draft6::meta::validator(),
        Draft::Draft7 => jsonschema::draft7::meta::validator(),
        Draft::Draft201909 => jsonschema::draft201909::meta::validator(),
        _ => jsonschema::draft202012::meta::validator(),
    }
}

/// Where something is, in words.
fn inside(path: &str) -> String {
    if path == INLINE { "in this contract".to_owned() } else { format!("in `{path}`") }
}

/// Whether a file is a schema at all.
fn is_whole(document: &Document, sink: &mut Sink) -> bool {
    let map = match &document.json {
        Json::Object(map) => map,
        Json::Bool(_) => return true,
        other => {
            let message = format!("{} is no schema", told(other));
            sink.report(&INVALID, document.root.span, message).help("a schema is an object, `true` or `false`");
            return false;
        }
    };
    if let Some(said) = map.get("$schema") {
        let known = said.as_str().and_then(dialect);
        if known.is_none() {
            let span = document::place(&document.root, "/$schema", false).unwrap_or(document.root.span);
            sink.report(&INVALID, span, format!("{} is no draft of JSON Schema that formwork knows", told(said))).help(
                "write `https://json-schema.org/draft/2020-12/schema` or `http://json-schema.org/draft-07/schema#`",
            );
            return false;
        }
    }
    let is_known = |key: &String| KEYWORDS.contains(&key.as_str()) || key == "openapi" || key.starts_with("x-");
    if !map.is_empty() && !map.keys().any(is_known) && map.values().all(|value| !value.is_object()) {
        sink.report(&INVALID, document.root.span, "no word of JSON Schema is in it, so it asks for nothing")
            .help("write what an event is, for example `{\"type\": \"object\", \"required\": [\"id\"]}`");
        return false;
    }
    true
}

/// Reports words that look like others, and required names that look like properties.
fn check_words(document: &Document, pointer: &str, schema: &Json, sink: &mut Sink) {
    let Json::Object(map) = schema else { return };
    for key in map.keys().filter(|key| !KEYWORDS.contains(&key.as_str()) && !key.starts_with("x-")) {
        let free = KEYWORDS.iter().copied().filter(|word| !map.contains_key(*word));
        let Some(near) = closest(key, free.clone()) else { continue };
        let place = document::place(&document.root, &format!("{pointer}/{}", document::escaped(key)), true);
        if let Some(span) = place {
            sink.report(&MISSPELT, span, format!("`{key}` is no word of JSON Schema"))
                .help(format!("did you mean `{near}`?"))
                .meant(key, free);
        }
    }
    let (Some(Json::Array(required)), Some(Json::Object(properties))) = (map.get("required"), map.get("properties"))
    else {
        return;
    };
    for (index, name) in required.iter().enumerate() {
        let Some(name) = name.as_str().filter(|name| !properties.contains_key(*name)) else { continue };
        let is_free = |known: &&str| !required.iter().any(|one| one == *known);
        let free = properties.keys().map(String::as_str).filter(is_free);
        let Some(near) = closest(name, free.clone()) else { continue };
        if let Some(span) = document::place(&document.root, &format!("{pointer}/required/{index}"), false) {
            sink.report(&MISSPELT, span, format!("`{name}` is required, and no property is called so"))
                .help(format!("did you mean `{near}`?"))
                .meant(name, free);
        }
    }
}

/// What is wrong with a part of a schema.
fn wrong(error: &ValidationError<'_>, pointer: &str) -> (String, String) {
    let value = error.instance();
    let parts: Vec<&str> = pointer.rsplit('/').take(2).collect();
    let is_type = parts.first() == Some(&"type")
        || (parts.get(1) == Some(&"type") && parts.first().is_some_and(|part| part.parse::<usize>().is_ok()));
    if is_type {
        // Of several types one is wrong.
        let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let unknown = items.iter().find(|one| one.as_str().is_none_or(|name| !TYPES.contains(&name)));
        let value = unknown.unwrap_or(value);
        let other = |text: &str| OTHER_TYPES.iter().find(|(other, _)| *other == text).map(|(_, meant)| *meant);
        let meant = value.as_str().and_then(|text| other(text).or_else(|| closest(text, TYPES.iter().copied())));
        let help = match meant {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("types are {}", alternatives(TYPES.iter().copied())),
        };
        return (format!("{} is no type of JSON Schema", told(value)), help);
    }
    let word = parts.iter().map(|part| unescaped(part)).find(|part| part.parse::<usize>().is_err()).unwrap_or_default();
    match error.kind() {
        ValidationErrorKind::AnyOf { .. } | ValidationErrorKind::OneOfNotValid { .. } => {
            (format!("{} is not what `{word}` takes", told(value)), "write what JSON Schema takes there".to_owned())
        }
        kind => {
            let (message, help) = phrase(kind, value);
            let message = message.replace("the contract", "JSON Schema");
            (format!("`{word}`: {message}"), help.replace(", or change the contract", ""))
        }
    }
}

fn lower(text: &str) -> String {
    let mut characters = text.lines().next().unwrap_or_default().trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

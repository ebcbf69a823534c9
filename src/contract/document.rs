//! A file with schemas: its tree, and the way from one schema to those inside of it and those it refers to.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::blueprint::entry;
use crate::source::Span;
use crate::syntax::{Data, Node};

/// A file with schemas.
#[derive(Debug)]
pub struct Document {
    /// Its path from the folder of the blueprint, with `/`.
    pub path: String,
    /// What is in it.
    pub root: Node,
    /// The same without places.
    pub json: Json,
}

/// Where a schema stands: the path of its file, and the way to it in there, as a JSON Pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// The path of the file.
    pub path: String,
    /// The pointer; empty for all of the file.
    pub pointer: String,
}

/// What a `$ref` is about, in the file that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A schema in a file beside it or in the same.
    Local(String, Fragment),
    /// An address elsewhere, and what is meant there.
    Remote(String, Fragment),
}

/// What of a file is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// What a JSON Pointer leads to.
    Pointer(String),
    /// What has this name.
    Anchor(String),
}

/// Keywords that hold one schema.
const ONE: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords that hold a list of schemas; `items` does so in drafts before 2020-12.
const LISTS: &[&str] = &["allOf", "anyOf", "items", "oneOf", "prefixItems"];

/// Keywords that hold schemas by names; `dependencies` may also hold lists of names.
const MAPS: &[&str] = &["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// Keywords whose schemas are about the same value as the one that they stand in.
const IN_PLACE: &[&str] =
    &["$ref", "allOf", "anyOf", "dependencies", "dependentSchemas", "else", "if", "not", "oneOf", "then"];

impl Document {
    /// A file at this path with this tree.
    pub fn new(path: impl Into<String>, root: Node) -> Self {
        let json = root.json();
        Self { path: path.into(), root, json }
    }

    /// The part that a pointer leads to.
    pub fn at(&self, pointer: &str) -> Option<&Node> {
        at(&self.root, pointer)
    }

    /// The address that it gives itself.
    pub fn id(&self) -> Option<&str> {
        let id = ["$id", "id"].into_iter().find_map(|key| self.json.get(key)?.as_str())?;
        Some(id.trim_end_matches('#')).filter(|id| id.contains(':'))
    }

    /// The pointer of the schema that gives itself this name.
    pub fn anchor(&self, name: &str) -> Option<String> {
        let mut waiting = vec![String::new()];
        while let Some(pointer) = waiting.pop() {
            let schema = self.json.pointer(&pointer)?;
            let named = |key: &str, prefix: &str| {
                schema.get(key).and_then(Json::as_str).and_then(|text| text.strip_prefix(prefix)) == Some(name)
            };
            if named("$anchor", "") || named("$dynamicAnchor", "") || named("$id", "#") || named("id", "#") {
                return Some(pointer);
            }
            waiting.extend(inner(schema).into_iter().map(|(_, below)| pointer.clone() + &below));
        }
        None
    }
}

/// The part of a tree that a pointer leads to.
pub fn at<'n>(root: &'n Node, pointer: &str) -> Option<&'n Node> {
    pointer.split('/').skip(1).try_fold(root, |node, part| step(node, &unescaped(part)))
}

/// The place of what a pointer leads to: of its key, where it has one and `key` is asked for.
pub fn place(root: &Node, pointer: &str, key: bool) -> Option<Span> {
    let node = at(root, pointer)?;
    let named = pointer.rsplit_once('/').filter(|_| key).and_then(|(above, last)| {
        let entry = entry(at(root, above)?, &unescaped(last))?;
        Some(entry.key.span)
    });
    Some(named.unwrap_or(node.span))
}

fn step<'n>(node: &'n Node, part: &str) -> Option<&'n Node> {
    match &node.data {
        Data::Map(_) => entry(node, part).map(|entry| &entry.value),
        Data::List(items) => items.get(part.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The schemas right inside of a schema, each with its keyword and the pointer from there.
pub fn inner(schema: &Json) -> Vec<(&'static str, String)> {
    let Json::Object(map) = schema else { return Vec::new() };
    let mut found = Vec::new();
    for keyword in ONE {
        if let Some(Json::Object(_) | Json::Bool(_)) = map.get(*keyword) {
            found.push((*keyword, format!("/{keyword}")));
        }
    }
    for keyword in LISTS {
        if let Some(Json::Array(items)) = map.get(*keyword) {
            found.extend((0..items.len()).map(|index| (*keyword, format!("/{keyword}/{index}"))));
        }
    }
    for keyword in MAPS {
        if let Some(Json::Object(named)) = map.get(*keyword) {
            let schemas = named.iter().filter(|(_, value)| value.is_object() || value.is_boolean());
            found.extend(schemas.map(|(name, _)| (*keyword, format!("/{keyword}/{}", escaped(name)))));
        }
    }
    found
}

/// Whether what stands in a keyword is about the same value.
pub fn is_in_place(keyword: &str) -> bool {
    IN_PLACE.contains(&keyword)
}

/// What a reference in the file at `path` is about.
pub fn target(path: &str, reference: &str) -> Target {
    let (address, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let fragment = decoded(fragment);
    let fragment = if fragment.is_empty() || fragment.starts_with('/') {
        Fragment::Pointer(fragment)
    } else {
        Fragment::Anchor(fragment)
    };
    let scheme = address.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    if scheme || address.starts_with("//") {
        return Target::Remote(address.to_owned(), fragment);
    }
    if address.is_empty() {
        return Target::Local(path.to_owned(), fragment);
    }
    let address = decoded(address);
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if address.starts_with('/') {
        return Target::Local(address, fragment);
    }
    for part in address.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Target::Local(parts.join("/"), fragment)
}

/// The names of a JSON Pointer as they stand in it. Source: RFC 6901, section 3.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The other way.
pub fn unescaped(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// A text of an address with what `%` stands for.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (first, digit(0), digit(1)) {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text as it stands in an address. Source: RFC 3986, section 3.5.
pub fn encoded(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            made.push(char::from(byte));
        } else {
            let _ = write!(made, "%{byte:02X}");
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_about_files_beside_the_one_they_stand_in() {
        let local = |path: &str, pointer: &str| Target::Local(path.to_owned(), Fragment::Pointer(pointer.to_owned()));
        assert_eq!(target("a/b.json", "#/$defs/x"), local("a/b.json", "/$defs/x"));
        assert_eq!(target("a/b.json", "c.json"), local("a/c.json", ""));
        assert_eq!(target("a/b.json", "../c%20d.json#/x~1y"), local("c d.json", "/x~1y"));
        assert_eq!(target("a.json", "../c.json"), local("../c.json", ""));
        assert_eq!(target("a.json", "/etc/x"), local("/etc/x", ""));
        assert_eq!(
            target("a.json", "https://example.com/x.json#y"),
            Target::Remote("https://example.com/x.json".to_owned(), Fragment::Anchor("y".to_owned()))
        );
        assert!(matches!(target("a.json", "//host/x"), Target::Remote(..)));
        assert!(matches!(target("a.json", "C:x"), Target::Remote(..)));
    }

    #[test]
    fn addresses_come_back_as_they_were() {
        for text in ["a/b c.json", "é%#?", "100%", "%zz"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(unescaped(&escaped("a/b~c")), "a/b~c");
    }
}

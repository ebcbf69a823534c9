//! Events that a contract allows, made up from it: what a pipeline does to them, it does to real ones.

use serde_json::{Map, Value as Json, json};

use super::document::Location;
use super::{Contract, Part};

/// Alternatives of `anyOf` and `oneOf` that are tried.
const MOST_ALTERNATIVES: usize = 8;

/// Fields in each other that are filled with all they may have; below them only with what they must have.
const FULL_DEPTH: usize = 6;

/// Fields in each other at most.
const MOST_DEPTH: usize = 24;

/// Fields and items of one event.
const MOST_PARTS: usize = 2_000;

/// An event that is as a contract allows but for one field, and what is otherwise there.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The names of the fields and the positions in lists that lead to it.
    pub path: Vec<String>,
    /// Whether it is null there; otherwise it is missing.
    pub is_null: bool,
    /// The event.
    pub event: Json,
}

impl Contract {
    /// Events that are as the contract asks, with all that it names, one for each alternative; none where none was found.
    pub fn examples(&self) -> Vec<Json> {
        let mut found: Vec<Json> = Vec::new();
        for choice in 0..MOST_ALTERNATIVES {
            let mut left = MOST_PARTS;
            let Some(value) = self.example(&self.start, choice, 0, &mut left) else { continue };
            let event = match self.part {
                Part::Event => value,
                Part::Detail => envelope(&value),
            };
            if self.is_kept(&event) && !found.contains(&event) {
                found.push(event);
            }
        }
        found
    }

    /// An event without one of its fields, or with null for it, where the contract allows that.
    pub fn variants(&self, event: &Json) -> Vec<Variant> {
        let mut paths = Vec::new();
        let base: &[&str] = if self.part == Part::Detail { &["detail"] } else { &[] };
        let base: Vec<String> = base.iter().map(|part| (*part).to_owned()).collect();
        if let Some(value) = at(event, &base) {
            walk(value, &base, &mut paths);
        }
        paths.truncate(MOST_PARTS / 4);
        let mut found = Vec::new();
        for path in paths {
            for is_null in [false, true] {
                let mut changed = event.clone();
                let Some((last, above)) = path.split_last() else { continue };
                let Some(Json::Object(map)) = at_mut(&mut changed, above) else { continue };
                if is_null {
                    map.insert(last.clone(), Json::Null);
                } else {
                    map.shift_remove(last);
                }
                if changed != *event && self.is_kept(&changed) {
                    found.push(Variant { path: path.clone(), is_null, event: changed });
                }
            }
        }
        found
    }

    /// The keywords that all count for a value: those of a schema, of what it refers to, and of one alternative.
    fn demands(&self, at: &Location, choice: usize, depth: usize, found: &mut Vec<Location>) {
        if depth > MOST_DEPTH || found.len() > MOST_PARTS {
            return;
        }
        found.push(at.clone());
        let below = |pointer: String| Location { path: at.path.clone(), pointer: at.pointer.clone() + &pointer };
        if let Some(target) = self.references.get(at) {
            self.demands(target, choice, depth + 1, found);
        }
        let Some(Json::Object(map)) = self.schema(at) else { return };
        if let Some(Json::Array(all)) = map.get("allOf") {
            for index in 0..all.len() {
                self.demands(&below(format!("/allOf/{index}")), choice, depth + 1, found);
            }
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Json::Array(some)) = map.get(keyword).filter(|some| some != &&json!([])) {
                self.demands(&below(format!("/{keyword}/{}", choice % some.len())), choice, depth + 1, found);
            }
        }
    }

    fn example(&self, at: &Location, choice: usize, depth: usize, left: &mut usize) -> Option<Json> {
        *left = left.checked_sub(1)?;
        let mut demands = Vec::new();
        self.demands(at, choice, 0, &mut demands);
        let schemas: Vec<(&Location, &Map<String, Json>)> =
            demands.iter().filter_map(|one| Some((one, self.schema(one)?.as_object()?))).collect();
        let get = |keyword: &str| schemas.iter().find_map(|(_, map)| map.get(keyword));
        if let Some(value) = get("const").or_else(|| get("enum")?.get(choice).or_else(|| get("enum")?.get(0))) {
            return Some(value.clone());
        }
        let given = || get("examples")?.get(0).or_else(|| get("example")).or_else(|| get("default"));
        let kind = match get("type") {
            Some(Json::String(name)) => name.as_str(),
            Some(Json::Array(names)) => {
                names.iter().filter_map(Json::as_str).find(|name| *name != "null").unwrap_or("null")
            }
            _ if get("properties").is_some() || get("required").is_some() => "object",
            _ if get("items").is_some() => "array",
            _ => return Some(given().or_else(|| get("example")).cloned().unwrap_or_else(|| json!("text"))),
        };
        if kind != "object"
            && kind != "array"
            && let Some(value) = get("examples").and_then(|all| all.get(0)).or(get("example")).or(get("default"))
        {
            return Some(value.clone());
        }
        let number = |keyword: &str| get(keyword).and_then(Json::as_f64);
        Some(match kind {
            "null" => Json::Null,
            "boolean" => json!(true),
            "integer" | "number" => {
                let least = number("minimum").or_else(|| number("exclusiveMinimum").map(|one| one + 1.0));
                let most = number("maximum").or_else(|| number("exclusiveMaximum").map(|one| one - 1.0));
                let value = least.or(most).unwrap_or(1.0);
                let step = number("multipleOf").filter(|step| *step > 0.0).unwrap_or(1.0);
                let value = (value / step).ceil() * step;
                // Whole numbers in the range of JSON are written as such.
                let whole = format!("{value:.0}").parse::<i64>().ok().filter(|_| value.fract() == 0.0);
                whole.map_or_else(|| json!(value), Json::from)
            }
            "string" => json!(text(&get)),
            "array" => {
                let least = get("minItems").and_then(Json::as_u64).and_then(|one| usize::try_from(one).ok());
                let count = least.unwrap_or(1).clamp(1, 8);
                let item = schemas.iter().find(|(_, map)| map.get("items").is_some_and(Json::is_object));
                let Some((place, _)) = item.filter(|_| depth < MOST_DEPTH) else { return Some(json!([])) };
                let below = Location { path: place.path.clone(), pointer: format!("{}/items", place.pointer) };
                let items: Option<Vec<Json>> =
                    (0..count).map(|_| self.example(&below, choice, depth + 1, left)).collect();
                Json::Array(items.unwrap_or_default())
            }
            _ => {
                let mut made = Map::new();
                let required: Vec<&str> = schemas
                    .iter()
                    .filter_map(|(_, map)| map.get("required")?.as_array())
                    .flatten()
                    .filter_map(Json::as_str)
                    .collect();
                for (place, map) in &schemas {
                    let Some(Json::Object(properties)) = map.get("properties") else { continue };
                    for (name, _) in properties {
                        let wanted = required.contains(&name.as_str());
                        if made.contains_key(name) || (depth >= FULL_DEPTH && !wanted) || depth >= MOST_DEPTH {
                            continue;
                        }
                        let pointer = format!("{}/properties/{}", place.pointer, super::document::escaped(name));
                        let below = Location { path: place.path.clone(), pointer };
                        if let Some(value) = self.example(&below, choice, depth + 1, left) {
                            made.insert(name.clone(), value);
                        }
                    }
                }
                for name in required {
                    made.entry(name).or_insert_with(|| json!("text"));
                }
                Json::Object(made)
            }
        })
    }
}

/// A text of a format and a length.
fn text<'s>(get: &impl Fn(&str) -> Option<&'s Json>) -> String {
    let given = match get("format").and_then(Json::as_str).unwrap_or_default() {
        "date-time" => "2026-11-23T10:00:00Z",
        "date" => "2026-11-23",
        "time" => "10:00:00Z",
        "duration" => "PT1H",
        "email" | "idn-email" => "someone@example.com",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "iri" | "uri-reference" | "iri-reference" => "https://example.com/",
        "uuid" => "0d3c1b6e-4d2f-4f8e-9a55-3f0a7d1c2b10",
        "json-pointer" => "/a",
        "regex" => "a",
        _ => "text",
    };
    let length = |keyword: &str| get(keyword).and_then(Json::as_u64).and_then(|one| usize::try_from(one).ok());
    let mut made = given.to_owned();
    if get("format").is_none() {
        let least = length("minLength").unwrap_or(0).min(MOST_PARTS);
        while made.len() < least {
            made.push('x');
        }
        made.truncate(length("maxLength").unwrap_or(usize::MAX));
    }
    made
}

/// An event of EventBridge with this detail. Source: EventBridge User Guide, "Event structure reference".
fn envelope(detail: &Json) -> Json {
    json!({
        "version": "0",
        "id": "0d3c1b6e-4d2f-4f8e-9a55-3f0a7d1c2b10",
        "detail-type": "text",
        "source": "text",
        "account": "111122223333",
        "time": "2026-11-23T10:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    })
}

fn walk(value: &Json, path: &[String], found: &mut Vec<Vec<String>>) {
    match value {
        Json::Object(map) => {
            for (key, value) in map {
                let path: Vec<String> = path.iter().cloned().chain([key.clone()]).collect();
                found.push(path.clone());
                walk(value, &path, found);
            }
        }
        Json::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let path: Vec<String> = path.iter().cloned().chain([index.to_string()]).collect();
                walk(value, &path, found);
            }
        }
        _ => {}
    }
}

fn at<'v>(value: &'v Json, path: &[String]) -> Option<&'v Json> {
    path.iter().try_fold(value, |value, part| match value {
        Json::Array(items) => items.get(part.parse::<usize>().ok()?),
        _ => value.get(part),
    })
}

fn at_mut<'v>(value: &'v mut Json, path: &[String]) -> Option<&'v mut Json> {
    path.iter().try_fold(value, |value, part| match value {
        Json::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => value.get_mut(part),
    })
}

//! What events may have at a path, by their contract, without any event at hand.
//!
//! The answer never excludes what the contract allows: what a keyword says that is not read here could only narrow
//! it. So only what is excluded is certain: a field that can never be there, a type or a value that it never has.

use std::collections::BTreeSet;

use fancy_regex::Regex;
use jsonschema::Draft;
use serde_json::Value as Json;

use super::document::{Location, escaped};
use super::violation::type_name;
use super::{Contract, Part};

/// A step into an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// To a field.
    Key(String),
    /// To an item of a list, whichever.
    Item,
}

/// The types that a value may have, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(u8);

/// Whether there is something at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Never.
    Never,
    /// The contract names it.
    Named,
    /// The contract allows it without naming it.
    Open,
}

/// What events may have at a path.
#[derive(Clone, Debug, PartialEq)]
pub struct May {
    /// Whether there is something.
    pub presence: Presence,
    /// Whether there always is something.
    pub always: bool,
    /// Of what types it can be at most.
    pub types: Types,
    /// All values that it can have, where they are listed.
    pub values: Option<Vec<Json>>,
}

impl Types {
    const NAMES: &[(Self, &str)] = &[
        (Self::NULL, "null"),
        (Self::BOOL, "boolean"),
        (Self::INTEGER, "integer"),
        (Self::NUMBER, "number"),
        (Self::TEXT, "string"),
        (Self::LIST, "array"),
        (Self::OBJECT, "object"),
    ];
    /// `null`
    pub const NULL: Self = Self(1);
    /// `true` and `false`
    pub const BOOL: Self = Self(2);
    /// Whole numbers.
    pub const INTEGER: Self = Self(4);
    /// Numbers that are not whole.
    const FRACTION: Self = Self(8);
    /// Numbers.
    pub const NUMBER: Self = Self(12);
    /// Texts.
    pub const TEXT: Self = Self(16);
    /// Lists.
    pub const LIST: Self = Self(32);
    /// Objects.
    pub const OBJECT: Self = Self(64);
    /// Any.
    pub const ALL: Self = Self(127);

    /// Those of both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those that are not in the other.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether one of the others is possible.
    pub fn may_be(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether nothing is possible.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In words: `a text or null`.
    pub fn told(self) -> String {
        let mut left = self;
        let mut names = Vec::new();
        for (one, name) in Self::NAMES.iter().rev() {
            // A number is whole or not; one name is enough.
            let fits = match *name {
                "number" => left.may_be(Self::FRACTION),
                _ => left.may_be(*one),
            };
            if fits {
                names.push(type_name(name));
                left = left.without(*one);
            }
        }
        names.join(" or ")
    }

    fn named(name: &str) -> Self {
        Self::NAMES.iter().find(|(_, known)| *known == name).map_or(Self::ALL, |(one, _)| *one)
    }

    /// The type of a value.
    pub fn of(value: &Json) -> Self {
        match value {
            Json::Null => Self::NULL,
            Json::Bool(_) => Self::BOOL,
            Json::Number(number) if number.is_f64() && number.as_f64().is_some_and(|one| one.fract() != 0.0) => {
                Self::FRACTION
            }
            Json::Number(_) => Self::INTEGER,
            Json::String(_) => Self::TEXT,
            Json::Array(_) => Self::LIST,
            Json::Object(_) => Self::OBJECT,
        }
    }
}

/// Schemas that one answer looks at; beyond them everything is possible.
const MOST_SCHEMAS: usize = 20_000;

/// Keywords that allow fields otherwise than by their names.
const MORE: &[&str] = &[
    "$dynamicRef",
    "$recursiveRef",
    "additionalProperties",
    "dependencies",
    "dependentSchemas",
    "if",
    "patternProperties",
];

/// The fields that every event of EventBridge has beside `detail`.
///
/// Source: EventBridge User Guide, "Event structure reference".
const ENVELOPE: &[&str] = &["account", "detail-type", "id", "region", "source", "time", "version"];

/// The field that an event has which an archive sent again. Source: EventBridge User Guide, "Replaying archived events".
const REPLAY: &str = "replay-name";

impl May {
    /// Anything, or nothing.
    pub const ANYTHING: Self = Self { presence: Presence::Open, always: false, types: Types::ALL, values: None };
    /// Nothing.
    pub const NEVER: Self = Self { presence: Presence::Never, always: false, types: Types(0), values: None };

    /// A value of these types that is always there.
    pub fn always(types: Types) -> Self {
        Self { presence: Presence::Named, always: true, types, values: None }
    }

    /// Whether there is never something.
    pub fn is_never(&self) -> bool {
        self.presence == Presence::Never || self.types.is_empty()
    }

    /// What both allow.
    fn and(self, other: Self) -> Self {
        let presence = match (self.presence, other.presence) {
            (Presence::Never, _) | (_, Presence::Never) => Presence::Never,
            (Presence::Named, _) | (_, Presence::Named) => Presence::Named,
            _ => Presence::Open,
        };
        let values = match (self.values, other.values) {
            (Some(own), Some(others)) => {
                Some(own.into_iter().filter(|one| others.iter().any(|other| is_same(one, other))).collect())
            }
            (own, others) => own.or(others),
        };
        Self { presence, always: self.always || other.always, types: self.types.and(other.types), values }
    }

    /// What one of both allows.
    fn or(self, other: Self) -> Self {
        if self.presence == Presence::Never {
            return Self { always: false, ..other };
        }
        if other.presence == Presence::Never {
            return Self { always: false, ..self };
        }
        let named = self.presence == Presence::Named || other.presence == Presence::Named;
        let values = match (self.values, other.values) {
            (Some(mut own), Some(others)) => {
                own.extend(others);
                Some(own)
            }
            _ => None,
        };
        Self {
            presence: if named { Presence::Named } else { Presence::Open },
            always: self.always && other.always,
            types: self.types.or(other.types),
            values,
        }
    }
}

impl Contract {
    /// What events may have at a path.
    pub fn may(&self, path: &[Step]) -> May {
        let mut left = MOST_SCHEMAS;
        let path = match (self.part, path) {
            (Part::Event, path) => path,
            (Part::Detail, []) => return May::always(Types::OBJECT),
            (Part::Detail, [Step::Key(key), rest @ ..]) => match (key.as_str(), rest) {
                ("detail", rest) => rest,
                (name, []) if ENVELOPE.contains(&name) => return May::always(Types::TEXT),
                ("resources", []) => return May::always(Types::LIST),
                ("resources", [Step::Item]) | (REPLAY, []) => {
                    return May { always: false, ..May::always(Types::TEXT) };
                }
                _ => return May::NEVER,
            },
            (Part::Detail, [Step::Item, ..]) => return May::NEVER,
        };
        self.look(&self.start, path, &mut left)
    }

    /// The names of fields that the contract knows at a path.
    pub fn names(&self, path: &[Step]) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let path = match (self.part, path) {
            (Part::Event, path) => path,
            (Part::Detail, []) => {
                names.extend(ENVELOPE.iter().chain(&["detail", "resources"]).map(|name| (*name).to_owned()));
                return names;
            }
            (Part::Detail, [Step::Key(key), rest @ ..]) if key == "detail" => rest,
            (Part::Detail, _) => return names,
        };
        let mut left = MOST_SCHEMAS;
        self.gather(&self.start, path, &mut left, &mut names);
        names
    }

    fn look(&self, at: &Location, path: &[Step], left: &mut usize) -> May {
        if *left == 0 {
            return May::ANYTHING;
        }
        *left -= 1;
        let map = match self.schema(at) {
            Some(Json::Object(map)) => map,
            Some(Json::Bool(false)) => return May::NEVER,
            _ if path.is_empty() => return May::always(Types::ALL),
            _ => return May::ANYTHING,
        };
        let target = self.references.get(at);
        if let Some(target) = target.filter(|_| self.ignores_siblings()) {
            return self.look(target, path, left);
        }
        let below = |pointer: String| Location { path: at.path.clone(), pointer: at.pointer.clone() + &pointer };
        let types = match map.get("type") {
            Some(Json::String(name)) => Types::named(name),
            Some(Json::Array(names)) => {
                let names = names.iter().filter_map(Json::as_str);
                names.fold(Types(0), |all, name| all.or(Types::named(name)))
            }
            _ => Types::ALL,
        };
        // `OpenAPI` 3.0 says it so, and what it adds is allowed at least.
        let nullable = map.get("nullable") == Some(&Json::Bool(true));
        let types = if nullable { types.or(Types::NULL) } else { types };
        let mut may = match path {
            [] => May::always(types),
            [Step::Key(key), rest @ ..] => {
                if types.may_be(Types::OBJECT) {
                    self.field(at, key, rest, left)
                } else {
                    May::NEVER
                }
            }
            [Step::Item, rest @ ..] => {
                if types.may_be(Types::LIST) {
                    self.item(at, rest, left)
                } else {
                    May::NEVER
                }
            }
        };
        let listed = map.get("const").map(std::slice::from_ref);
        let listed = listed.or_else(|| map.get("enum").and_then(Json::as_array).map(Vec::as_slice));
        if let Some(listed) = listed {
            let found: Vec<Json> = listed.iter().flat_map(|value| reached(value, path)).cloned().collect();
            if found.is_empty() {
                return May::NEVER;
            }
            let types = found.iter().fold(Types(0), |all, value| all.or(Types::of(value)));
            may = may.and(May { presence: Presence::Open, always: false, types, values: Some(found) });
        }
        if let Some(target) = target {
            may = may.and(self.look(target, path, left));
        }
        if let Some(Json::Array(all)) = map.get("allOf") {
            for index in 0..all.len() {
                may = may.and(self.look(&below(format!("/allOf/{index}")), path, left));
            }
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Json::Array(some)) = map.get(keyword) {
                let each = (0..some.len()).map(|index| self.look(&below(format!("/{keyword}/{index}")), path, left));
                if let Some(one) = each.reduce(May::or) {
                    may = may.and(one);
                }
            }
        }
        // A field that nothing named is none of those that this takes.
        if may.presence == Presence::Open
            && matches!(path, [Step::Key(_)])
            && map.get("unevaluatedProperties") == Some(&Json::Bool(false))
            && self.names_all(at, left)
        {
            return May::NEVER;
        }
        may
    }

    /// Whether a schema and those that are about the same value allow fields by their names alone, so that
    /// `unevaluatedProperties` excludes all others.
    fn names_all(&self, at: &Location, left: &mut usize) -> bool {
        if *left == 0 {
            return false;
        }
        *left -= 1;
        let Some(schema) = self.schema(at) else { return false };
        let Json::Object(map) = schema else { return true };
        let own = !MORE.iter().any(|keyword| map.get(*keyword).is_some_and(|value| *value != Json::Bool(false)));
        let target = self.references.get(at).cloned();
        let below = super::document::inner(schema)
            .into_iter()
            // What is excluded names nothing.
            .filter(|(keyword, _)| super::document::is_in_place(keyword) && *keyword != "not")
            .map(|(_, pointer)| Location { path: at.path.clone(), pointer: at.pointer.clone() + &pointer });
        own && below.chain(target).all(|below| self.names_all(&below, left))
    }

    /// Whether a `$ref` is all that counts beside it.
    fn ignores_siblings(&self) -> bool {
        matches!(self.draft, Draft::Draft4 | Draft::Draft6 | Draft::Draft7)
    }

    /// What the keywords about fields say of one.
    fn field(&self, at: &Location, key: &str, rest: &[Step], left: &mut usize) -> May {
        let Some(Json::Object(map)) = self.schema(at) else { return May::ANYTHING };
        let below = |pointer: String| Location { path: at.path.clone(), pointer: at.pointer.clone() + &pointer };
        let mut found: Option<May> = None;
        if map.get("properties").is_some_and(|all| all.get(key).is_some()) {
            let one = self.look(&below(format!("/properties/{}", escaped(key))), rest, left);
            let presence =
                if one.presence == Presence::Open && rest.is_empty() { Presence::Named } else { one.presence };
            found = Some(May { presence, ..one });
        }
        for pattern in map.get("patternProperties").and_then(Json::as_object).into_iter().flat_map(|all| all.keys()) {
            let Ok(regex) = Regex::new(pattern) else { return May::ANYTHING };
            if regex.is_match(key).unwrap_or(true) {
                let one = self.look(&below(format!("/patternProperties/{}", escaped(pattern))), rest, left);
                found = Some(match found {
                    Some(before) => before.and(one),
                    None => one,
                });
            }
        }
        let required = map.get("required").and_then(Json::as_array).is_some_and(|all| all.iter().any(|one| one == key));
        let may = match (found, map.get("additionalProperties")) {
            (Some(found), _) => found,
            (None, Some(Json::Bool(false))) => return May::NEVER,
            (None, Some(Json::Object(_))) => {
                let one = self.look(&below("/additionalProperties".to_owned()), rest, left);
                let presence = if one.presence == Presence::Named { Presence::Open } else { one.presence };
                May { presence, ..one }
            }
            (None, _) => May::ANYTHING,
        };
        May { always: required && (may.always || rest.is_empty()), ..may }
    }

    /// What the keywords about items say of any.
    fn item(&self, at: &Location, rest: &[Step], left: &mut usize) -> May {
        let schema = self.schema(at);
        let below = |pointer: String| Location { path: at.path.clone(), pointer: at.pointer.clone() + &pointer };
        let get = |keyword: &str| schema.and_then(|schema| schema.get(keyword));
        let mut all: Vec<Location> = Vec::new();
        let mut is_open = true;
        for keyword in ["prefixItems", "items"] {
            match get(keyword) {
                Some(Json::Array(items)) => all.extend((0..items.len()).map(|at| below(format!("/{keyword}/{at}")))),
                Some(_) => {
                    all.push(below(format!("/{keyword}")));
                    is_open = false;
                }
                None => {}
            }
        }
        if is_open && get("additionalItems").is_some() {
            all.push(below("/additionalItems".to_owned()));
            is_open = false;
        }
        if is_open {
            return May::ANYTHING;
        }
        let each = all.iter().map(|one| self.look(one, rest, left)).reduce(May::or);
        May { always: false, ..each.unwrap_or(May::ANYTHING) }
    }

    fn gather(&self, at: &Location, path: &[Step], left: &mut usize, names: &mut BTreeSet<String>) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let Some(schema @ Json::Object(map)) = self.schema(at) else { return };
        if let Some(target) = self.references.get(at) {
            self.gather(target, path, left, names);
        }
        let properties = map.get("properties").and_then(Json::as_object);
        if path.is_empty() {
            names.extend(properties.into_iter().flatten().map(|(name, _)| name.clone()));
        }
        for (keyword, pointer) in super::document::inner(schema) {
            let below = Location { path: at.path.clone(), pointer: at.pointer.clone() + &pointer };
            if super::document::is_in_place(keyword) {
                self.gather(&below, path, left, names);
                continue;
            }
            match path {
                [Step::Key(key), rest @ ..] if pointer == format!("/properties/{}", escaped(key)) => {
                    self.gather(&below, rest, left, names);
                }
                [Step::Item, rest @ ..] if keyword == "items" || keyword == "prefixItems" => {
                    self.gather(&below, rest, left, names);
                }
                _ => {}
            }
        }
    }
}

/// Whether two values are one to a schema: `1` and `1.0` are.
pub fn is_same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| is_same(value, other)))
        }
        _ => one == other,
    }
}

/// What a path leads to in a value.
fn reached<'v>(value: &'v Json, path: &[Step]) -> Vec<&'v Json> {
    match path {
        [] => vec![value],
        [Step::Key(key), rest @ ..] => value.get(key).map(|one| reached(one, rest)).unwrap_or_default(),
        [Step::Item, rest @ ..] => value.as_array().into_iter().flatten().flat_map(|one| reached(one, rest)).collect(),
    }
}

/// A path as people write it: `detail.lines[].total`.
pub fn way(path: &[Step]) -> String {
    let mut made = String::new();
    for step in path {
        match step {
            Step::Key(key) if made.is_empty() => made.push_str(key),
            Step::Key(key) => {
                made.push('.');
                made.push_str(key);
            }
            Step::Item => made.push_str("[]"),
        }
    }
    made
}

//! Event patterns: whether an event meets one, and if not, what it lacks.
//!
//! A pattern is compiled once. An `$or` becomes several branches, each with all fields that must be met together; a
//! field that is said again later replaces the earlier one. Fields are names joined by dots, lists in an event are
//! entered without a step, and what is met in a list must be met by the same item of it.
//!
//! Source: the open library `event-ruler`, which EventBridge matches with: its README and the behaviour of its machine.

mod miss;
mod test;

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value as Json;

use self::test::{Form, Test};
use crate::template::event_pattern::OR;

pub use self::miss::Miss;
pub use self::test::address;

/// The branches that one pattern may have; more are refused by the service for their size long before.
const MOST_BRANCHES: usize = 1_000;

/// Names that no field has inside of `$or`: they are matchers, or are kept for such.
///
/// Source: `event-ruler`, README, "The `$or` primitive".
const RESERVED: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "html",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// A compiled event pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    branches: Vec<Vec<Field>>,
    /// The paths of all fields and all that lead to them.
    steps: HashSet<String>,
    has_unknown: bool,
}

/// A field of a pattern with what it asks for.
#[derive(Clone, Debug)]
struct Field {
    path: String,
    /// The keys that lead to it in the pattern.
    keys: Vec<String>,
    /// How it is written.
    written: Json,
    tests: Vec<Test>,
    /// Whether numbers are compared by their value.
    numeric: bool,
    /// Whether addresses are compared as such.
    addresses: bool,
}

/// Whether an event meets a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// What only the deployment knows decides.
    Perhaps,
}

/// Where in the lists of an event a value stands: the number of a list, and the position in it.
type Places = Vec<(u32, u32)>;

/// A value of an event, with its path and its place in lists.
struct Leaf<'e> {
    path: String,
    value: &'e Json,
    places: Places,
}

impl Pattern {
    /// Compiles a pattern. What it says wrong is an error, in words.
    pub fn read(pattern: &Json) -> Result<Self, String> {
        let Json::Object(_) = pattern else { return Err("a pattern is an object".to_owned()) };
        let mut branches: Vec<Vec<Field>> = Vec::new();
        object(pattern, &mut Vec::new(), false, &mut branches)?;
        for branch in &mut branches {
            // In this order the library goes through the fields, and it matters for lists.
            branch.sort_by(|a, b| a.path.cmp(&b.path));
        }
        let mut steps = HashSet::new();
        for field in branches.iter().flatten() {
            steps.extend(field.path.match_indices('.').map(|(at, _)| field.path[..at].to_owned()));
            steps.insert(field.path.clone());
        }
        let has_unknown = branches.iter().flatten().any(|field| field.tests.contains(&Test::Unknown));
        share(&mut branches);
        Ok(Self { branches, steps, has_unknown })
    }

    /// Whether an event meets it.
    pub fn answer(&self, event: &Json) -> Answer {
        let leaves = self.leaves(event);
        if self.branches.iter().any(|branch| is_met(branch, &leaves, &Vec::new(), false)) {
            return Answer::Yes;
        }
        if self.has_unknown && self.branches.iter().any(|branch| is_met(branch, &leaves, &Vec::new(), true)) {
            return Answer::Perhaps;
        }
        Answer::No
    }

    /// Whether an event surely meets it.
    pub fn matches(&self, event: &Json) -> bool {
        self.answer(event) == Answer::Yes
    }

    /// What an event lacks that does not meet it.
    pub fn miss(&self, event: &Json) -> Miss {
        miss::miss(self, event)
    }

    /// The values of an event that it may ask for.
    fn leaves<'e>(&self, event: &'e Json) -> Vec<Leaf<'e>> {
        let mut walk =
            Walk { steps: &self.steps, path: String::new(), places: Vec::new(), lists: 0, leaves: Vec::new() };
        walk.enter(event);
        walk.leaves
    }
}

struct Walk<'p, 'e> {
    steps: &'p HashSet<String>,
    path: String,
    places: Places,
    lists: u32,
    leaves: Vec<Leaf<'e>>,
}

impl<'e> Walk<'_, 'e> {
    fn enter(&mut self, value: &'e Json) {
        match value {
            Json::Object(map) => {
                let length = self.path.len();
                for (key, value) in map {
                    if length > 0 {
                        self.path.push('.');
                    }
                    self.path.push_str(key);
                    if self.steps.contains(&self.path) {
                        self.enter(value);
                    }
                    self.path.truncate(length);
                }
            }
            Json::Array(items) => {
                let list = self.lists;
                self.lists += 1;
                for (position, item) in (0..).zip(items) {
                    // What stands in a list itself is any of its items, whichever others are met.
                    let composite = matches!(item, Json::Object(_) | Json::Array(_));
                    if composite {
                        self.places.push((list, position));
                    }
                    self.enter(item);
                    if composite {
                        self.places.pop();
                    }
                }
            }
            _ => self.leaves.push(Leaf { path: self.path.clone(), value, places: self.places.clone() }),
        }
    }
}

/// The places of a match with those of one more value; nothing if that is another item of a list.
fn joined(so_far: &Places, more: &Places) -> Option<Places> {
    let mut all = so_far.clone();
    for (list, position) in more {
        match all.iter().find(|(known, _)| known == list) {
            Some((_, known)) if known != position => return None,
            Some(_) => {}
            None => all.push((*list, *position)),
        }
    }
    Some(all)
}

/// Whether all fields are met, from the first on. `hopeful` takes what is unknown for met.
fn is_met(fields: &[Field], leaves: &[Leaf<'_>], places: &Places, hopeful: bool) -> bool {
    let [field, rest @ ..] = fields else { return true };
    let mut is_there = false;
    for leaf in leaves.iter().filter(|leaf| leaf.path == field.path) {
        let Some(places) = joined(places, &leaf.places) else { continue };
        is_there = true;
        if field.meets(leaf.value, hopeful) && is_met(rest, leaves, &places, hopeful) {
            return true;
        }
    }
    !is_there && field.tests.contains(&Test::Absent) && is_met(rest, leaves, places, hopeful)
}

impl Field {
    fn meets(&self, value: &Json, hopeful: bool) -> bool {
        let form = self.form(value);
        self.tests.iter().any(|test| test.meets(&form) || (hopeful && *test == Test::Unknown))
    }

    /// A value as the tests of this field see it.
    fn form(&self, value: &Json) -> Form {
        let text = match value {
            Json::String(text) => Cow::Owned(format!("\"{text}\"")),
            Json::Null => Cow::Borrowed("null"),
            Json::Bool(true) => Cow::Borrowed("true"),
            Json::Bool(false) => Cow::Borrowed("false"),
            _ => Cow::Owned(value.to_string()),
        };
        if self.numeric {
            if let Some(number) = test::millionths(&text) {
                return Form::Number(number);
            }
        } else if self.addresses
            && let Some(digits) = test::address(inside(&text))
        {
            return Form::Text(digits);
        }
        Form::Text(text.into_owned())
    }
}

/// A text without its quotes.
fn inside(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// Adds the fields of an object to every branch.
fn object(
    object: &Json,
    keys: &mut Vec<String>,
    in_alternative: bool,
    branches: &mut Vec<Vec<Field>>,
) -> Result<(), String> {
    let Json::Object(map) = object else { return Err("alternatives of `$or` are objects".to_owned()) };
    if map.is_empty() {
        return Err("an object without fields".to_owned());
    }
    for (key, value) in map {
        if key == OR {
            alternatives(value, keys, branches)?;
            continue;
        }
        if in_alternative && RESERVED.contains(&key.as_str()) {
            return Err(format!("`{key}` is no name of a field inside of `$or`"));
        }
        keys.push(key.clone());
        match value {
            Json::Object(_) => self::object(value, keys, in_alternative, branches)?,
            Json::Array(items) => {
                let field = field(keys, value, items).map_err(|wrong| format!("`{}`: {wrong}", keys.join(".")))?;
                if branches.is_empty() {
                    branches.push(Vec::new());
                }
                for branch in &mut *branches {
                    branch.retain(|other| other.path != field.path);
                    branch.push(field.clone());
                }
            }
            _ => return Err(format!("`{}` is neither an object nor a list", keys.join("."))),
        }
        keys.pop();
    }
    Ok(())
}

fn alternatives(value: &Json, keys: &mut Vec<String>, branches: &mut Vec<Vec<Field>>) -> Result<(), String> {
    let items = value.as_array().filter(|items| items.len() > 1).ok_or("`$or` takes at least two patterns")?;
    let before = std::mem::take(branches);
    for item in items {
        let mut own = before.clone();
        if own.is_empty() {
            own.push(Vec::new());
        }
        object(item, keys, true, &mut own)?;
        branches.append(&mut own);
        if branches.len() > MOST_BRANCHES {
            return Err(format!("more than {MOST_BRANCHES} combinations of alternatives"));
        }
    }
    Ok(())
}

fn field(keys: &[String], written: &Json, items: &[Json]) -> Result<Field, String> {
    if items.is_empty() {
        return Err("an empty list".to_owned());
    }
    let mut tests = Vec::new();
    for item in items {
        tests.append(&mut Test::read(item)?);
    }
    let numeric = tests.iter().any(Test::is_numeric);
    let addresses = tests.iter().any(|test| matches!(test, Test::Addresses(_)));
    Ok(Field { path: keys.join("."), keys: keys.to_vec(), written: written.clone(), tests, numeric, addresses })
}

/// Branches that begin alike share how they look at the values of the next field: it is one machine for all of them.
fn share(branches: &mut [Vec<Field>]) {
    let flags: Vec<Vec<(bool, bool)>> = branches
        .iter()
        .map(|branch| {
            (0..branch.len())
                .map(|at| {
                    let alike = branches.iter().filter(|other| {
                        other.len() > at
                            && other[at].path == branch[at].path
                            && other[..at].iter().zip(branch).all(|(a, b)| a.path == b.path && a.tests == b.tests)
                    });
                    alike.fold((false, false), |(numeric, addresses), other| {
                        (numeric || other[at].numeric, addresses || other[at].addresses)
                    })
                })
                .collect()
        })
        .collect();
    for (branch, flags) in branches.iter_mut().zip(flags) {
        for (field, (numeric, addresses)) in branch.iter_mut().zip(flags) {
            (field.numeric, field.addresses) = (numeric, addresses);
        }
    }
}

#[cfg(test)]
mod tests;

//! What an event lacks that does not meet a pattern, and what near it would have been met.

use serde_json::Value as Json;

use super::{Field, Leaf, Pattern, is_met};
use crate::diagnostics::closest;
use crate::trace::{short, shown};

/// Why an event does not meet a pattern: the first field that it does not meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Miss {
    /// The field, its keys joined by dots.
    pub path: String,
    /// The keys that lead to it in the pattern.
    pub keys: Vec<String>,
    /// What the pattern asks for.
    pub wants: Json,
    /// What the event has there, in words.
    pub has: String,
    /// What would have been met, near to it.
    pub near: Option<String>,
}

impl Miss {
    /// It in one sentence.
    pub fn said(&self) -> String {
        let wants = short(&self.wants.to_string(), ONE_LINE);
        format!("`{}` must be one of {wants}, and the event has {}", self.path, self.has)
    }
}

/// The most characters of what a pattern asks for that are shown.
const ONE_LINE: usize = 120;

/// The first field that the event does not meet, of the branch that it is nearest to.
pub fn miss(pattern: &Pattern, event: &Json) -> Miss {
    let leaves = pattern.leaves(event);
    let failing = |branch: &[Field]| -> Vec<usize> {
        let met = |field: &Field| is_met(std::slice::from_ref(field), &leaves, &Vec::new(), false);
        branch.iter().enumerate().filter(|(_, field)| !met(field)).map(|(at, _)| at).collect()
    };
    let nearest =
        pattern.branches.iter().map(|branch| (failing(branch), branch)).min_by_key(|(failing, _)| failing.len());
    let Some((failing, branch)) = nearest else {
        return Miss { path: String::new(), keys: Vec::new(), wants: Json::Null, has: String::new(), near: None };
    };
    // What stands higher in the event is said first: an envelope before its detail.
    let depth = |at: &&usize| branch[**at].keys.len();
    let Some(field) = failing.iter().min_by_key(depth).map(|at| &branch[*at]) else {
        return apart(branch, &leaves);
    };
    let (has, near) = look(field, event, &leaves);
    Miss { path: field.path.clone(), keys: field.keys.clone(), wants: field.written.clone(), has, near }
}

/// Every field is met, but not by the same item of a list.
fn apart(branch: &[Field], leaves: &[Leaf<'_>]) -> Miss {
    let upto = (1..=branch.len()).find(|end| !is_met(&branch[..*end], leaves, &Vec::new(), false));
    let Some(field) = upto.and_then(|end| branch.get(end - 1)).or(branch.last()) else {
        return Miss { path: String::new(), keys: Vec::new(), wants: Json::Null, has: String::new(), near: None };
    };
    let others: Vec<String> = branch
        .iter()
        .filter(|other| other.path != field.path && other.path.split('.').next() == field.path.split('.').next())
        .map(|other| format!("`{}`", other.path))
        .collect();
    Miss {
        path: field.path.clone(),
        keys: field.keys.clone(),
        wants: field.written.clone(),
        has: format!("it in another item of a list than {}", others.join(" and ")),
        near: Some("what is met in a list must be met by one item of it".to_owned()),
    }
}

/// What the event has where the field should be, and what is near.
fn look(field: &Field, event: &Json, leaves: &[Leaf<'_>]) -> (String, Option<String>) {
    let values: Vec<&Json> = leaves.iter().filter(|leaf| leaf.path == field.path).map(|leaf| leaf.value).collect();
    if values.is_empty() {
        return missing(&field.keys, event);
    }
    let has = match values.as_slice() {
        [one] => shown(one),
        [_, ..] if values.len() <= 4 => values.iter().map(|value| shown(value)).collect::<Vec<_>>().join(", "),
        _ => format!("{} values, none of which fits", values.len()),
    };
    let wanted = wanted(&field.written);
    let near = values.iter().find_map(|value| match value {
        Json::String(text) => wanted.iter().find_map(|item| match item {
            Json::String(other) if other.to_lowercase() == text.to_lowercase() && other != text => {
                Some(format!("`{other}` differs only in capitals; `equals-ignore-case` would not mind"))
            }
            Json::String(other) if other.trim() == text.trim() && other != text => {
                Some(format!("`{other}` differs only in blanks around it"))
            }
            Json::Number(number) if number.to_string() == *text => {
                Some(format!("the event has a text, and {number} without quotes is a number"))
            }
            Json::Bool(value) if value.to_string() == *text => {
                Some(format!("the event has a text, and {value} without quotes is none"))
            }
            _ => None,
        }),
        Json::Number(number) => wanted.iter().find_map(|item| match item {
            Json::String(other) if *other == number.to_string() => {
                Some(format!("the event has a number, and `\"{other}\"` is a text"))
            }
            _ => None,
        }),
        Json::Bool(value) => wanted.iter().find_map(|item| match item {
            Json::String(other) if *other == value.to_string() => {
                Some(format!("the event has {value} without quotes, and `\"{other}\"` is a text"))
            }
            _ => None,
        }),
        _ => None,
    });
    let near = near.or_else(|| {
        let texts: Vec<&str> = wanted.iter().filter_map(|item| item.as_str()).collect();
        let given = values.iter().find_map(|value| value.as_str())?;
        closest(given, texts).filter(|other| *other != given).map(|other| format!("`{other}` is close to it"))
    });
    (has, near)
}

/// The plain values that a field asks for, and the texts of its matchers.
fn wanted(written: &Json) -> Vec<&Json> {
    let items = written.as_array().map_or(&[][..], Vec::as_slice);
    items
        .iter()
        .filter_map(|item| match item {
            Json::Object(map) => {
                map.get("equals-ignore-case").or_else(|| map.get("prefix")).or_else(|| map.get("suffix"))
            }
            other => Some(other),
        })
        .filter(|item| !matches!(item, Json::Object(_) | Json::Array(_)))
        .collect()
}

/// What is there instead of a field.
fn missing(keys: &[String], event: &Json) -> (String, Option<String>) {
    let mut at = event;
    for (depth, key) in keys.iter().enumerate() {
        // Lists are entered by whichever item has the key.
        while let Json::Array(items) = at {
            let Some(item) = items.iter().find(|item| item.get(key).is_some()).or_else(|| items.first()) else {
                return ("an empty list".to_owned(), None);
            };
            at = item;
        }
        let Json::Object(map) = at else {
            let parent = keys[..depth].join(".");
            let parent = if parent.is_empty() { "its place".to_owned() } else { format!("`{parent}`") };
            return (format!("{} in {parent}, which has no fields", shown(at)), None);
        };
        let Some(value) = map.get(key) else {
            let near = near_key(key, map.keys().map(String::as_str)).map(|near| {
                let mut path = keys[..depth].to_vec();
                path.push(near.to_owned());
                format!("the event has `{}`", path.join("."))
            });
            let near = near.or_else(|| elsewhere(keys, event));
            return ("no such field".to_owned(), near);
        };
        at = value;
    }
    let near = match at {
        Json::Object(map) => {
            map.keys().next().map(|key| format!("fields inside of it, for example `{}.{key}`", keys.join(".")))
        }
        _ => None,
    };
    let has = match at {
        Json::Object(map) if map.is_empty() => "an empty object",
        Json::Object(_) => "an object, and a list is compared with values",
        Json::Array(_) => "an empty list",
        _ => "nothing",
    };
    (has.to_owned(), near)
}

/// The key that differs from `key` in case or separators, or by a letter.
fn near_key<'a>(key: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let mut same = known.clone().filter(|other| plain(other) == plain(key));
    same.next().or_else(|| closest(key, known))
}

/// The same name in `detail`, or at the top, where events often have what a pattern looks for elsewhere.
fn elsewhere(keys: &[String], event: &Json) -> Option<String> {
    let last = keys.last()?;
    if keys.len() == 1 {
        let detail = event.get("detail")?.as_object()?;
        return near_key(last, detail.keys().map(String::as_str)).map(|near| format!("the event has `detail.{near}`"));
    }
    let top = event.as_object()?;
    top.contains_key(last).then(|| format!("the event has `{last}` at its top"))
}

//! Functions of jq 1.6 that need more than its own language.

use std::cmp::Ordering;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::value::{MAX_DEPTH, Val};
use super::{formats, maths, paths, regex, time};
use crate::template::jq::number;

/// A function of an input and arguments.
pub type Native = fn(&Val, &[Val]) -> Result<Val, Fault>;

/// Why a function has no result.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error of jq, in its words.
    Error(String),
    /// What is not decided here.
    NotRun(String),
}

/// What a function gives.
pub type Outcome = Result<Val, Fault>;

pub fn fail<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Error(message.into()))
}

pub fn not_run<T>(reason: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::NotRun(reason.into()))
}

/// Items of an array, characters of a text or entries that a value may have at most.
const MOST: usize = 1_000_000;

/// The function of a name with a number of arguments; operators have two.
pub fn native(name: &str, arguments: usize) -> Option<Native> {
    Some(match (name, arguments) {
        ("+", 2) => |_, of| add(&of[0], &of[1]),
        ("-", 2) => |_, of| subtract(&of[0], &of[1]),
        ("*", 2) => |_, of| multiply(&of[0], &of[1]),
        ("/", 2) => |_, of| divide(&of[0], &of[1]),
        ("%", 2) => |_, of| remainder(&of[0], &of[1]),
        ("==", 2) => |_, of| Ok(Val::Bool(of[0].equals(&of[1]))),
        ("!=", 2) => |_, of| Ok(Val::Bool(!of[0].equals(&of[1]))),
        ("<", 2) => |_, of| Ok(Val::Bool(of[0].compare(&of[1]) == Ordering::Less)),
        ("<=", 2) => |_, of| Ok(Val::Bool(of[0].compare(&of[1]) != Ordering::Greater)),
        (">", 2) => |_, of| Ok(Val::Bool(of[0].compare(&of[1]) == Ordering::Greater)),
        (">=", 2) => |_, of| Ok(Val::Bool(of[0].compare(&of[1]) != Ordering::Less)),
        ("_negate", 0) => |on, _| match on {
            Val::Number(number) => Ok(Val::Number(-number)),
            other => fail(format!("{} cannot be negated", other.shown())),
        },
        ("_not_run", 1) => |_, of| not_run(format!("{} is not run here", of[0].display())),
        ("not", 0) => |on, _| Ok(Val::Bool(!on.is_true())),
        ("type", 0) => |on, _| Ok(Val::text(on.kind())),
        ("length", 0) => |on, _| length(on),
        ("utf8bytelength", 0) => |on, _| match on {
            Val::Text(text) => Ok(Val::count(text.len())),
            other => fail(format!("{} only strings have UTF-8 byte length", other.shown())),
        },
        ("keys", 0) => |on, _| keys(on, true),
        ("keys_unsorted", 0) => |on, _| keys(on, false),
        ("has", 1) => |on, of| has(on, &of[0]),
        ("contains", 1) => |on, of| contains(on, &of[0]).map(Val::Bool),
        ("tostring", 0) => |on, _| Ok(Val::Text(on.display())),
        ("tojson", 0) => |on, _| Ok(Val::text(on.dump())),
        ("fromjson", 0) => |on, _| from_json(on),
        ("tonumber", 0) => |on, _| to_number(on),
        ("format", 1) => |on, of| match &of[0] {
            Val::Text(name) => Ok(Val::text(formats::format(name, on)?)),
            other => fail(format!("{} is not a valid format", other.shown())),
        },
        ("startswith", 1) => |on, of| match (on, &of[0]) {
            (Val::Text(text), Val::Text(part)) => Ok(Val::Bool(text.starts_with(&**part))),
            _ => fail("startswith() requires string inputs"),
        },
        ("endswith", 1) => |on, of| match (on, &of[0]) {
            (Val::Text(text), Val::Text(part)) => Ok(Val::Bool(text.ends_with(&**part))),
            _ => fail("endswith() requires string inputs"),
        },
        ("ltrimstr", 1) => |on, of| match (on, &of[0]) {
            (Val::Text(text), Val::Text(part)) => Ok(text.strip_prefix(&**part).map_or_else(|| on.clone(), Val::text)),
            _ => Ok(on.clone()),
        },
        ("rtrimstr", 1) => |on, of| match (on, &of[0]) {
            (Val::Text(text), Val::Text(part)) => Ok(text.strip_suffix(&**part).map_or_else(|| on.clone(), Val::text)),
            _ => Ok(on.clone()),
        },
        ("split", 1) => |on, of| match (on, &of[0]) {
            (Val::Text(text), Val::Text(part)) => Ok(split(text, part)),
            _ => fail("split input and separator must be strings"),
        },
        ("explode", 0) => |on, _| match on {
            Val::Text(text) => Ok(Val::array(text.chars().map(|c| Val::Number(f64::from(c as u32))).collect())),
            _ => fail("explode input must be a string"),
        },
        ("ascii_downcase", 0) => |on, _| match on {
            Val::Text(text) => Ok(Val::text(text.to_ascii_lowercase())),
            _ => fail("explode input must be a string"),
        },
        ("ascii_upcase", 0) => |on, _| match on {
            Val::Text(text) => Ok(Val::text(text.to_ascii_uppercase())),
            _ => fail("explode input must be a string"),
        },
        ("implode", 0) => |on, _| implode(on),
        ("_positions", 1) => |on, of| match (on, &of[0]) {
            (Val::Text(text), Val::Text(part)) => Ok(positions(text, part)),
            _ => fail("_strindices input must be a string"),
        },
        ("setpath", 2) => |on, of| paths::set(on, &of[0], &of[1]),
        ("delpaths", 1) => |on, of| paths::delete_all(on, &of[0]),
        ("sort", 0) => |on, _| {
            let items = sortable(on)?;
            sorted(items, items)
        },
        ("_sort_by", 1) => |on, of| sorted(sortable(on)?, list(&of[0])),
        ("_group_by", 1) => |on, of| grouped(sortable(on)?, list(&of[0])),
        ("_min_by", 1) => |on, of| extreme(on, &of[0], false),
        ("_max_by", 1) => |on, of| extreme(on, &of[0], true),
        ("_replaced", 3) => |on, of| match &of[1] {
            Val::Text(text) => regex::replaced(on, &of[0], text, &of[2]),
            _ => not_run("a replacement that is no text is not run here"),
        },
        ("_matches", 3) => |on, of| regex::matches(on, &of[0], &of[1], of[2].is_true()),
        ("gmtime", 0) => |on, _| time::broken_down(on),
        ("mktime", 0) => |on, _| time::seconds(on),
        ("strftime", 1) => |on, of| time::format(on, &of[0]),
        ("strptime", 1) => |on, of| time::parse(on, &of[0]),
        _ => return maths::native(name, arguments),
    })
}

fn list(val: &Val) -> &[Val] {
    match val {
        Val::Array(array) => &array.items,
        _ => &[],
    }
}

fn sortable(val: &Val) -> Result<&[Val], Fault> {
    match val {
        Val::Array(array) => Ok(&array.items),
        other => fail(format!("{} cannot be sorted, as it is not an array", other.shown())),
    }
}

fn between(left: &Val, right: &Val, what: &str) -> Outcome {
    fail(format!("{} and {} cannot be {what}", left.shown(), right.shown()))
}

fn add(left: &Val, right: &Val) -> Outcome {
    Ok(match (left, right) {
        (Val::Null, other) | (other, Val::Null) => other.clone(),
        (Val::Number(one), Val::Number(two)) => Val::Number(one + two),
        (Val::Text(one), Val::Text(two)) => {
            if one.len() + two.len() > MOST * 16 {
                return not_run("a text is too long");
            }
            Val::text([&**one, &**two].concat())
        }
        (Val::Array(one), Val::Array(two)) => {
            if one.items.len() + two.items.len() > MOST {
                return not_run("a list is too long");
            }
            Val::array([one.items.as_slice(), two.items.as_slice()].concat())
        }
        (Val::Object(one), Val::Object(two)) => {
            let mut made = (**one).clone();
            for (key, value) in &two.entries {
                made.set(Arc::clone(key), value.clone());
            }
            Val::Object(Arc::new(made))
        }
        _ => return between(left, right, "added"),
    })
}

fn subtract(left: &Val, right: &Val) -> Outcome {
    match (left, right) {
        (Val::Number(one), Val::Number(two)) => Ok(Val::Number(one - two)),
        (Val::Array(one), Val::Array(two)) => {
            let stays = |item: &&Val| !two.items.iter().any(|other| other.equals(item));
            Ok(Val::array(one.items.iter().filter(stays).cloned().collect()))
        }
        _ => between(left, right, "subtracted"),
    }
}

fn multiply(left: &Val, right: &Val) -> Outcome {
    match (left, right) {
        (Val::Number(one), Val::Number(two)) => Ok(Val::Number(one * two)),
        (Val::Text(text), Val::Number(count)) | (Val::Number(count), Val::Text(text)) => {
            // One copy for every begun one; none at all gives null.
            if *count <= 0.0 || count.is_nan() {
                return Ok(Val::Null);
            }
            #[expect(clippy::cast_precision_loss, reason = "a limit")]
            if text.len().max(1) as f64 * count > (MOST * 16) as f64 {
                return not_run("a text is too long");
            }
            let mut copies = 1;
            let mut left = count - 1.0;
            while left > 0.0 {
                left -= 1.0;
                if left >= 0.0 {
                    copies += 1;
                }
            }
            Ok(Val::text(text.repeat(copies)))
        }
        (Val::Object(one), Val::Object(two)) => Ok(merged(one, two)),
        _ => between(left, right, "multiplied"),
    }
}

fn merged(one: &Arc<super::value::Object>, two: &Arc<super::value::Object>) -> Val {
    let mut made = (**one).clone();
    for (key, value) in &two.entries {
        let value = match (made.entries.get(key), value) {
            (Some(Val::Object(one)), Val::Object(two)) => merged(one, two),
            _ => value.clone(),
        };
        made.set(Arc::clone(key), value);
    }
    Val::Object(Arc::new(made))
}

fn divide(left: &Val, right: &Val) -> Outcome {
    match (left, right) {
        (Val::Number(_), Val::Number(0.0)) => {
            fail(format!("{} and {} cannot be divided because the divisor is zero", left.shown(), right.shown()))
        }
        (Val::Number(one), Val::Number(two)) => Ok(Val::Number(one / two)),
        (Val::Text(text), Val::Text(part)) => Ok(split(text, part)),
        _ => between(left, right, "divided"),
    }
}

fn remainder(left: &Val, right: &Val) -> Outcome {
    let (Val::Number(one), Val::Number(two)) = (left, right) else {
        return between(left, right, "divided (remainder)");
    };
    // Whole numbers of 64 bits, as in C, which says nothing of others.
    if one.abs().max(two.abs()) >= 9.2e18 || one.is_nan() || two.is_nan() {
        return not_run("a remainder of very large numbers is not run here");
    }
    #[expect(clippy::cast_possible_truncation, reason = "that is how jq 1.6 does it")]
    let (one, two) = (*one as i64, (*two as i64).unsigned_abs());
    if two == 0 {
        return fail(format!(
            "{} and {} cannot be divided (remainder) because the divisor is zero",
            left.shown(),
            right.shown()
        ));
    }
    let size = one.unsigned_abs() % two;
    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles")]
    let size = size as f64;
    Ok(Val::Number(if one < 0 { -size } else { size }))
}

fn length(on: &Val) -> Outcome {
    Ok(match on {
        Val::Null => Val::Number(0.0),
        Val::Number(number) => Val::Number(number.abs()),
        Val::Text(text) => Val::count(text.chars().count()),
        Val::Array(array) => Val::count(array.items.len()),
        Val::Object(object) => Val::count(object.entries.len()),
        Val::Bool(_) => return fail(format!("{} has no length", on.shown())),
    })
}

fn keys(on: &Val, is_sorted: bool) -> Outcome {
    Ok(match on {
        Val::Array(array) => Val::array((0..array.items.len()).map(Val::count).collect()),
        Val::Object(object) if is_sorted => {
            Val::array(object.sorted_keys().into_iter().map(|key| Val::Text(Arc::clone(key))).collect())
        }
        Val::Object(object) => Val::array(object.entries.keys().map(|key| Val::Text(Arc::clone(key))).collect()),
        other => return fail(format!("{} has no keys", other.shown())),
    })
}

fn has(on: &Val, key: &Val) -> Outcome {
    match (on, key) {
        (Val::Object(object), Val::Text(key)) => Ok(Val::Bool(object.entries.contains_key(key))),
        (Val::Array(array), Val::Number(at)) => {
            #[expect(clippy::cast_precision_loss, reason = "numbers are doubles")]
            let count = array.items.len() as f64;
            Ok(Val::Bool(*at >= 0.0 && *at < count))
        }
        (Val::Null, _) => Ok(Val::Bool(false)),
        _ => fail(format!("Cannot check whether {} has a {} key", on.kind(), key.kind())),
    }
}

fn contains(all: &Val, part: &Val) -> Result<bool, Fault> {
    Ok(match (all, part) {
        (Val::Object(all), Val::Object(part)) => {
            for (key, inner) in &part.entries {
                match all.entries.get(key) {
                    Some(found) if same_kind(found, inner) => {
                        if !contains(found, inner)? {
                            return Ok(false);
                        }
                    }
                    _ => return Ok(false),
                }
            }
            true
        }
        (Val::Array(all), Val::Array(part)) => {
            for inner in &part.items {
                let mut is_found = false;
                for found in all.items.iter().filter(|found| same_kind(found, inner)) {
                    is_found = is_found || contains(found, inner)?;
                }
                if !is_found {
                    return Ok(false);
                }
            }
            true
        }
        (Val::Text(all), Val::Text(part)) => all.contains(&**part),
        (all, part) if same_kind(all, part) => all.equals(part),
        _ => {
            return fail(format!("{} and {} cannot have their containment checked", all.shown(), part.shown()));
        }
    })
}

fn same_kind(one: &Val, two: &Val) -> bool {
    match (one, two) {
        (Val::Bool(one), Val::Bool(two)) => one == two,
        _ => one.kind() == two.kind(),
    }
}

fn from_json(on: &Val) -> Outcome {
    let Val::Text(text) = on else { return fail(format!("{} cannot be parsed as JSON", on.shown())) };
    match serde_json::from_str::<Json>(text) {
        Ok(json) if depth(&json) <= MAX_DEPTH => Ok(Val::from_json(&json)),
        Ok(_) => not_run("JSON that is too deep"),
        // jq takes more than JSON here, `nan` among it, and says it in other words.
        Err(_) if text.contains("nan") || text.contains("NaN") => not_run("text that is nearly JSON"),
        Err(_) => fail(format!("text that is not JSON (while parsing '{text}')")),
    }
}

/// How deep JSON is, at most.
pub fn depth(json: &Json) -> u32 {
    match json {
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn to_number(on: &Val) -> Outcome {
    match on {
        Val::Number(_) => Ok(on.clone()),
        Val::Text(text) => {
            let trimmed = text.trim_matches(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
            let is_plain = trimmed.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
            match number(trimmed).filter(|_| is_plain) {
                Some(number) => Ok(Val::Number(number)),
                None if trimmed == "nan" => fail(format!("Invalid literal (while parsing '{text}')")),
                None => fail(format!("Invalid numeric literal (while parsing '{text}')")),
            }
        }
        other => fail(format!("{} cannot be parsed as a number", other.shown())),
    }
}

fn split(text: &str, part: &str) -> Val {
    if text.is_empty() {
        return Val::array(Vec::new());
    }
    if part.is_empty() {
        return Val::array(text.chars().map(|c| Val::text(c.encode_utf8(&mut [0; 4]))).collect());
    }
    Val::array(text.split(part).map(Val::text).collect())
}

fn implode(on: &Val) -> Outcome {
    let Val::Array(array) = on else { return fail("implode input must be an array") };
    let mut text = String::new();
    for item in &array.items {
        let Val::Number(number) = item else { return not_run("`implode` of what are no numbers") };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what does not fit is no character"
        )]
        match char::from_u32(*number as u32).filter(|_| *number >= 0.0) {
            Some(character) => text.push(character),
            None => return not_run("`implode` of what is no character"),
        }
    }
    Ok(Val::text(text))
}

/// Where a text begins in another, in bytes, as jq 1.6 counts; overlapping ones too.
fn positions(text: &str, part: &str) -> Val {
    if part.is_empty() {
        return Val::array(Vec::new());
    }
    let is_there = |at: &usize| text.as_bytes()[*at..].starts_with(part.as_bytes());
    Val::array((0..text.len()).filter(is_there).map(Val::count).collect())
}

fn order(keys: &[Val]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    // What is not a number has no order of its own, so it is put before the numbers.
    order.sort_by(|one, two| total(&keys[*one], &keys[*two]).then(one.cmp(two)));
    order
}

/// An order in which what is not a number equals itself.
fn total(one: &Val, two: &Val) -> Ordering {
    match (one, two) {
        (Val::Number(one), Val::Number(two)) if one.is_nan() || two.is_nan() => two.is_nan().cmp(&one.is_nan()),
        (Val::Array(ones), Val::Array(twos)) => {
            let pairs = ones.items.iter().zip(&twos.items);
            let first = pairs.map(|(one, two)| total(one, two)).find(|order| *order != Ordering::Equal);
            first.unwrap_or_else(|| ones.items.len().cmp(&twos.items.len()))
        }
        _ => one.compare(two),
    }
}

fn sorted(items: &[Val], keys: &[Val]) -> Outcome {
    if items.len() != keys.len() {
        return not_run("keys of another number than items");
    }
    Ok(Val::array(order(keys).into_iter().map(|at| items[at].clone()).collect()))
}

fn grouped(items: &[Val], keys: &[Val]) -> Outcome {
    if items.len() != keys.len() {
        return not_run("keys of another number than items");
    }
    let mut groups: Vec<(usize, Vec<Val>)> = Vec::new();
    for at in order(keys) {
        match groups.last_mut() {
            Some((first, group)) if total(&keys[*first], &keys[at]) == Ordering::Equal => group.push(items[at].clone()),
            _ => groups.push((at, vec![items[at].clone()])),
        }
    }
    Ok(Val::array(groups.into_iter().map(|(_, group)| Val::array(group)).collect()))
}

fn extreme(on: &Val, keys: &Val, is_most: bool) -> Outcome {
    let (Val::Array(items), Val::Array(keys)) = (on, keys) else {
        return fail(format!("{} and {} cannot be iterated over", on.shown(), keys.shown()));
    };
    let mut best: Option<usize> = None;
    for at in 0..items.items.len().min(keys.items.len()) {
        let is_better = best.is_none_or(|best| {
            let order = keys.items[at].compare(&keys.items[best]);
            if is_most { order != Ordering::Less } else { order == Ordering::Less }
        });
        if is_better {
            best = Some(at);
        }
    }
    Ok(best.map_or(Val::Null, |best| items.items[best].clone()))
}

/// What a value has under a key, or between two ends.
pub fn index(of: &Val, key: &Val) -> Outcome {
    Ok(match (of, key) {
        (Val::Object(object), Val::Text(key)) => object.entries.get(key).cloned().unwrap_or(Val::Null),
        (Val::Array(array), Val::Number(at)) => {
            #[expect(clippy::cast_possible_truncation, reason = "what does not fit is not there")]
            let at = if at.is_nan() { return Ok(Val::Null) } else { at.floor() as i64 };
            let count = i64::try_from(array.items.len()).unwrap_or(i64::MAX);
            let at = if at < 0 { at.saturating_add(count) } else { at };
            // A number with a fraction is nowhere.
            if let Val::Number(written) = key
                && written.fract() != 0.0
            {
                return Ok(Val::Null);
            }
            usize::try_from(at).ok().and_then(|at| array.items.get(at)).cloned().unwrap_or(Val::Null)
        }
        (Val::Null, Val::Text(_) | Val::Number(_)) => Val::Null,
        (Val::Null | Val::Array(_) | Val::Text(_), Val::Object(ends)) => return paths::slice(of, &ends.entries),
        (Val::Array(array), Val::Array(part)) => {
            let wanted = part.items.as_slice();
            let is_there = |at: &usize| {
                let found = array.items[*at..].iter().zip(wanted);
                array.items.len() - at >= wanted.len() && found.into_iter().all(|(one, two)| one.equals(two))
            };
            if wanted.is_empty() {
                return Ok(Val::Null);
            }
            Val::array((0..array.items.len()).filter(is_there).map(Val::count).collect())
        }
        (_, Val::Text(key)) => return fail(format!("Cannot index {} with string \"{key}\"", of.kind())),
        _ => return fail(format!("Cannot index {} with {}", of.kind(), key.kind())),
    })
}

/// An object of entries.
pub fn object<const N: usize>(entries: [(&str, Val); N]) -> Val {
    let all: IndexMap<Arc<str>, Val> = entries.into_iter().map(|(key, value)| (Arc::from(key), value)).collect();
    Val::object(all)
}

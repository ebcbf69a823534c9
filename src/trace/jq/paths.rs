//! Values at paths: read, set and deleted.

use std::sync::Arc;

use indexmap::IndexMap;

use super::natives::{Fault, Outcome, fail, index, not_run};
use super::value::{Array, Object, Val};

/// Items of a list that setting one may make.
const MOST_ITEMS: usize = 1_000_000;

/// The value at a path; null where nothing is.
pub fn get(of: &Val, path: &Val) -> Outcome {
    let Val::Array(steps) = path else { return fail("Path must be specified as an array") };
    let mut at = of.clone();
    for step in &steps.items {
        if matches!(at, Val::Null) {
            return Ok(Val::Null);
        }
        at = index(&at, step)?;
    }
    Ok(at)
}

/// A value with another value at a path.
pub fn set(of: &Val, path: &Val, value: &Val) -> Outcome {
    let Val::Array(steps) = path else { return fail("Path must be specified as an array") };
    if steps.items.len() > super::value::MAX_DEPTH as usize {
        return not_run("a path is too long");
    }
    set_at(of, &steps.items, value)
}

fn set_at(of: &Val, path: &[Val], value: &Val) -> Outcome {
    let Some((key, rest)) = path.split_first() else { return Ok(value.clone()) };
    let inner = index(of, key)?;
    let inner = set_at(&inner, rest, value)?;
    set_key(of, key, inner)
}

fn set_key(of: &Val, key: &Val, value: Val) -> Outcome {
    match (of, key) {
        (Val::Null | Val::Object(_), Val::Text(key)) => {
            let mut object = match of {
                Val::Object(object) => (**object).clone(),
                _ => Object::default(),
            };
            object.set(Arc::clone(key), value);
            Ok(Val::Object(Arc::new(object)))
        }
        (Val::Null | Val::Array(_), Val::Number(at)) => {
            let mut array = match of {
                Val::Array(array) => (**array).clone(),
                _ => Array::default(),
            };
            let count = count(array.items.len());
            let at = if *at < 0.0 { at + count } else { *at };
            if at < 0.0 {
                return fail("Out of bounds negative array index");
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is small and not negative")]
            let place = at.min(1e15) as usize;
            if place > MOST_ITEMS || at.is_nan() {
                return not_run("a list is too long");
            }
            array.set(place, value);
            Ok(Val::Array(Arc::new(array)))
        }
        (Val::Null | Val::Array(_), Val::Object(ends)) => {
            let Val::Array(new) = value else {
                return fail("A slice of an array can only be assigned another array");
            };
            let items = match of {
                Val::Array(array) => array.items.as_slice(),
                _ => &[],
            };
            let (from, to) = bounds(&ends.entries, items.len())?;
            let made = [&items[..from], new.items.as_slice(), &items[to..]].concat();
            Ok(Val::array(made))
        }
        (_, Val::Text(key)) => fail(format!("Cannot index {} with string \"{key}\"", of.kind())),
        _ => fail(format!("Cannot index {} with {}", of.kind(), key.kind())),
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers are doubles")]
fn count(count: usize) -> f64 {
    count as f64
}

/// A value without what lies at paths.
pub fn delete_all(of: &Val, paths: &Val) -> Outcome {
    let Val::Array(paths) = paths else { return fail("Paths must be specified as an array") };
    let mut all: Vec<&[Val]> = Vec::new();
    for path in &paths.items {
        match path {
            Val::Array(steps) => all.push(&steps.items),
            other => return fail(format!("Path must be specified as array, not {}", other.kind())),
        }
    }
    // The last first, so that no path moves before its turn.
    all.sort_by(|one, two| Val::array(two.to_vec()).compare(&Val::array(one.to_vec())));
    let mut of = of.clone();
    for path in all {
        of = delete(&of, path)?;
    }
    Ok(of)
}

fn delete(of: &Val, path: &[Val]) -> Outcome {
    let Some((key, rest)) = path.split_first() else { return Ok(Val::Null) };
    if matches!(of, Val::Null) {
        return Ok(Val::Null);
    }
    if rest.is_empty() {
        return delete_key(of, key);
    }
    let inner = index(of, key)?;
    if matches!(inner, Val::Null) {
        return Ok(of.clone());
    }
    let inner = delete(&inner, rest)?;
    set_key(of, key, inner)
}

fn delete_key(of: &Val, key: &Val) -> Outcome {
    match (of, key) {
        (Val::Object(object), Val::Text(key)) => {
            let entries = object.entries.iter().filter(|(known, _)| *known != key);
            Ok(Val::object(entries.map(|(key, value)| (Arc::clone(key), value.clone())).collect()))
        }
        (Val::Array(array), Val::Number(at)) => {
            let at = if *at < 0.0 { at + count(array.items.len()) } else { *at };
            let stays = |(place, _): &(usize, &Val)| (count(*place) - at.floor()).abs() > 0.5;
            Ok(Val::array(array.items.iter().enumerate().filter(stays).map(|(_, item)| item.clone()).collect()))
        }
        (Val::Array(array), Val::Object(ends)) => {
            let (from, to) = bounds(&ends.entries, array.items.len())?;
            Ok(Val::array([&array.items[..from], &array.items[to..]].concat()))
        }
        (Val::Object(_), _) => fail(format!("Cannot delete field at {} index of object", article(key))),
        (Val::Array(_), _) => fail(format!("Cannot delete {} element of array", key.kind())),
        (_, Val::Text(_)) => fail(format!("Cannot delete fields from {}", of.kind())),
        _ => fail(format!("Cannot delete field at {} index of {}", article(key), of.kind())),
    }
}

fn article(key: &Val) -> &'static str {
    key.kind()
}

/// The part of a list or a text between two ends.
pub fn slice(of: &Val, ends: &IndexMap<Arc<str>, Val>) -> Outcome {
    match of {
        Val::Null => Ok(Val::Null),
        Val::Text(text) => {
            let characters: Vec<char> = text.chars().collect();
            let (from, to) = bounds(ends, characters.len())?;
            Ok(Val::text(characters[from..to].iter().collect::<String>()))
        }
        Val::Array(array) => {
            let (from, to) = bounds(ends, array.items.len())?;
            Ok(Val::array(array.items[from..to].to_vec()))
        }
        other => fail(format!("Cannot index {} with object", other.kind())),
    }
}

/// The ends of a slice among a number of items; the first is not behind the second.
fn bounds(ends: &IndexMap<Arc<str>, Val>, items: usize) -> Result<(usize, usize), Fault> {
    let end = |name: &str, default: f64| match ends.get(name) {
        Some(Val::Null) => Ok(default),
        Some(Val::Number(number)) if !number.is_nan() => Ok(*number),
        _ => fail("Start and end indices of an array slice must be numbers"),
    };
    let most = count(items);
    let (from, to) = (end("start", 0.0)?, end("end", most)?);
    let within = |at: f64| (if at < 0.0 { at + most } else { at }).clamp(0.0, most);
    let (from, to) = (within(from).floor(), within(to).ceil());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are between 0 and the count")]
    let (from, to) = (from as usize, to as usize);
    Ok((from, to.max(from)))
}

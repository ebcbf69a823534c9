//! Regular expressions, which jq 1.6 leaves to Oniguruma.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use fancy_regex::{Captures, Regex, RegexBuilder};

use super::natives::{Fault, Outcome, fail, not_run, object};
use super::value::Val;

/// How many patterns are kept ready.
const KEPT: usize = 64;

/// Steps back that one search may take.
const BACKTRACKS: usize = 100_000;

/// How many matches one text may have.
const MOST_MATCHES: usize = 10_000;

thread_local! {
    static READY: RefCell<BTreeMap<String, Rc<Regex>>> = const { RefCell::new(BTreeMap::new()) };
}

/// All matches, or whether there is one.
pub fn matches(on: &Val, pattern: &Val, flags: &Val, is_test: bool) -> Outcome {
    let Val::Text(text) = on else {
        return fail(format!("{} cannot be matched, as it is not a string", on.shown()));
    };
    let Val::Text(pattern) = pattern else {
        return fail(format!("{} cannot be matched, as it is not a string", pattern.shown()));
    };
    let (mut is_global, mut inline) = (false, String::new());
    match flags {
        Val::Null => {}
        Val::Text(flags) => {
            for flag in flags.chars() {
                match flag {
                    'g' => is_global = true,
                    'i' => inline.push('i'),
                    'x' => inline.push('x'),
                    'p' => inline.push('s'),
                    's' => {}
                    'l' | 'n' => return not_run(format!("the flag `{flag}` is not run here")),
                    _ => return fail(format!("{flags} is not a valid modifier string")),
                }
            }
        }
        other => return fail(format!("{} is not a string", other.shown())),
    }
    // Oniguruma ends before a last line feed, and knows letters of all languages in `[[:alpha:]]`.
    if (pattern.contains('$') && text.ends_with('\n')) || (pattern.contains("[[:") && !text.is_ascii()) {
        return not_run("a pattern that is read in another way is not run here");
    }
    let regex = ready(pattern, &inline)?;
    let mut found = Vec::new();
    let mut start = 0;
    // Offsets count characters.
    let (mut counted, mut characters) = (0, 0);
    loop {
        let captures = match regex.captures_from_pos(&**text, start) {
            Ok(Some(captures)) => captures,
            Ok(None) => break,
            Err(_) => return not_run("a pattern that takes too long is not run here"),
        };
        if is_test {
            return Ok(Val::Bool(true));
        }
        let Some(whole) = captures.get(0) else { break };
        if whole.start() >= counted {
            characters += text[counted..whole.start()].chars().count();
        } else {
            characters = text[..whole.start()].chars().count();
        }
        counted = whole.start();
        if whole.range().is_empty() {
            if !text.is_ascii() && is_global {
                return not_run("a pattern that finds nothing is not run here");
            }
            found.push(object([
                ("offset", Val::count(characters)),
                ("length", Val::count(0)),
                ("string", Val::text("")),
                ("captures", Val::array(Vec::new())),
            ]));
            start += 1;
        } else {
            found.push(object([
                ("offset", Val::count(characters)),
                ("length", Val::count(whole.as_str().chars().count())),
                ("string", Val::text(whole.as_str())),
                ("captures", groups(&regex, &captures, text)),
            ]));
            start = whole.end();
        }
        if !is_global || start >= text.len() {
            break;
        }
        if found.len() >= MOST_MATCHES {
            return not_run("a text with very many matches is not run here");
        }
    }
    Ok(if is_test { Val::Bool(false) } else { Val::array(found) })
}

fn groups(regex: &Regex, captures: &Captures<'_, str>, text: &str) -> Val {
    let group = |(number, name): (usize, Option<&str>)| {
        let name = name.map_or(Val::Null, Val::text);
        match captures.get(number) {
            Some(found) => object([
                ("offset", Val::count(text[..found.start()].chars().count())),
                ("length", Val::count(found.as_str().chars().count())),
                ("string", Val::text(found.as_str())),
                ("name", name),
            ]),
            None => object([
                ("offset", Val::Number(-1.0)),
                ("string", Val::Null),
                ("length", Val::count(0)),
                ("name", name),
            ]),
        }
    };
    Val::array(regex.capture_names().enumerate().skip(1).map(group).collect())
}

fn ready(pattern: &str, inline: &str) -> Result<Rc<Regex>, Fault> {
    let written = if inline.is_empty() { pattern.to_owned() } else { format!("(?{inline}){pattern}") };
    READY.with_borrow_mut(|ready| {
        if let Some(regex) = ready.get(&written) {
            return Ok(Rc::clone(regex));
        }
        let Ok(regex) = RegexBuilder::new(&written).backtrack_limit(BACKTRACKS).build() else {
            return not_run("a pattern that is not understood here is not run");
        };
        if ready.len() >= KEPT {
            ready.clear();
        }
        let regex = Rc::new(regex);
        ready.insert(written, Rc::clone(&regex));
        Ok(regex)
    })
}

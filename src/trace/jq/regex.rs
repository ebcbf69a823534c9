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
    let mut found = Vec::new();
    let is_match = search(on, pattern, flags, |one| {
        if !is_test {
            let &Found { regex, captures, text, offset } = one;
            let Some(whole) = captures.get(0) else { return true };
            let is_empty = whole.range().is_empty();
            found.push(object([
                ("offset", Val::count(offset)),
                ("length", Val::count(whole.as_str().chars().count())),
                ("string", Val::text(whole.as_str())),
                ("captures", if is_empty { Val::array(Vec::new()) } else { groups(regex, captures, text) }),
            ]));
        }
        !is_test
    })?;
    Ok(if is_test { Val::Bool(is_match) } else { Val::array(found) })
}

/// The text with another in the place of the first match, or with `g` of all: what `sub` and `gsub` make with a text that
/// does not depend on the match. What is left after a match is a text of its own, so `^` is found again.
pub fn replaced(on: &Val, pattern: &Val, text: &str, flags: &Val) -> Outcome {
    let Search { text: whole, regex, is_global } = Search::read(on, pattern, flags)?;
    let (mut out, mut left) = (String::new(), whole);
    for matches in 0.. {
        if matches >= MOST_MATCHES {
            return not_run("a text with very many matches is not run here");
        }
        let found = match regex.find(left) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(_) => return not_run("a pattern that takes too long is not run here"),
        };
        if is_global && found.range().is_empty() && found.start() < left.len() {
            return not_run("`gsub` with a pattern that finds nothing is not run here");
        }
        out.push_str(&left[..found.start()]);
        out.push_str(text);
        left = &left[found.end()..];
        if !is_global || left.is_empty() {
            break;
        }
    }
    out.push_str(left);
    Ok(Val::text(out))
}

/// A match.
struct Found<'a> {
    regex: &'a Regex,
    captures: &'a Captures<'a, str>,
    text: &'a str,
    /// Characters before it.
    offset: usize,
}

/// A text, what is looked for in it, and whether all matches count.
struct Search<'a> {
    text: &'a str,
    regex: Rc<Regex>,
    is_global: bool,
}

impl<'a> Search<'a> {
    fn read(on: &'a Val, pattern: &Val, flags: &Val) -> Result<Self, Fault> {
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
        Ok(Self { text, regex, is_global })
    }
}

/// Goes through the matches until it is told to stop; says whether there was one.
fn search(on: &Val, pattern: &Val, flags: &Val, mut each: impl FnMut(&Found<'_>) -> bool) -> Result<bool, Fault> {
    let Search { text, regex, is_global } = Search::read(on, pattern, flags)?;
    let (mut start, mut matches) = (0, 0);
    // Offsets count characters.
    let (mut counted, mut offset) = (0, 0);
    loop {
        let captures = match regex.captures_from_pos(text, start) {
            Ok(Some(captures)) => captures,
            Ok(None) => break,
            Err(_) => return not_run("a pattern that takes too long is not run here"),
        };
        let Some(whole) = captures.get(0) else { break };
        if whole.start() >= counted {
            offset += text[counted..whole.start()].chars().count();
        } else {
            offset = text[..whole.start()].chars().count();
        }
        counted = whole.start();
        matches += 1;
        if !each(&Found { regex: &regex, captures: &captures, text, offset }) {
            break;
        }
        if whole.range().is_empty() {
            if !text.is_ascii() && is_global {
                return not_run("a pattern that finds nothing is not run here");
            }
            start += 1;
        } else {
            start = whole.end();
        }
        if !is_global || start >= text.len() {
            break;
        }
        if matches >= MOST_MATCHES {
            return not_run("a text with very many matches is not run here");
        }
    }
    Ok(matches > 0)
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

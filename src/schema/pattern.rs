//! The engines that match patterns.

use std::sync::OnceLock;

use super::model::{Matcher, Pattern};

/// What most patterns need a few thousand steps of at most; a pattern beyond it is not decided.
const BACKTRACK_LIMIT: usize = 100_000;

/// The engine that a pattern needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Linear in time; the classes `\d`, `\w` and `\s` are ASCII.
    Linear,
    /// Knows look-around, back-references and Unicode classes.
    Backtracking,
}

struct Linear(regex_lite::Regex);

struct Backtracking(fancy_regex::Regex);

/// A pattern with Unicode classes: the tables of `\p{L}` cost 0.6 ms, and most texts do not need them.
struct Ascii {
    within: regex_lite::Regex,
    pattern: String,
    full: OnceLock<Option<fancy_regex::Regex>>,
}

struct Undecided;

impl Matcher for Linear {
    fn is_match(&self, text: &str) -> Option<bool> {
        Some(self.0.is_match(text))
    }
}

impl Matcher for Backtracking {
    fn is_match(&self, text: &str) -> Option<bool> {
        self.0.is_match(text).ok()
    }
}

impl Matcher for Ascii {
    fn is_match(&self, text: &str) -> Option<bool> {
        if text.is_ascii() {
            return Some(self.within.is_match(text));
        }
        self.full.get_or_init(|| backtracking(&self.pattern)).as_ref()?.is_match(text).ok()
    }
}

impl Matcher for Undecided {
    fn is_match(&self, _: &str) -> Option<bool> {
        None
    }
}

/// The cheapest engine that understands a pattern.
pub fn engine(pattern: &str) -> Option<Engine> {
    compile(pattern).map(|(engine, _)| engine)
}

/// The same for a pattern that is needed once.
pub fn matches(pattern: &str, text: &str) -> Option<bool> {
    compile(pattern)?.1.is_match(text)
}

/// Whether the pattern is found in a text; nothing if no engine can tell.
pub(super) fn is_match(pattern: &Pattern, text: &str) -> Option<bool> {
    pattern.is_match(text, |pattern| compile(pattern).map_or(Box::new(Undecided), |(_, matcher)| matcher))
}

// `regex` would need 0.6 ms a pattern on average and 78 ms for the worst, regex-lite 12 µs.
fn compile(pattern: &str) -> Option<(Engine, Box<dyn Matcher>)> {
    if let Ok(regex) = regex_lite::Regex::new(pattern) {
        return Some((Engine::Linear, Box::new(Linear(regex))));
    }
    if let Some(within) = in_ascii(pattern).and_then(|pattern| regex_lite::Regex::new(&pattern).ok()) {
        let matcher = Ascii { within, pattern: pattern.to_owned(), full: OnceLock::new() };
        return Some((Engine::Backtracking, Box::new(matcher)));
    }
    Some((Engine::Backtracking, Box::new(Backtracking(backtracking(pattern)?))))
}

fn backtracking(pattern: &str) -> Option<fancy_regex::Regex> {
    fancy_regex::RegexBuilder::new(pattern).backtrack_limit(BACKTRACK_LIMIT).build().ok()
}

/// The same pattern for texts that are ASCII; nothing if it has no class to rewrite.
fn in_ascii(pattern: &str) -> Option<String> {
    let mut rest = pattern;
    let mut result = String::new();
    let mut in_class = false;
    while let Some(next) = rest.chars().next() {
        let class = UNICODE_CLASSES.iter().find(|(name, _)| rest.starts_with(name));
        let step = match (class, next) {
            (Some((name, _)), _) => name.len(),
            (None, '\\') => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            _ => next.len_utf8(),
        };
        let (token, after) = rest.split_at(step);
        match class {
            Some((_, ascii)) if in_class => result.push_str(ascii),
            Some((_, ascii)) => result.extend(["[", ascii, "]"]),
            None => result.push_str(token),
        }
        in_class = match next {
            '[' => true,
            ']' => false,
            _ => in_class,
        };
        rest = after;
    }
    (result != pattern).then_some(result)
}

/// Unicode classes with what they hold of ASCII, to stand between brackets.
///
/// Source: Unicode Character Database, general categories.
const UNICODE_CLASSES: &[(&str, &str)] = &[
    (r"\p{L}", "A-Za-z"),
    (r"\p{N}", "0-9"),
    (r"\p{Z}", " "),
    (r"\p{Zs}", " "),
    (r"\p{P}", r"!-#%-*,-/:;?@\[-\]_{}"),
    (r"\p{S}", r"$+<=>\^`|~"),
    (r"\p{C}", r"\x00-\x1F\x7F"),
    (r"\p{Cc}", r"\x00-\x1F\x7F"),
    (r"\P{C}", r"\x20-\x7E"),
    // No mark is ASCII. A class of nothing else is then empty, which regex-lite refuses: the other engine takes it.
    (r"\p{M}", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_around_needs_backtracking() {
        assert_eq!(engine("^[a-z]+$"), Some(Engine::Linear));
        assert_eq!(engine("^(?!aws:)"), Some(Engine::Backtracking));
        assert_eq!(engine("["), None);
    }

    #[test]
    fn classes_of_unicode_are_the_same_within_ascii_and_reach_beyond_it() {
        for (class, _) in UNICODE_CLASSES {
            for pattern in [format!("^[x{class}]$"), format!("^[^x{class}]$"), format!("^(x|{class})$")] {
                let full = backtracking(&pattern).expect("a pattern");
                for character in (0..=127u8).map(char::from) {
                    let text = character.to_string();
                    let expected = full.is_match(&text).ok();
                    assert_eq!(is_match(&Pattern::new(&pattern), &text), expected, "{pattern} {character:?}");
                }
            }
        }
        assert_eq!(is_match(&Pattern::new(r"^[\p{L}]$"), "ä"), Some(true));
        assert_eq!(is_match(&Pattern::new(r"^[\p{L}]$"), "–"), Some(false));
    }

    #[test]
    fn a_pattern_that_no_engine_understands_decides_nothing() {
        assert_eq!(is_match(&Pattern::new("["), "a"), None);
    }

    #[test]
    fn a_pattern_that_backtracks_without_end_decides_nothing() {
        let pattern = Pattern::new(r"^(?=x)?(a|a|b)*\1c$");
        assert_eq!(is_match(&pattern, &"a".repeat(60)), None);
        assert_eq!(is_match(&Pattern::new("^(?!a)"), "b"), Some(true));
    }
}

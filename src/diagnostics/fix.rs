//! Changes of a text that mend findings: what is certain enough to be made without a question.
//!
//! Who reports a finding proposes a change ([`Proposal`]); what the text says at the place decides, when all findings
//! are finished, whether there is a [`Fix`]. So no rule needs to know how a value is written.

use serde::Serialize;

use crate::source::{Sources, Span};

/// A change of the text that mends a finding for certain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words.
    pub title: String,
    /// What it replaces; the ranges do not overlap.
    pub edits: Vec<Edit>,
}

/// A range of bytes and the text in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// What would mend a finding, if the text at its place allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposal {
    /// A name gives way to the one that was meant.
    Name {
        /// What the text says, without quotes.
        given: String,
        /// What is meant.
        meant: String,
    },
    /// A number or a truth value becomes text.
    Quote,
    /// Text becomes the number that it spells.
    Number,
    /// Text becomes the truth value that it spells.
    Boolean,
    /// Text gets this behind it.
    Append(&'static str),
    /// Text becomes the argument of a function of CloudFormation, named by its tag.
    Call(&'static str),
}

/// What plain YAML may take for something else than text, in small letters.
///
/// Source: YAML 1.2.2, section 10.3.2 (core schema), and YAML 1.1, type "bool", as older readers know it.
const NOT_TEXT: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// Letters that a word needs before one wrong letter in it is a slip and not another word, as `HTTP` and `HTTPS` are.
const LEAST_LETTERS: usize = 5;

/// Letters that a word needs before two of them in the wrong order are a slip.
const LEAST_SWAPPED: usize = 4;

impl Proposal {
    /// The change that this means at a place; `None` where the text there does not say what was thought.
    pub fn settle(&self, span: Span, sources: &Sources) -> Option<Fix> {
        let raw = sources.text(span);
        let quoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let quoted = quoted.or_else(|| raw.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')));
        let (title, span, text) = match self {
            Self::Name { given, meant } => {
                if !is_plain(meant) {
                    return None;
                }
                let (start, written) = quoted.map_or((0, raw), |inner| (1, inner));
                // An attribute may follow.
                let rest = written.strip_prefix(given.as_str())?;
                if given.is_empty() || !(rest.is_empty() || rest.starts_with('.')) {
                    return None;
                }
                let span = span.slice(start, start + given.len());
                (format!("write `{meant}`"), span, meant.clone())
            }
            Self::Quote => {
                let simple = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '+' | '-');
                if raw.is_empty() || !raw.chars().all(simple) {
                    return None;
                }
                (format!("write `\"{raw}\"`"), span, format!("\"{raw}\""))
            }
            Self::Number => {
                let number = quoted.filter(|inner| is_decimal(inner))?;
                (format!("write `{number}`"), span, number.to_owned())
            }
            Self::Boolean => {
                let word = match quoted.unwrap_or(raw).to_ascii_lowercase().as_str() {
                    "true" | "yes" | "on" => "true",
                    "false" | "no" | "off" => "false",
                    _ => return None,
                };
                (format!("write `{word}`"), span, word.to_owned())
            }
            Self::Append(more) => {
                // What quotes would hide, or end, is left to people.
                let inside = raw.len() - usize::from(quoted.is_some());
                if raw.is_empty() || raw.contains('\n') || raw.starts_with(['"', '|', '>']) || raw.contains('#') {
                    return None;
                }
                (format!("add `{}`", more.trim()), span.slice(inside, inside), (*more).to_owned())
            }
            Self::Call(tag) => {
                // JSON has no tags, and a block of text has more than one line to put one before.
                let json = sources.get(span.file).text.trim_start().starts_with('{');
                if json || raw.is_empty() || raw.contains('\n') || raw.starts_with(['|', '>', '!', '&']) {
                    return None;
                }
                (format!("write `!{tag} …`"), Span { end: span.start, ..span }, format!("!{tag} "))
            }
        };
        Some(Fix { title, edits: vec![Edit { span, text }] })
    }
}

/// Whether a name is the same text plain and in quotes, in YAML and in JSON.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':'))
        && !NOT_TEXT.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a text is a number that JSON and YAML read alike.
fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    // More digits than a double keeps would not stay the same number.
    digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(digits) && text.len() <= 15
}

/// The one name among `known` that `given` is for certain: it differs in case and separators alone, or by one slip in
/// one word. `None` where two names would fit.
pub fn certain<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (mut same, mut near): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for name in known {
        if joined(name) == joined(given) {
            same.push(name);
        } else if is_slip(given, name) {
            near.push(name);
        }
    }
    let mut fitting = if same.is_empty() { near } else { same };
    fitting.sort_unstable();
    fitting.dedup();
    match fitting.as_slice() {
        [one] if *one != given => Some(one),
        _ => None,
    }
}

const SEPARATORS: [char; 5] = ['-', '_', '.', ':', '/'];

fn joined(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Whether two names differ by one letter in one word. A short word or a digit may be another on purpose, and so may the
/// first letter (`symmetric`, `asymmetric`).
fn is_slip(given: &str, name: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.to_lowercase().split(SEPARATORS).map(str::to_owned).collect() };
    let (given, name) = (words(given), words(name));
    let mut differing = given.iter().zip(&name).filter(|(one, other)| one != other);
    let (Some((one, other)), None) = (differing.next(), differing.next()) else { return false };
    let digits = |word: &str| -> String { word.chars().filter(char::is_ascii_digit).collect() };
    let sorted = |word: &str| -> Vec<char> {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let least = if sorted(one) == sorted(other) { LEAST_SWAPPED } else { LEAST_LETTERS };
    given.len() == name.len()
        && one.chars().count().min(other.chars().count()) >= least
        && one.chars().next() == other.chars().next()
        && digits(one) == digits(other)
        && strsim::osa_distance(one, other) == 1
}

/// Applies edits to a text. One that overlaps another that was applied is left for the next time, and so is one that
/// does not fall on characters. Returns the text, and for each edit whether it was applied.
pub fn apply(text: &str, edits: &[&Edit]) -> (String, Vec<bool>) {
    let mut order: Vec<usize> = (0..edits.len()).collect();
    order.sort_by_key(|at| (edits[*at].span.start, edits[*at].span.end));
    let mut applied = vec![false; edits.len()];
    let (mut changed, mut end) = (String::with_capacity(text.len()), 0);
    for at in order {
        let range = edits[at].span.range();
        let Some(before) = text.get(end..range.start) else { continue };
        if text.get(range.clone()).is_none() || (range.start == end && end > 0 && range.is_empty()) {
            continue;
        }
        changed.push_str(before);
        changed.push_str(&edits[at].text);
        end = range.end;
        applied[at] = true;
    }
    changed.push_str(text.get(end..).unwrap_or_default());
    (changed, applied)
}

/// A fix in the report for programs.
#[derive(Debug, Serialize)]
pub(super) struct FixEntry<P> {
    pub title: String,
    pub edits: Vec<EditEntry<P>>,
}

/// An edit in the report for programs.
#[derive(Debug, Serialize)]
pub(super) struct EditEntry<P> {
    #[serde(flatten)]
    pub place: P,
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_or_another_way_of_writing_is_certain() {
        let known = ["expire_after_days", "kind", "versions", "s3-bucket", "GZIP", "us-east-1", "orders-a"];
        for (given, meant) in [
            ("expires_after_days", "expire_after_days"),
            ("expire_after_dyas", "expire_after_days"),
            ("expireAfterDays", "expire_after_days"),
            ("Expire-After-Days", "expire_after_days"),
            ("Kind", "kind"),
            ("s3-bukket", "s3-bucket"),
            ("s3_bucket", "s3-bucket"),
            ("gzip", "GZIP"),
        ] {
            assert_eq!(certain(given, known), Some(meant), "{given}");
        }
        for given in ["bucket", "kin", "us-east-2", "orders-b", "version_x", "expire_after", "kind", ""] {
            assert_eq!(certain(given, known), None, "{given}");
        }
    }

    #[test]
    fn two_that_would_fit_are_not_certain() {
        assert_eq!(certain("stork", ["stock", "store", "storm"]), None);
        assert_eq!(certain("some_name", ["some-name", "someName"]), None);
        assert_eq!(certain("some-nmae", ["some-name", "some-name"]), Some("some-name"));
    }

    #[test]
    fn another_word_is_not_certain() {
        for (given, known) in
            [("HTTP", "HTTPS"), ("HTTPS", "HTTP"), ("sync", "async"), ("asymmetric", "symmetric"), ("read", "head")]
        {
            assert_eq!(certain(given, [known]), None, "{given}");
        }
        assert_eq!(certain("gzpi", ["gzip"]), Some("gzip"));
    }

    fn settled(text: &str, proposal: &Proposal) -> Option<String> {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", text);
        let fix = proposal.settle(Span::new(file, 0, text.len()), &sources)?;
        Some(apply(text, &fix.edits.iter().collect::<Vec<_>>()).0)
    }

    #[test]
    fn only_what_stands_there_as_thought_is_replaced() {
        let name = |meant: &str| Proposal::Name { given: "gzpi".to_owned(), meant: meant.to_owned() };
        assert_eq!(settled("gzpi", &name("gzip")).as_deref(), Some("gzip"));
        assert_eq!(settled("\"gzpi\"", &name("gzip")).as_deref(), Some("\"gzip\""));
        assert_eq!(settled("'gzpi'", &name("gzip")).as_deref(), Some("'gzip'"));
        assert_eq!(settled("gzpi.Arn", &name("gzip")).as_deref(), Some("gzip.Arn"));
        for text in ["*gzpi", "\"gz\\x70i\"", "{{ gzpi }}", "gzpi-a", ""] {
            assert_eq!(settled(text, &name("gzip")), None, "{text}");
        }
        for meant in ["off", "NULL", "1.5", "a b", "a:", "-a", "a#"] {
            assert_eq!(settled("gzpi", &name(meant)), None, "{meant}");
        }
    }

    #[test]
    fn a_value_of_another_type_keeps_its_digits() {
        assert_eq!(settled("0123", &Proposal::Quote).as_deref(), Some("\"0123\""));
        assert_eq!(settled("1.50", &Proposal::Quote).as_deref(), Some("\"1.50\""));
        assert_eq!(settled("*a", &Proposal::Quote), None);
        assert_eq!(settled("\"30\"", &Proposal::Number).as_deref(), Some("30"));
        assert_eq!(settled("'-0.5'", &Proposal::Number).as_deref(), Some("-0.5"));
        for text in ["\"030\"", "\"1e5\"", "\"\"", "\"1.\"", "\"9007199254740993000\"", "30"] {
            assert_eq!(settled(text, &Proposal::Number), None, "{text}");
        }
        assert_eq!(settled("Yes", &Proposal::Boolean).as_deref(), Some("true"));
        assert_eq!(settled("\"off\"", &Proposal::Boolean).as_deref(), Some("false"));
        assert_eq!(settled("maybe", &Proposal::Boolean), None);
    }

    #[test]
    fn an_edit_that_overlaps_waits() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "");
        let edit = |start, end, text: &str| Edit { span: Span::new(file, start, end), text: text.to_owned() };
        let edits = [edit(4, 6, "B"), edit(0, 2, "A"), edit(5, 7, "C"), edit(9, 99, "D"), edit(7, 8, "E")];
        let (text, applied) = apply("aa: bbcé\n", &edits.iter().collect::<Vec<_>>());
        assert_eq!(text, "A: Bcé\n");
        assert_eq!(applied, [true, true, false, false, false], "a range inside of a character is none");
    }
}

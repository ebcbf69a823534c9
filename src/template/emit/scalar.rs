//! Texts and numbers of YAML, written so that readers of YAML 1.1 and of YAML 1.2 agree on them.
//!
//! Half of the tools that meet a template read YAML 1.1, where `on` is a boolean and `1:30` is
//! ninety; the others read YAML 1.2. A text is plain only where neither could take it for anything
//! else.

use std::fmt::Write;

/// Characters that mean something to YAML at the start of a plain scalar, or are reserved there.
const INDICATORS: &[char] =
    &['-', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'];

/// Words that are a boolean, a null, a number or a directive in one of the two versions, in any case.
///
/// Source: the type repository of YAML 1.1 and the core schema of YAML 1.2.
const WORDS: &[&str] =
    &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".inf", "+.inf", ".nan", "=", "<<"];

/// A text on one line, plain where that is safe and quoted otherwise.
pub(super) fn text(text: &str) -> String {
    let special = text.chars().filter(|c| matches!(c, '"' | '\\')).count();
    if is_plain(text) {
        text.to_owned()
    } else if special > text.matches('\'').count() && !text.chars().any(is_escaped) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double_quoted(text)
    }
}

/// A number with a fraction or an exponent that both versions take for one.
///
/// YAML 1.1 knows an exponent only after a decimal point and only with its sign: `1e16` is text.
pub(super) fn number(number: &serde_json::Number) -> String {
    let text = number.to_string();
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return text };
    let fraction = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    format!("{mantissa}{fraction}e{sign}{exponent}")
}

/// Whether a text of several lines can be a literal block, exactly and visibly.
pub(super) fn fits_block(text: &str) -> bool {
    let last = text.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
    // Readers disagree where the text ends if its last line is blank.
    text.contains('\n')
        && !last.trim_matches([' ', '\t']).is_empty()
        && text.chars().all(|c| matches!(c, '\n' | '\t') || !is_escaped(c))
}

/// What follows the `|` of a literal block that holds this text, indented by two.
pub(super) fn block_header(text: &str) -> &'static str {
    // Without a number, readers measure the first line that is not empty.
    let measured = !text.trim_start_matches('\n').starts_with([' ', '\t']);
    match (measured, text.len() - text.trim_end_matches('\n').len()) {
        (true, 0) => "-",
        (true, 1) => "",
        (true, _) => "+",
        (false, 0) => "2-",
        (false, 1) => "2",
        (false, _) => "2+",
    }
}

/// A text between double quotes, whatever is in it.
pub(super) fn double_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_escaped(c) => {
                // Writing to a string does not fail.
                let _ = match u32::from(c) {
                    code @ 0..=0xFF => write!(out, "\\x{code:02X}"),
                    code => write!(out, "\\u{code:04X}"),
                };
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn is_plain(text: &str) -> bool {
    !(text.is_empty()
        || text.starts_with(INDICATORS)
        || text.starts_with("...")
        || text.starts_with(' ')
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
        || text.chars().any(is_escaped)
        || looks_like_number(text)
        || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)))
}

/// Whether a text starts like a number and holds nothing but what numbers, times and dates are made of.
///
/// That is more than any reader should take for one; quotes around `1.2.3` do no harm. `e1` counts,
/// because the YAML 1.1 of npm's `yaml`, which many editors use, reads a number that is none.
fn looks_like_number(text: &str) -> bool {
    text.strip_prefix(['e', 'E'])
        .unwrap_or(text)
        .starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.chars().all(|c| c.is_ascii_hexdigit() || "+-.,:_ xXoOtTzZ".contains(c))
}

/// Whether a character is written as an escape: what YAML cannot hold, what some reader breaks a
/// line at or drops, and what makes a line look different from what it says.
fn is_escaped(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
            // Marks of writing direction, which reorder what surrounds them.
            | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

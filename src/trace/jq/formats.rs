//! Formats of texts: `@csv` and its like.

use std::fmt::Write as _;

use super::natives::{Fault, fail};
use super::value::{Val, number_text};

/// A value in a format. Source: jq 1.6 manual, "Format strings and escaping".
pub fn format(name: &str, val: &Val) -> Result<String, Fault> {
    Ok(match name {
        "text" => val.display().to_string(),
        "json" => val.dump(),
        "csv" => return row(val, "csv", ",", |text| format!("\"{}\"", text.replace('"', "\"\""))),
        "tsv" => return row(val, "tsv", "\t", tabbed),
        "html" => escaped(&val.display()),
        "uri" => percent(&val.display()),
        "sh" => return shell(val),
        "base64" => encoded(val.display().as_bytes()),
        "base64d" => return decoded(&val.display()),
        other => return fail(format!("{other} is not a valid format")),
    })
}

fn row(val: &Val, name: &str, between: &str, quoted: impl Fn(&str) -> String) -> Result<String, Fault> {
    let Val::Array(array) = val else {
        return fail(format!("{} cannot be {name}-formatted, only array", val.shown()));
    };
    let mut cells = Vec::new();
    for item in &array.items {
        cells.push(match item {
            Val::Null => String::new(),
            Val::Bool(value) => value.to_string(),
            Val::Number(number) if number.is_nan() => String::new(),
            Val::Number(number) => number_text(*number),
            Val::Text(text) => quoted(text),
            other => return fail(format!("{} is not valid in a {name} row", other.shown())),
        });
    }
    Ok(cells.join(between))
}

fn tabbed(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn shell(val: &Val) -> Result<String, Fault> {
    let items = match val {
        Val::Array(array) => array.items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut words = Vec::new();
    for item in items {
        words.push(match item {
            Val::Text(text) => format!("'{}'", text.replace('\'', "'\\''")),
            Val::Array(_) | Val::Object(_) => {
                return fail(format!("{} can not be escaped for shell", item.shown()));
            }
            other => other.dump(),
        });
    }
    Ok(words.join(" "))
}

/// Source: RFC 4648, section 4.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encoded(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().enumerate().fold(0_u32, |bits, (at, byte)| bits | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            if at <= chunk.len() {
                let digit = (bits >> (18 - 6 * at)) & 63;
                out.push(char::from(DIGITS[digit as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn decoded(text: &str) -> Result<String, Fault> {
    let shown = || Val::text(text).shown();
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits.bytes() {
        let Some(value) = DIGITS.iter().position(|known| *known == digit) else {
            return fail(format!("{} is not valid base64 data", shown()));
        };
        bits = (bits << 6 | u32::try_from(value).unwrap_or(0)) & 0x00ff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 255).unwrap_or(0));
        }
    }
    if count == 6 {
        return fail(format!("{} trailing base64 byte found", shown()));
    }
    Ok(read_utf8(&bytes))
}

/// Bytes as text, as jq 1.6 reads them: a character that would go on after the end takes all that is left with it.
fn read_utf8(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut rest = bytes;
    while let Some(&first) = rest.first() {
        let length = match first {
            0..0x80 => 1,
            0xC2..0xE0 => 2,
            0xE0..0xF0 => 3,
            0xF0..0xF5 => 4,
            _ => 0,
        };
        let is_more = |byte: &&u8| (0x80..0xC0).contains(*byte);
        let taken = match length {
            0 => 1,
            length if length > rest.len() => rest.len(),
            length => 1 + rest[1..length].iter().take_while(is_more).count(),
        };
        match core::str::from_utf8(&rest[..taken]) {
            Ok(character) if taken == length => text.push_str(character),
            _ => text.push(char::REPLACEMENT_CHARACTER),
        }
        rest = &rest[taken..];
    }
    text
}

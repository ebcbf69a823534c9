//! JSON to the same tree.
//!
//! YAML's parser would read most JSON, but not say what is wrong with the rest: it takes `{"a":1 "b":2}` for one key
//! with a long text, allows a comma at the end, and knows no JSON in its messages.

use super::members::Members;
use super::place::unescape;
use super::scalar::report_number;
use super::{Data, Entry, Key, MAX_DEPTH, Node, Scalar, Style, mistake, yaml};
use crate::diagnostics::Sink;
use crate::source::{FileId, Span};

codes! {
    /// The file is not JSON.
    ///
    /// A file whose name ends in `.json`, or that begins like JSON and is not YAML either, is read strictly as JSON:
    /// no comments, no comma at the end, names in double quotes.
    ///
    /// ```yaml
    /// {"blueprint": "example" "version": "1.0.0", "components": {"archive": {"kind": "s3-bucket"}}}
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// {"blueprint": "example", "version": "1.0.0", "components": {"archive": {"kind": "s3-bucket"}}}
    /// ```
    ///
    /// Source: RFC 8259; CloudFormation follows ECMA-404.
    MALFORMED_JSON = Error "malformed-json";
}

struct Stopped;

/// Reads a JSON file.
pub(super) fn read(file: FileId, text: &str, sink: &mut Sink) -> Option<Node> {
    let mut reader = Reader { file, text, at: 0, sink };
    reader.blanks();
    if reader.at == text.len() {
        sink.report(&yaml::EMPTY_DOCUMENT, Span::new(file, 0, 0), "the file contains no value")
            .help("a JSON file contains one value");
        return None;
    }
    let node = reader.value(0).ok()?;
    reader.blanks();
    if reader.at < text.len() {
        reader.unexpected("nothing after the value").ok()?;
    }
    Some(node)
}

/// Whether the text begins as only JSON does: a brace and a name in double quotes, or a bracket and such a brace.
pub(super) fn begins_like_json(text: &str) -> bool {
    let mut rest = text.trim_start();
    while let Some(inner) = rest.strip_prefix('[') {
        rest = inner.trim_start();
    }
    rest.strip_prefix('{').is_some_and(|inner| inner.trim_start().starts_with('"'))
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    sink: &'a mut Sink,
}

impl Reader<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    /// Takes the character if it is next.
    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn unexpected(&mut self, expected: &str) -> Result<(), Stopped> {
        let found = self.peek();
        let span = self.span(self.at, self.at + found.map_or(0, char::len_utf8));
        let given = found.map_or("the end of the file".to_owned(), |found| format!("`{found}`"));
        let help = match found {
            Some('/' | '#') => "JSON has no comments: remove it, or name the file `.yaml`",
            Some('\'') => "JSON has double quotes only",
            Some('}' | ']') => "remove the comma before it",
            Some('"' | '{' | '[') => "put a comma between the two values",
            Some('N' | 'T' | 'F') => "JSON writes `null`, `true` and `false`",
            _ => "see RFC 8259 for what JSON is, or name the file `.yaml` if it is YAML",
        };
        self.sink.report(&MALFORMED_JSON, span, format!("{given}, expected {expected}")).help(help);
        Err(Stopped)
    }

    /// A value. Recursion ends at [`MAX_DEPTH`].
    fn value(&mut self, depth: usize) -> Result<Node, Stopped> {
        let start = self.at;
        let data = match self.peek() {
            Some(open @ ('{' | '[')) => {
                if depth == MAX_DEPTH {
                    yaml::too_deep(self.span(start, start + 1), self.sink);
                    return Err(Stopped);
                }
                self.at += 1;
                if open == '{' { Data::Map(self.members(start, depth)?) } else { Data::List(self.items(start, depth)?) }
            }
            Some('"') => Data::String(Scalar { text: self.string()?, style: Style::Double, pieces: Vec::new() }),
            Some('-' | '0'..='9') => self.number()?,
            _ => {
                let rest = &self.text[self.at..];
                let word = &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len())];
                let data = match word {
                    "null" => Data::Null,
                    "true" => Data::Bool(true),
                    "false" => Data::Bool(false),
                    _ => {
                        self.unexpected("a value")?;
                        return Err(Stopped);
                    }
                };
                self.at += word.len();
                data
            }
        };
        Ok(Node { span: self.span(start, self.at), tag: None, data })
    }

    fn items(&mut self, open: usize, depth: usize) -> Result<Vec<Node>, Stopped> {
        let mut nodes = Vec::new();
        self.blanks();
        if self.take(']') {
            return Ok(nodes);
        }
        loop {
            self.blanks();
            self.at_end(open)?;
            nodes.push(self.value(depth + 1)?);
            self.blanks();
            self.at_end(open)?;
            if self.take(']') {
                return Ok(nodes);
            }
            if !self.take(',') {
                self.unexpected("`,` or `]`")?;
            }
        }
    }

    fn members(&mut self, open: usize, depth: usize) -> Result<Vec<Entry>, Stopped> {
        let mut members = Members::default();
        self.blanks();
        if self.take('}') {
            return Ok(members.into_entries());
        }
        loop {
            self.blanks();
            self.at_end(open)?;
            let start = self.at;
            if self.peek() != Some('"') {
                self.unexpected("a name in double quotes")?;
            }
            let key = Key { text: self.string()?, span: self.span(start, self.at) };
            self.blanks();
            if !self.take(':') {
                self.unexpected("`:`")?;
            }
            self.blanks();
            self.at_end(open)?;
            let admitted = members.admit(&key, self.sink);
            let value = self.value(depth + 1)?;
            if admitted {
                members.push(key, value);
            }
            self.blanks();
            self.at_end(open)?;
            if self.take('}') {
                return Ok(members.into_entries());
            }
            if !self.take(',') {
                self.unexpected("`,` or `}`")?;
            }
        }
    }

    /// Reports the bracket that is open when the text ends.
    fn at_end(&mut self, open: usize) -> Result<(), Stopped> {
        if self.at < self.text.len() {
            return Ok(());
        }
        mistake::unclosed_bracket(self.span(open, open + 1), &self.text[open..=open], self.sink);
        Err(Stopped)
    }

    fn string(&mut self) -> Result<String, Stopped> {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            text.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => {
                    let rest = &self.text[self.at..];
                    let known = rest[1..].starts_with(['"', '\\', '/', 'b', 'f', 'n', 'r', 't', 'u']);
                    let length = match unescape(rest) {
                        Ok((character, length)) if known => {
                            text.push(character);
                            length
                        }
                        Ok((_, length)) | Err(length) => {
                            mistake::invalid_escape(self.span(self.at, self.at + length), &rest[..length], self.sink);
                            return Err(Stopped);
                        }
                    };
                    self.at += length;
                }
                Some('\t') => {
                    self.unexpected("`\\t` for a tab inside a text")?;
                }
                _ => {
                    mistake::unclosed_quote(self.span(start, start + 1), "\"", self.sink);
                    return Err(Stopped);
                }
            }
        }
    }

    fn number(&mut self) -> Result<Data, Stopped> {
        let start = self.at;
        let rest = &self.text[start..];
        let written =
            &rest[..rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len())];
        self.at += written.len();
        let span = self.span(start, self.at);
        if !is_number(written) {
            self.sink
                .report(&MALFORMED_JSON, span, format!("`{written}` is no number of JSON"))
                .help("no leading zeros, a digit on both sides of the point; write texts in double quotes");
            return Err(Stopped);
        }
        let number = if written.contains(['.', 'e', 'E']) {
            written.parse().ok().and_then(serde_json::Number::from_f64)
        } else {
            written.parse::<i64>().map(Into::into).or_else(|_| written.parse::<u64>().map(Into::into)).ok()
        };
        Ok(number.map_or_else(
            || {
                report_number(written, span, self.sink);
                Data::String(Scalar { text: written.to_owned(), style: Style::Plain, pieces: Vec::new() })
            },
            Data::Number,
        ))
    }
}

/// `-? ( 0 | [1-9] digits* ) ( "." digits )? ( [eE] [-+]? digits )?`
fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(head, tail)| (head, Some(tail)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(head, tail)| (head, Some(tail)));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent)))
}

//! From a byte of a scalar's text back to the byte of the file that it comes from.
//!
//! The parser gives the text and the place of the whole scalar. What lies between, quotes, escapes, folded lines and
//! indentation, is replayed here when a finding inside the text needs its place, so that no value pays for it.

use std::ops::Range;

use super::{Piece, Scalar, Style};
use crate::source::Span;

/// A part of a scalar's text and the bytes of the file that it stands for.
#[derive(Debug)]
struct Segment {
    text: Range<usize>,
    source: Range<usize>,
    /// Whether each byte of the text is the byte at its place in the source.
    exact: bool,
}

impl Scalar {
    /// The narrowest place in the source of the bytes `range` of the text.
    ///
    /// `span` is the place of the scalar's node and `source_text` the whole file that it is in. Where the way back is
    /// not known, as for a value that an expression made, the answer is the place of what made it.
    pub fn place(&self, span: Span, source_text: &str, range: Range<usize>) -> Span {
        if !self.pieces.is_empty() {
            let parts = self.pieces.iter().map(|Piece { range, span, exact }| (range.clone(), *span, *exact));
            return locate(parts, &range).unwrap_or(span);
        }
        let Some(segments) = self.replay(span, source_text) else { return span };
        let parts = segments.into_iter().map(|segment| {
            (segment.text, Span::new(span.file, segment.source.start, segment.source.end), segment.exact)
        });
        locate(parts, &range).unwrap_or(span)
    }

    /// The segments of the text; `None` when the source does not say what the text says.
    fn replay(&self, span: Span, source_text: &str) -> Option<Vec<Segment>> {
        let range = span.range();
        let raw = source_text.get(range.clone())?;
        let mut replay =
            Replay { source: source_text, text: String::with_capacity(self.text.len()), segments: Vec::new() };
        match self.style {
            Style::Plain => replay.flow(range, Style::Plain),
            Style::Single | Style::Double => {
                let quote = if self.style == Style::Single { '\'' } else { '"' };
                raw.strip_prefix(quote)?.strip_suffix(quote)?;
                replay.flow(range.start + 1..range.end - 1, self.style);
            }
            Style::Literal | Style::Folded => {
                replay.block(range.clone(), self.style, &self.text)?;
                // Which blank lines at the end count is the header's business; they have no place of their own.
                let rest = self.text.get(replay.text.len()..)?;
                if !rest.is_empty() && rest.bytes().all(|byte| matches!(byte, b'\n' | b' ' | b'\t')) {
                    replay.push(rest, range.end..range.end);
                }
            }
        }
        (replay.text == self.text).then_some(replay.segments)
    }
}

/// The span from the start of the range to its end, each through the part that it falls in.
fn locate(parts: impl Iterator<Item = (Range<usize>, Span, bool)>, range: &Range<usize>) -> Option<Span> {
    let mut first: Option<Span> = None;
    let mut last: Option<Span> = None;
    let mut previous: Option<(Span, bool)> = None;
    let final_byte = range.end.max(range.start + 1) - 1;
    for (text, span, exact) in parts {
        let within = |at: usize| span.start as usize + (at - text.start);
        if first.is_none() && range.start < text.end {
            let inside = exact && range.start >= text.start;
            first = Some(if inside { Span::new(span.file, within(range.start), span.end as usize) } else { span });
        }
        if first.is_some() && final_byte < text.end {
            let inside = exact && final_byte >= text.start;
            last = Some(if inside {
                Span::new(span.file, span.start as usize, within(range.end.max(text.start)))
            } else {
                span
            });
            break;
        }
        previous = Some((span, exact));
    }
    let Some(first) = first else {
        // Behind the last byte.
        return previous.map(|(span, exact)| if exact { Span { start: span.end, ..span } } else { span });
    };
    let last = last.or(previous.map(|(span, _)| span))?;
    (first.file == last.file && first.start <= last.end).then_some(Span { end: last.end, ..first })
}

/// Reads a scalar a second time and writes down where each byte comes from.
struct Replay<'a> {
    source: &'a str,
    text: String,
    segments: Vec<Segment>,
}

impl Replay<'_> {
    /// Bytes that stand for themselves.
    fn keep(&mut self, source: Range<usize>) {
        if source.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(&self.source[source.clone()]);
        if let Some(last) = self.segments.last_mut().filter(|last| last.exact && last.source.end == source.start) {
            last.text.end = self.text.len();
            last.source.end = source.end;
            return;
        }
        self.segments.push(Segment { text: start..self.text.len(), source, exact: true });
    }

    /// Bytes that something else in the source stands for.
    fn push(&mut self, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.segments.push(Segment { text: start..self.text.len(), source, exact: false });
    }

    /// A plain or quoted scalar, without its quotes: lines are folded, `''` and escapes are resolved.
    fn flow(&mut self, range: Range<usize>, style: Style) {
        let source = self.source;
        let mut at = range.start;
        while at < range.end {
            let rest = &source[at..range.end];
            let blanks = blanks(rest);
            if line_break(&rest[blanks..]) > 0 {
                let (breaks, length) = breaks(rest);
                let folded = if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) };
                self.push(&folded, at..at + length);
                at += length;
            } else if blanks > 0 {
                self.keep(at..at + blanks);
                at += blanks;
            } else if style == Style::Single && rest.starts_with("''") {
                self.push("'", at..at + 2);
                at += 2;
            } else if style == Style::Double && rest.starts_with('\\') {
                at += self.escape(at, rest);
            } else {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                self.keep(at..at + length);
                at += length;
            }
        }
    }

    /// What begins with the backslash at `at`; the answer is its length.
    fn escape(&mut self, at: usize, rest: &str) -> usize {
        if line_break(&rest[1..]) > 0 {
            // An escaped line break is nothing; each blank line after it is a line break.
            let (breaks, length) = breaks(&rest[1..]);
            self.push(&"\n".repeat(breaks - 1), at..at + 1 + length);
            return 1 + length;
        }
        match unescape(rest) {
            Ok((character, length)) => {
                self.push(character.encode_utf8(&mut [0; 4]), at..at + length);
                length
            }
            // The text cannot equal the source then, and the whole scalar is the answer.
            Err(length) => length,
        }
    }

    /// A block scalar with its header.
    fn block(&mut self, range: Range<usize>, style: Style, text: &str) -> Option<()> {
        let raw = &self.source[range.clone()];
        let header = raw.find(['\n', '\r'])?;
        let mut lines = Vec::new();
        let mut at = header + line_break(&raw[header..]);
        while at < raw.len() {
            let length = raw[at..].find(['\n', '\r']).unwrap_or(raw.len() - at);
            lines.push(at..at + length);
            at += length + line_break(&raw[at + length..]);
        }
        // The header may give the indentation relative to a parent that is not known here, but the first line that
        // says something says it in the text as well.
        let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let written = lines.iter().map(|line| &raw[line.clone()]).find(|line| !line.trim().is_empty())?;
        let meant = text.split('\n').find(|line| !line.trim().is_empty())?;
        let indent = spaces(written).checked_sub(spaces(meant))?;

        let mut end = header;
        let mut empty = 0;
        let mut before: Option<bool> = None;
        for line in lines {
            let start = line.start + indent.min(spaces(&raw[line.clone()]));
            if start == line.end {
                empty += 1;
                continue;
            }
            let deeper = raw[start..].starts_with([' ', '\t']);
            let fold = style == Style::Folded && before == Some(false) && !deeper;
            let gap = match (fold, empty) {
                (true, 0) => " ".to_owned(),
                (true, _) => "\n".repeat(empty),
                (false, _) => "\n".repeat(empty + usize::from(before.is_some())),
            };
            self.push(&gap, range.start + end..range.start + start);
            self.keep(range.start + start..range.start + line.end);
            (end, empty, before) = (line.end, 0, Some(deeper));
        }
        Some(())
    }
}

/// The character that an escape stands for, and its length with the backslash; the length alone when it is wrong.
///
/// These are YAML's escapes, of which JSON's are a part. Two halves of a surrogate pair are one escape.
pub(super) fn unescape(text: &str) -> Result<(char, usize), usize> {
    let Some(letter) = text[1..].chars().next() else { return Err(1) };
    let simple = match letter {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\x0B',
        'f' => '\x0C',
        'r' => '\r',
        'e' => '\x1B',
        ' ' | '"' | '/' | '\\' => letter,
        'N' => '\u{85}',
        '_' => '\u{A0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' | 'u' | 'U' => {
            let digits = match letter {
                'x' => 2,
                'u' => 4,
                _ => 8,
            };
            let length = 2 + digits;
            let code = hex(&text[2..], digits)
                .ok_or(2 + text[2..].bytes().take_while(u8::is_ascii_hexdigit).count().min(digits))?;
            if letter == 'u' && (0xD800..0xDC00).contains(&code) {
                let low = text.get(length..).and_then(|rest| rest.strip_prefix("\\u")).and_then(|rest| hex(rest, 4));
                let low = low.filter(|low| (0xDC00..0xE000).contains(low)).ok_or(length)?;
                let code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(code).map(|character| (character, length + 6)).ok_or(length);
            }
            return char::from_u32(code).map(|character| (character, length)).ok_or(length);
        }
        _ => return Err(1 + letter.len_utf8()),
    };
    Ok((simple, 1 + letter.len_utf8()))
}

fn hex(text: &str, digits: usize) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}

/// The length of the line break at the start of the text.
fn line_break(text: &str) -> usize {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        _ => 0,
    }
}

/// How many line breaks the text begins with, and the length of all of them with the blanks around.
fn breaks(text: &str) -> (usize, usize) {
    let mut count = 0;
    let mut length = blanks(text);
    loop {
        let one = line_break(&text[length..]);
        if one == 0 {
            return (count, length);
        }
        count += 1;
        length += one + blanks(&text[length + one..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn evaluated_texts_are_placed_by_their_pieces() {
        let source = "a: 'x-{{ name }}-${b}'";
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", source);
        let span = |start, end| Span::new(file, start, end);
        let scalar = Scalar {
            text: "x-longer-${b}".to_owned(),
            style: Style::Single,
            pieces: vec![
                Piece { range: 0..2, span: span(4, 6), exact: true },
                Piece { range: 2..8, span: span(6, 16), exact: false },
                Piece { range: 8..13, span: span(16, 21), exact: true },
            ],
        };
        for (part, place) in [
            ("x", "x"),
            ("-longer", "-{{ name }}"),
            ("ong", "{{ name }}"),
            ("${b}", "${b}"),
            ("x-longer-${b}", "x-{{ name }}-${b}"),
        ] {
            let at = scalar.text.find(part).unwrap();
            let found = scalar.place(span(3, 22), source, at..at + part.len());
            assert_eq!(&source[found.range()], place, "{part}");
        }
        assert_eq!(scalar.place(span(3, 22), source, 9..9), span(17, 17));
        assert_eq!(scalar.place(span(3, 22), source, 13..13), span(21, 21));
    }

    #[test]
    fn a_range_over_pieces_out_of_order_is_the_whole_value() {
        let mut sources = Sources::default();
        let (file, other) = (sources.add("a.yaml", "0123456789"), sources.add("b.yaml", "0123456789"));
        let piece = |range: Range<usize>, span| Piece { range, span, exact: true };
        for second in [Span::new(file, 1, 2), Span::new(other, 7, 8)] {
            let pieces = vec![piece(0..1, Span::new(file, 5, 6)), piece(1..2, second)];
            let scalar = Scalar { text: "51".to_owned(), style: Style::Plain, pieces };
            let whole = Span::new(file, 0, 10);
            assert_eq!(scalar.place(whole, "", 0..2), whole);
            assert_eq!(scalar.place(whole, "", 1..2), second);
        }
    }

    #[test]
    fn a_source_that_says_something_else_gives_the_whole_value() {
        let mut sources = Sources::default();
        let file = sources.add("a.yaml", "'é'");
        let scalar = Scalar { text: "other".to_owned(), style: Style::Single, pieces: Vec::new() };
        for end in 0..9 {
            let whole = Span::new(file, 0, end);
            assert_eq!(scalar.place(whole, "'é'", 1..3), whole);
        }
    }
}

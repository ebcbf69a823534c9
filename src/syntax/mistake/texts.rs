//! Mistakes of single values: quotes, escapes, tags and characters that YAML keeps for itself.

use super::Finding;
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::syntax::load;
use crate::syntax::place::unescape;

codes! {
    /// A quote is opened and never closed.
    ///
    /// Everything up to the end of the file would belong to the text.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: "example
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: "example"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    UNCLOSED_QUOTE = Error "unclosed-quote";

    /// Text follows a closing quote.
    ///
    /// A quoted value ends with its quote; mostly the quote inside was meant as part of the text.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: 'it's an example'
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: 'it''s an example'
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    TEXT_AFTER_QUOTE = Error "text-after-quote";

    /// A value begins with a character that YAML keeps for itself.
    ///
    /// `*` and `&` are aliases and anchors, `@` and `` ` `` are reserved, `%` begins a directive. A text that begins
    /// so needs quotes, as in `Action: "*"`.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: @example
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: "@example"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: YAML 1.2.2, section 5.3.
    RESERVED_CHARACTER = Error "reserved-character";

    /// A text in double quotes contains an escape that does not exist.
    ///
    /// In double quotes a backslash begins an escape; regular expressions and paths are easier in single quotes.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: "\d+"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: '\d+'
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: YAML 1.2.2, section 5.7.
    INVALID_ESCAPE = Error "invalid-escape";

    /// The line of `|` or `>` holds something that does not belong there.
    ///
    /// Behind it stand at most an indentation (1 to 9), `-` or `+`, and a comment. The text begins on the next line.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: |example
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: |-
    ///   example
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: YAML 1.2.2, section 8.1.1.
    INVALID_BLOCK_HEADER = Error "invalid-block-header";

    /// A tag is not written as tags are.
    ///
    /// A tag is `!Name`, followed by a space. A text that begins with `!` needs quotes.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: !important! example
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: "!important! example"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    INVALID_TAG = Error "invalid-tag";

    /// A line begins with `%`.
    ///
    /// That is a directive to the parser (`%YAML`, `%TAG`). Blueprints need none, and one that claims another version
    /// of YAML would be read otherwise than it says.
    ///
    /// ```yaml
    /// %YAML 1.1
    /// ---
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    YAML_DIRECTIVE = Error "yaml-directive";

    /// The file is not YAML, in a way that has no code of its own.
    ///
    /// The message says what the parser met.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ... end
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    MALFORMED_YAML = Error "malformed-yaml";
}

/// Reports a quote without its end.
pub(in crate::syntax) fn unclosed_quote(span: Span, quote: &str, sink: &mut Sink) {
    sink.report(&UNCLOSED_QUOTE, span, format!("the quote `{quote}` that opens here is never closed"))
        .help(format!("close the text with `{quote}`"));
}

/// Reports an escape that does not exist.
pub(in crate::syntax) fn invalid_escape(span: Span, escape: &str, sink: &mut Sink) {
    sink.report(&INVALID_ESCAPE, span, format!("`{escape}` is no escape"))
        .help("write `\\\\` for a backslash; in YAML, single quotes take a text as it is");
}

impl Finding<'_> {
    pub(super) fn unexpected(&mut self, character: char) {
        if load::is_allowed(character) {
            self.reserved(character);
            return;
        }
        // The parser shows the start of the scalar.
        self.at += self.context.text[self.at..].find(character).unwrap_or(0);
        let span = self.character(self.at);
        load::report_control_character(span, character, 0, self.sink);
    }

    pub(super) fn reserved(&mut self, character: char) {
        let rest = &self.context.text[self.at..self.context.line_end(self.at)];
        let mut value = rest.split(" #").next().unwrap_or(rest);
        if self.context.open.is_some() {
            value = value.split([',', ']', '}']).next().unwrap_or(value);
        }
        let value = value.trim_end();
        let span = self.context.span(self.at, self.at + character.len_utf8().min(rest.len()));
        self.sink
            .report(&RESERVED_CHARACTER, span, format!("a value without quotes begins with `{character}`"))
            .help(format!("quote it: `'{}'`", value.replace('\'', "''")));
    }

    pub(super) fn escape(&mut self) {
        let text = self.context.text;
        let mut at = self.at + 1;
        while let Some(next) = text.get(at..).and_then(|rest| rest.find(['\\', '"'])) {
            at += next;
            if text[at..].starts_with('"') {
                break;
            }
            match unescape(&text[at..]) {
                Ok((_, length)) => at += length,
                // A line break is an escape as well.
                Err(_) if text[at + 1..].starts_with(['\n', '\r']) => at += 2,
                Err(length) => {
                    invalid_escape(self.context.span(at, at + length), &text[at..at + length], self.sink);
                    return;
                }
            }
        }
        let span = self.character(self.at);
        invalid_escape(span, "\\", self.sink);
    }

    pub(super) fn directive(&mut self) {
        let start = self.context.line_start(self.at);
        if !self.context.text[start..].starts_with('%') {
            self.rest(&MALFORMED_YAML, "the document does not begin here", "begin the file with its first key");
            return;
        }
        self.at = start;
        self.rest(
            &YAML_DIRECTIVE,
            "a directive to the parser, none is expected",
            "remove the line, and quote a text that begins with `%`",
        );
    }
}

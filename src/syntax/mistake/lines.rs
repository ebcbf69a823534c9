//! Mistakes of lines: indentation, keys, list items and comments.

use super::Finding;

codes! {
    /// A tab stands where YAML wants spaces.
    ///
    /// A tab has no width that everyone agrees on, so YAML forbids it in indentation.
    ///
    /// ```hex
    /// 62 6c 75 65 70 72 69 6e 74 3a 20 61 0a 63 6f 6d 70 6f 6e 65 6e 74 73 3a 0a 09 61 3a 20 7b 7d 0a
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: a
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: YAML 1.2.2, section 6.1.
    TAB_INDENTATION = Error "tab-indentation";

    /// The indentation of a line fits nothing above it.
    ///
    /// Keys of one mapping, and dashes of one list, begin in the same column.
    ///
    /// ```yaml
    /// blueprint: example
    ///   version: 1.0.0
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
    WRONG_INDENTATION = Error "wrong-indentation";

    /// A value contains a colon with a space behind it.
    ///
    /// That makes it a mapping, which cannot begin on the line of its key. A text with such a colon needs quotes.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: Example: an audit
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
    /// title: "Example: an audit"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    UNQUOTED_COLON = Error "unquoted-colon";

    /// A space is missing behind a colon or a dash, or before a comment.
    ///
    /// `key:value` and `-value` are texts of their own in YAML, not a key or a list item.
    ///
    /// ```yaml
    /// blueprint: example
    /// version:1.0.0
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
    MISSING_SPACE = Error "missing-space";

    /// A line among keys has no colon.
    ///
    /// Each line of a mapping is `key: value`.
    ///
    /// ```yaml
    /// blueprint: example
    /// version 1.0.0
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
    MISSING_COLON = Error "missing-colon";

    /// A list item stands where none can.
    ///
    /// A list begins on the line below its key; between brackets its items have commas and no dashes.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components: - a
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
    MISPLACED_DASH = Error "misplaced-dash";

    /// A comment stands in the middle of a text without quotes.
    ///
    /// The comment ends the text, and what follows belongs to nothing.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: one # two
    ///   three
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
    /// title: "one # two three"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    COMMENT_IN_TEXT = Error "comment-in-text";
}

impl Finding<'_> {
    pub(super) fn tab(&mut self) {
        let text = self.context.text;
        let start = self.context.line_start(self.at);
        let indentation = self.context.first_on_line(self.at);
        let before = text[start..indentation.max(self.at)].find('\t').map(|tab| start + tab);
        let below = || {
            let mut lines = text[self.at..].match_indices(['\n', '\r']).map(|(line, _)| self.at + line + 1);
            lines.find_map(|line| {
                let blanks = &text[line..self.context.first_on_line(line)];
                blanks.find('\t').map(|tab| line + tab)
            })
        };
        let tab = before.or_else(below).unwrap_or(self.at);
        let length = text[tab..].len() - text[tab..].trim_start_matches('\t').len();
        self.sink
            .report(
                &TAB_INDENTATION,
                self.context.span(tab, tab + length),
                "tab in the indentation, spaces are expected",
            )
            .help("replace each tab by two spaces, and set the editor to spaces for YAML");
    }

    pub(super) fn indentation(&mut self, message: &str) {
        let first = self.context.first_on_line(self.at);
        let span = if first < self.at { self.character(first) } else { self.character(self.at) };
        let column = first - self.context.line_start(self.at) + 1;
        self.sink
            .report(&WRONG_INDENTATION, span, format!("{message} (column {column})"))
            .help("begin the line in the column of its neighbours: keys of one mapping, or dashes of one list, stand below each other");
    }

    /// A colon that ends no key.
    pub(super) fn value_not_allowed(&mut self) {
        let context = self.context;
        let line = context.line_start(self.at);
        let Some(before) = context.before.filter(|span| (span.start as usize) < line) else {
            self.at_character(
                &UNQUOTED_COLON,
                "a second colon on the line of a key",
                "quote a text that contains a colon and a space, or begin the mapping on the next line",
            );
            return;
        };
        // The text of the line above goes on here, so that line is wrong, or the indentation of this one.
        let start = before.start as usize;
        if context.first_on_line(start) == start {
            self.line_without_key(start);
        } else {
            self.indentation("the line is indented more than its neighbours and continues the text above");
        }
    }

    /// A line among keys that is none.
    pub(super) fn line_without_key(&mut self, at: usize) {
        let end = self.context.line_end(at);
        let line = self.context.text[at..end].trim_end();
        let (code, start, length, message, help) = match line.find(':') {
            Some(colon) => (
                &MISSING_SPACE,
                at + colon,
                1,
                "no space behind the colon".to_owned(),
                format!("write `{}: {}`", &line[..colon], &line[colon + 1..]),
            ),
            None if line.starts_with('-') => {
                (&MISSING_SPACE, at, 1, "no space behind the dash".to_owned(), format!("write `- {}`", &line[1..]))
            }
            None => (
                &MISSING_COLON,
                at,
                line.len(),
                format!("`{line}` has no colon"),
                "write `key: value`; indent the line if it continues the text above".to_owned(),
            ),
        };
        self.sink.report(code, self.context.span(start, start + length), message).help(help);
    }

    /// In a mapping, something that is no key.
    pub(super) fn no_key(&mut self) {
        let context = self.context;
        let first = context.first_on_line(self.at);
        let before = context.text[context.line_start(self.at)..self.at].trim_end();
        if before.ends_with(['}', ']']) && first < self.at {
            self.after_bracket();
        } else if context.text[first..].starts_with("- ") {
            self.indentation("a list item stands where a key is expected");
        } else {
            self.indentation("the line fits no mapping above it");
        }
    }

    /// In a list, something that is no item.
    pub(super) fn no_item(&mut self) {
        let context = self.context;
        let first = context.first_on_line(self.at);
        let before = context.text[context.line_start(self.at)..self.at].trim_end();
        if before.ends_with(['}', ']']) && first < self.at {
            self.after_bracket();
        } else if first == self.at && context.text[first..].starts_with('-') && !context.text[first..].starts_with("- ")
        {
            let line = context.text[first..context.line_end(first)].trim_end();
            self.at_character(&MISSING_SPACE, "no space behind the dash", format!("write `- {}`", &line[1..]));
        } else {
            self.indentation("the line fits no list above it");
        }
    }
}

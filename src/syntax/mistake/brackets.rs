//! Mistakes of brackets and of what stands between them.

use super::Finding;
use super::lines::UNQUOTED_COLON;
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::syntax::yaml;

codes! {
    /// Text follows a closing bracket or brace.
    ///
    /// A value that begins with `{` or `[` is a mapping or a list and ends with its bracket. An expression `{{ … }}`
    /// is text and needs quotes.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// let: { name: orders }
    /// title: {{ name }}-archive
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
    /// let: { name: orders }
    /// title: "{{ name }}-archive"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    TEXT_AFTER_BRACKET = Error "text-after-bracket";

    /// A bracket or brace is opened and never closed.
    ///
    /// What follows would belong to the list or mapping.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components: {
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
    UNCLOSED_BRACKET = Error "unclosed-bracket";

    /// A bracket or brace closes nothing, or something else than was opened.
    ///
    /// `[` is closed by `]`, and `{` by `}`.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components: {]
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
    MISMATCHED_BRACKET = Error "mismatched-bracket";

    /// A comma is missing or stands too much between brackets.
    ///
    /// The values of a list in brackets, and the members of a mapping in braces, are separated by one comma each.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components: {,}
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
    MISPLACED_COMMA = Error "misplaced-comma";
}

/// Reports a bracket without its end.
pub(in crate::syntax) fn unclosed_bracket(span: Span, bracket: &str, sink: &mut Sink) {
    let wanted = if bracket == "[" { "]" } else { "}" };
    sink.report(&UNCLOSED_BRACKET, span, format!("`{bracket}` that opens here is never closed"))
        .help(format!("close it with `{wanted}`, or quote a text that begins with `{bracket}`"));
}

impl Finding<'_> {
    /// Between brackets something stands that is neither a comma nor the end.
    pub(super) fn inside_brackets(&mut self) {
        let context = self.context;
        let at = self.at;
        if let Some(open) = context.open {
            let below = context.line_start(at) > open;
            let indent = |at: usize| context.first_on_line(at) - context.line_start(at);
            if below && indent(at) <= indent(open) {
                let span = self.character(open);
                unclosed_bracket(span, context.slice(span), self.sink);
                return;
            }
        }
        if context.text[at..].starts_with(':') {
            let same_line = context.before.is_some_and(|span| context.line_start(at) <= span.start as usize);
            if same_line {
                self.at_character(
                    &UNQUOTED_COLON,
                    "a second colon in one value",
                    "quote the text, or put a comma between two members",
                );
                return;
            }
            // The text began on a line above: its end there lacks the comma.
            let start = context.before.map_or(at, |span| span.start as usize);
            let end = context.line_end(start);
            self.sink
                .report(&MISPLACED_COMMA, context.span(end.min(at), end.min(at)), "no comma before the next line")
                .help("end each member between brackets with a comma, except the last");
            return;
        }
        self.at_character(
            &MISPLACED_COMMA,
            "no comma between two values",
            "put a comma before it, or quote the whole text",
        );
    }

    pub(super) fn after_bracket(&mut self) {
        // Inside the brackets of `{{ name }}-bucket` a mapping was taken for a key, which is no mistake of its own.
        let (file, line) = (self.context.file, self.context.line_start(self.at));
        let symptom = |span: Span| span.file == file && (line..self.at).contains(&(span.start as usize));
        self.sink.retain(|finding| finding.code.name != yaml::KEY_NOT_TEXT.name || !symptom(finding.span));
        self.rest(
            &TEXT_AFTER_BRACKET,
            "text behind the closing bracket",
            "quote the whole value, as in `\"{{ name }}-bucket\"`",
        );
    }
}

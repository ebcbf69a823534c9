//! What is wrong with YAML that the parser cannot read, in words that are enough to mend it.
//!
//! The parser says where it gave up; the mistake is often elsewhere, so each kind has its way to the right place.

mod brackets;
mod lines;
mod texts;

use granit_parser::{ErrorKind, ScanError};

use super::{load, yaml};
use crate::diagnostics::{Code, Sink};
use crate::source::{FileId, Span};
use brackets::{MISMATCHED_BRACKET, MISPLACED_COMMA};
use lines::{COMMENT_IN_TEXT, MISPLACED_DASH, MISSING_SPACE};
use texts::{INVALID_BLOCK_HEADER, INVALID_TAG, MALFORMED_YAML, TEXT_AFTER_QUOTE};

pub(super) use brackets::unclosed_bracket;
pub(super) use texts::{invalid_escape, unclosed_quote};

/// The codes of the mistakes.
pub(super) static PARTS: [&[&Code]; 3] = [lines::CODES, texts::CODES, brackets::CODES];

/// What was read when the parser gave up.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub file: FileId,
    pub text: &'a str,
    /// The innermost bracket that is open.
    pub open: Option<usize>,
    /// The last scalar.
    pub before: Option<Span>,
}

/// Reports the one mistake that the parser gave up at.
pub(super) fn report(error: &ScanError, context: Context<'_>, sink: &mut Sink) {
    let at = context.boundary(error.marker().byte_offset().unwrap_or(context.text.len()));
    let mut finding = Finding { context, at, sink };
    match error.kind() {
        ErrorKind::TabInBlockIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => finding.tab(),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let span = finding.character(at);
            unclosed_quote(span, context.slice(span), finding.sink);
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar => {
            finding.rest(
                &TEXT_AFTER_QUOTE,
                "text behind the closing quote",
                "write a quote inside single quotes twice (`''`)",
            );
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            finding.rest(
                &TEXT_AFTER_QUOTE,
                "text behind the closing quote",
                "write a quote inside double quotes as `\\\"`",
            );
        }
        ErrorKind::UnclosedFlowCollection { .. } => {
            let span = finding.character(at);
            unclosed_bracket(span, context.slice(span), finding.sink);
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let wanted = if *open == '[' { ']' } else { '}' };
            let message = format!("`{open}` that opens here is closed by `{close}`, expected `{wanted}`");
            finding.at_character(
                &MISMATCHED_BRACKET,
                message,
                format!("write `{wanted}` instead of `{close}`, or close what is open between"),
            );
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            let given = context.slice(finding.character(at));
            finding.at_character(
                &MISMATCHED_BRACKET,
                format!("`{given}` closes nothing"),
                "remove it, or quote the text that it belongs to",
            );
        }
        ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::InvalidColonPlacement => finding.inside_brackets(),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidSimpleKey => finding.value_not_allowed(),
        ErrorKind::SimpleKeyExpected => finding.line_without_key(at),
        ErrorKind::ExpectedBlockMappingKey => finding.no_key(),
        ErrorKind::ExpectedBlockSequenceEntry => finding.no_item(),
        ErrorKind::BlockSequenceEntryNotAllowed => {
            finding.at_character(
                &MISPLACED_DASH,
                "a list item stands on the line of its key",
                "begin the list on the next line, or quote a text that begins with `- `",
            );
        }
        ErrorKind::BlockEntryInFlowCollection | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            finding.at_character(
                &MISPLACED_DASH,
                "a dash stands inside brackets",
                "separate values in brackets by commas, or quote the dash",
            );
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidBlockScalarIndent => {
            finding.indentation("the line is indented less than the value that it belongs to");
        }
        ErrorKind::UnexpectedCharacter { character } => finding.unexpected(*character),
        ErrorKind::MissingAnchorOrAliasName | ErrorKind::MappingKeyNotAllowed => {
            let given = context.text[at..].chars().next().unwrap_or_default();
            finding.reserved(given);
        }
        ErrorKind::CommentNotSeparated => {
            finding.at_character(
                &MISSING_SPACE,
                "no space before `#`",
                "put a space before the comment, or quote the whole value",
            );
        }
        ErrorKind::CommentInterceptedScalar => finding.rest(
            &COMMENT_IN_TEXT,
            "a comment in the middle of a text without quotes",
            "quote the text, or move the comment above it; if the next line is a key, check its indentation",
        ),
        ErrorKind::BomInsideDocument => {
            let span = finding.character(at);
            load::report_control_character(span, '\u{FEFF}', 0, finding.sink);
        }
        ErrorKind::RecursionLimitExceeded => {
            let span = finding.character(at);
            yaml::too_deep(span, finding.sink);
        }
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => finding.rest(
            &INVALID_BLOCK_HEADER,
            "the line of a block text holds more than `|` or `>`, an indentation (1 to 9), `-` or `+`",
            "begin the text on the next line, or quote a text that begins with this character",
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => finding.escape(),
        ErrorKind::UndeclaredTagHandle
        | ErrorKind::ExpectedTagBang
        | ErrorKind::InvalidGlobalTagCharacter
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape
        | ErrorKind::InvalidTagUtf8LeadingByte
        | ErrorKind::InvalidTagUtf8TrailingByte
        | ErrorKind::InvalidTagUtf8 => {
            finding.word(
                &INVALID_TAG,
                "is no tag: `!Name` and a space are expected",
                "quote a text that begins with `!`",
            );
        }
        ErrorKind::DirectiveDisallowed
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::MissingYamlVersionSeparator
        | ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::DirectiveByteLimitExceeded { .. }
        | ErrorKind::TooManyReservedDirectiveParams { .. }
        | ErrorKind::YamlVersionTooLong
        | ErrorKind::MissingYamlVersion
        | ErrorKind::InvalidTagDirectiveTerminator
        | ErrorKind::ExpectedTagDirectiveBang
        | ErrorKind::DuplicateVersionDirective
        | ErrorKind::DuplicateTagDirective
        | ErrorKind::UnsupportedYamlMajorVersion
        | ErrorKind::MissingDocumentEndBeforeDirective
        | ErrorKind::ExpectedDocumentStart => finding.directive(),
        kind => finding.other(kind),
    }
}

impl<'a> Context<'a> {
    /// The next character boundary at or before the byte.
    fn boundary(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn slice(&self, span: Span) -> &'a str {
        self.text.get(span.range()).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind(['\n', '\r']).map_or(0, |before| before + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find(['\n', '\r']).map_or(self.text.len(), |length| at + length)
    }

    /// Where the line of `at` has its first character that is not a blank.
    fn first_on_line(&self, at: usize) -> usize {
        let start = self.line_start(at);
        let line = &self.text[start..self.line_end(at)];
        start + line.len() - line.trim_start_matches([' ', '\t']).len()
    }
}

/// One mistake at the place where the parser gave up.
struct Finding<'a> {
    context: Context<'a>,
    at: usize,
    sink: &'a mut Sink,
}

impl Finding<'_> {
    /// The one character at a place; nothing at the end of the file.
    fn character(&self, at: usize) -> Span {
        let length =
            self.context.text[at..].chars().next().filter(|c| !matches!(c, '\n' | '\r')).map_or(0, char::len_utf8);
        self.context.span(at, at + length)
    }

    fn at_character(&mut self, code: &'static Code, message: impl Into<String>, help: impl Into<String>) {
        let span = self.character(self.at);
        self.sink.report(code, span, message).help(help);
    }

    /// Reports what stands from here to the end of the line.
    fn rest(&mut self, code: &'static Code, message: &str, help: &str) {
        let end = self.context.line_end(self.at);
        let length = self.context.text[self.at..end].trim_end().len();
        self.sink.report(code, self.context.span(self.at, self.at + length), message).help(help);
    }

    /// Reports the word that begins here.
    fn word(&mut self, code: &'static Code, message: &str, help: &str) {
        let rest = &self.context.text[self.at..];
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let span = self.context.span(self.at, self.at + word.len());
        self.sink.report(code, span, format!("`{word}` {message}")).help(help);
    }

    fn other(&mut self, kind: &ErrorKind) {
        let text = self.context.text;
        let tab = text[..self.at].ends_with('\t') || text[self.at..].starts_with('\t');
        if tab && matches!(kind, ErrorKind::InvalidBlockEntryWhitespace | ErrorKind::InvalidMappingValueWhitespace) {
            self.tab();
        } else if text[self.at..].starts_with(',') {
            if self.context.open.is_some() {
                self.at_character(
                    &MISPLACED_COMMA,
                    "a comma without a value before it",
                    "remove it, or write the value",
                );
            } else {
                self.reserved(',');
            }
        } else if let (Some(open), true) = (self.context.open, self.at >= text.trim_end().len()) {
            let span = self.character(open);
            unclosed_bracket(span, self.context.slice(span), self.sink);
        } else {
            let message = format!("not YAML: {kind}");
            self.rest(&MALFORMED_YAML, &message, "check the line and the one before it; quote texts with punctuation");
        }
    }
}

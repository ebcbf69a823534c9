//! From the text of a YAML scalar to its value, with a word about what others read otherwise.

use super::resolve::{self, Value};
use super::{Data, Dialect, Node, Scalar, Style};
use crate::diagnostics::Sink;
use crate::source::Span;

codes! {
    /// Readers of YAML 1.1 read this value otherwise than formwork.
    ///
    /// formwork reads blueprints by YAML 1.2. CloudFormation, Python and many editors read YAML 1.1, where `on` is
    /// true, `0777` octal and `2026-11-23` a date. Quotes make all of them agree.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: on
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
    /// title: "on"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: CloudFormation user guide, "CloudFormation template format" (YAML 1.1); https://yaml.org/type/.
    AMBIGUOUS_SCALAR = Warning "ambiguous-scalar";

    /// A number is infinite, is not a number, or has more digits than can be kept.
    ///
    /// Templates are JSON to the services, and JSON has no such number. Long ids would lose their last digits.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: 123456789012345678901234567890
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
    /// title: "123456789012345678901234567890"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: RFC 8259, section 6.
    NUMBER_OUT_OF_RANGE = Error "number-out-of-range";

    /// A value is not of the type that its tag says.
    ///
    /// A tag such as `!!int` decides how a value is read; one that does not fit leaves no value.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: !!int many
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
    /// title: !!str many
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    TAG_MISMATCH = Error "tag-mismatch";

    /// A tag is one of YAML's own that has no meaning here.
    ///
    /// CloudFormation refuses `!!binary`, `!!timestamp`, `!!set`, `!!omap` and `!!pairs`, and JSON has no such values.
    /// CloudFormation's own tags, such as `!Ref`, begin with one exclamation mark.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: !!binary aGVsbG8=
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
    /// title: "aGVsbG8="
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: CloudFormation user guide, "CloudFormation template format".
    UNSUPPORTED_TAG = Error "unsupported-tag";
}

/// A scalar as it is written.
pub(super) struct Written<'a> {
    pub text: &'a str,
    pub style: Style,
    pub span: Span,
}

/// A tag of YAML's core schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Core {
    Str,
    Int,
    Float,
    Bool,
    Null,
    Map,
    Seq,
}

impl Core {
    pub(super) const ALL: [Self; 7] = [Self::Str, Self::Int, Self::Float, Self::Bool, Self::Null, Self::Map, Self::Seq];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Str => "str",
            Self::Int => "int",
            Self::Float => "float",
            Self::Bool => "bool",
            Self::Null => "null",
            Self::Map => "map",
            Self::Seq => "seq",
        }
    }
}

impl Written<'_> {
    /// The text as it is, whatever it looks like.
    pub(super) fn as_text(&self) -> Data {
        Data::String(Scalar { text: self.text.to_owned(), style: self.style, pieces: Vec::new() })
    }

    /// The value of a scalar without a tag.
    pub(super) fn resolve(&self, dialect: Dialect, sink: &mut Sink) -> Data {
        if self.style != Style::Plain {
            return self.as_text();
        }
        if dialect == Dialect::Blueprint {
            self.warn_if_ambiguous(sink);
        }
        match value(self.text, dialect) {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(value),
            Value::Number(number) => Data::Number(number),
            Value::Text => self.as_text(),
            Value::Unrepresentable => {
                report_number(self.text, self.span, sink);
                self.as_text()
            }
        }
    }

    /// The value of a scalar with a tag of the core schema.
    pub(super) fn convert(&self, core: Core, dialect: Dialect, sink: &mut Sink) -> Data {
        if core == Core::Str {
            return self.as_text();
        }
        // The tag takes away the doubt about leading zeros.
        let sign = if self.text.starts_with('-') { "-" } else { "" };
        let digits = self.text.trim_start_matches(['+', '-']);
        let stripped = match digits.trim_start_matches('0') {
            rest if rest.starts_with(|first: char| first.is_ascii_digit()) => format!("{sign}{rest}"),
            _ => self.text.to_owned(),
        };
        let text = if dialect == Dialect::Blueprint { stripped.as_str() } else { self.text };
        match (core, value(text, dialect)) {
            (Core::Null, Value::Null) => Data::Null,
            (Core::Bool, Value::Bool(value)) => Data::Bool(value),
            (Core::Int, Value::Number(number)) if !number.is_f64() => Data::Number(number),
            (Core::Float, Value::Number(number)) => Data::Number(number),
            (Core::Int | Core::Float, Value::Unrepresentable) => {
                report_number(self.text, self.span, sink);
                self.as_text()
            }
            _ => {
                report_mismatch(core, &format!("`{}`", self.text), self.span, sink);
                self.as_text()
            }
        }
    }

    /// Points out a plain scalar that readers of YAML 1.1 take for something else.
    pub(super) fn warn_if_ambiguous(&self, sink: &mut Sink) {
        let Some(found) = resolve::ambiguity(self.text) else { return };
        let text = self.text;
        let message = format!("`{text}` is {} here, but {} to readers of YAML 1.1", found.here, found.there);
        let help = match found.otherwise {
            Some(otherwise) => format!("write `\"{text}\"` for the text, or {otherwise}"),
            None => format!("write `\"{text}\"`"),
        };
        sink.report(&AMBIGUOUS_SCALAR, self.span, message).help(help);
    }
}

fn value(text: &str, dialect: Dialect) -> Value {
    match dialect {
        Dialect::Blueprint => resolve::core(text),
        Dialect::Template => resolve::cloudformation(text),
    }
}

/// Reports a number that JSON cannot hold.
pub(super) fn report_number(text: &str, span: Span, sink: &mut Sink) {
    let message = if text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+')) {
        format!("number `{text}` is outside {} to {}", i64::MIN, u64::MAX)
    } else {
        format!("`{text}` is not a finite number")
    };
    sink.report(&NUMBER_OUT_OF_RANGE, span, message)
        .help(format!("write `\"{text}\"` when it is an id or another text"));
}

/// Reports a value that is not what its tag says.
pub(super) fn report_mismatch(core: Core, given: &str, span: Span, sink: &mut Sink) {
    let name = core.name();
    sink.report(&TAG_MISMATCH, span, format!("{given} is no `!!{name}`"))
        .help("remove the tag, or write a value of its type");
}

/// The place of a value that is not written: behind the colon, where it would stand.
pub(super) fn nothing(span: Span, text: &str) -> Node {
    let at = span.start as usize;
    let after = if text[at.min(text.len())..].starts_with(':') { at + 1 } else { at };
    Node { span: Span::new(span.file, after, after), tag: None, data: Data::Null }
}

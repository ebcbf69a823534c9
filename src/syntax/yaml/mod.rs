//! YAML to a tree, from the events of the parser.
//!
//! Nothing here is recursive: open collections stand on a stack of their own, whose height is limited.

mod alias;
mod frame;
mod key;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::members::Members;
use super::scalar::{self, Core, UNSUPPORTED_TAG, Written};
use super::{Data, Dialect, MAX_DEPTH, Node, Style, Tag, mistake};
use crate::diagnostics::{Code, Sink, alternatives};
use crate::source::{FileId, Span};
use alias::Anchored;
use frame::{Content, Frame, Size, Slot};

pub use alias::{MAX_ALIAS_BYTES, MAX_ALIAS_NODES};
pub(super) use frame::too_deep;
pub(super) use key::KEY_NOT_TEXT;

/// The codes of this reader.
pub(super) static PARTS: [&[&Code]; 4] = [CODES, frame::CODES, key::CODES, alias::CODES];

codes! {
    /// The file contains no document.
    ///
    /// A file without a value is mostly one that was not saved, or whose every line is a comment.
    ///
    /// ```yaml
    /// # blueprint: example
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
    EMPTY_DOCUMENT = Error "empty-document";

    /// The file contains a second document.
    ///
    /// One file is one blueprint or one template; what follows a second `---` would be ignored.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ---
    /// blueprint: another
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
    SEVERAL_DOCUMENTS = Error "several-documents";

}

/// A finding was reported after which there is no tree.
pub(super) struct Stopped;

/// Reads the one document of a YAML file.
pub(super) fn read(file: FileId, text: &str, dialect: Dialect, sink: &mut Sink) -> Option<Node> {
    let mut reader = Reader {
        file,
        text,
        dialect,
        sink,
        frames: Vec::new(),
        root: None,
        used: used_anchors(text, dialect),
        anchors: HashMap::new(),
        added: Size::default(),
        previous: 0,
        before: None,
        suggestions: 20,
    };
    let mut documents = 0;
    for item in parser(text, dialect) {
        let outcome = match item {
            Ok((Event::DocumentStart(..), span)) => {
                documents += 1;
                if documents > 1 {
                    // What follows belongs to no one, so its mistakes are not looked for.
                    reader.second_document(span.byte_range().unwrap_or_default());
                    return reader.root;
                }
                Ok(())
            }
            Ok((event, span)) => reader.event(event, span),
            Err(error) => {
                let open = reader.frames.iter().rev().find(|frame| frame.flow).map(|frame| frame.start);
                mistake::report(&error, mistake::Context { file, text, open, before: reader.before }, reader.sink);
                Err(Stopped)
            }
        };
        if outcome.is_err() {
            return None;
        }
    }
    let root = reader.root.take();
    if root.is_none() {
        reader.sink.report(&EMPTY_DOCUMENT, Span::new(file, 0, 0), "the file contains no value").help(match dialect {
            Dialect::Blueprint => "a blueprint begins with `blueprint: <name>`",
            Dialect::Template => "a template has at least `Resources:`",
        });
    }
    root
}

fn parser(text: &str, dialect: Dialect) -> Parser<'_, granit_parser::StrInput<'_>> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        // As CloudFormation, PyYAML and libyaml read the last line of a file without a line break.
        block_scalar_eof_without_line_feed: true,
        disallow_directives: dialect == Dialect::Blueprint,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    Parser::new_from_str_with_options(text, options)
}

/// The anchors that an alias refers to, so that no other value is ever copied.
fn used_anchors(text: &str, dialect: Dialect) -> HashSet<usize> {
    if !(text.contains('&') && text.contains('*')) {
        return HashSet::new();
    }
    let events = parser(text, dialect).map_while(Result::ok);
    events.filter_map(|(event, _)| if let Event::Alias(id) = event { Some(id) } else { None }).collect()
}

/// What a tag says.
#[derive(Clone)]
enum Meaning {
    Nothing,
    /// `!`: take it as text.
    Text,
    Core(Core),
    Local(Tag),
    /// Reported.
    Unsupported,
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    dialect: Dialect,
    sink: &'a mut Sink,
    frames: Vec<Frame>,
    root: Option<Node>,
    used: HashSet<usize>,
    anchors: HashMap<usize, Anchored>,
    added: Size,
    /// Where the previous event ends.
    previous: usize,
    /// The previous scalar.
    before: Option<Span>,
    /// How many names are still looked for; each look is as long as the file.
    suggestions: usize,
}

impl Reader<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    /// The character at a place; nothing at the end of the file.
    fn first_character(&self, at: usize) -> Span {
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        self.span(at, at + length)
    }

    fn second_document(&mut self, range: Range<usize>) {
        let span = if range.is_empty() { self.first_character(range.start) } else { self.span(range.start, range.end) };
        self.sink
            .report(&SEVERAL_DOCUMENTS, span, "a second document begins here, one is expected")
            .help("put it into a file of its own, or remove the `---`");
    }

    fn event(&mut self, event: Event<'_>, place: granit_parser::Span) -> Result<(), Stopped> {
        // The parser knows bytes for every text that it was given as a whole.
        let range = place.byte_range().unwrap_or_default();
        let tag_range = place.tag_span().and_then(|span| span.byte_range());
        let span = self.span(range.start, range.end);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), tag_range.clone());
                let after = tag_range.map_or(self.previous, |tag| tag.end.max(self.previous));
                self.scalar(&text, style, anchor, meaning, span, after);
            }
            Event::SequenceStart(style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), tag_range);
                let start = if style == StructureStyle::Flow { range.start } else { self.dash_before(range.start) };
                self.open(style, anchor, meaning, self.span(start, range.end.max(start)), Content::List(Vec::new()))?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let meaning = self.meaning(tag.as_deref(), tag_range);
                self.open(style, anchor, meaning, span, Content::Map(Members::default(), Slot::Key))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(id) => self.alias(id, span)?,
            Event::UnresolvedAlias(name) => self.unknown_alias(&name, span),
            _ => {}
        }
        self.previous = self.previous.max(range.end);
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, tag: Meaning, span: Span, after: usize) {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        // An empty value comes as `~` without a place.
        let text = if style == Style::Plain && span.start == span.end { "" } else { text };
        let span = match style {
            Style::Literal | Style::Folded => self.block_span(span, after),
            _ => span,
        };
        self.before = Some(span);
        let written = Written { text, style, span };
        if let Some(Frame { content: Content::Map(_, Slot::Key), .. }) = self.frames.last() {
            if self.used.contains(&anchor) {
                self.keep(anchor, &Node { span, tag: None, data: written.as_text() }, Size::of(text));
            }
            self.key(&written, &tag);
            return;
        }
        let (tag, data) = match tag {
            Meaning::Local(tag) if text.is_empty() && style == Style::Plain => (Some(tag), Data::Null),
            Meaning::Local(tag) => (Some(tag), written.as_text()),
            Meaning::Text | Meaning::Unsupported => (None, written.as_text()),
            Meaning::Core(core) => (None, written.convert(core, self.dialect, self.sink)),
            Meaning::Nothing => (None, written.resolve(self.dialect, self.sink)),
        };
        let node = if text.is_empty() && style == Style::Plain {
            Node { tag, data, ..scalar::nothing(span, self.text) }
        } else {
            Node { span, tag, data }
        };
        let is_nothing = node.tag.is_none() && anchor == 0 && matches!(node.data, Data::Null) && text.is_empty();
        if self.frames.is_empty() && is_nothing {
            return;
        }
        self.finish(node, Size::of(text), anchor);
    }

    /// From the indicator (`|` or `>`) to the end of the last line with content. The parser gives the content alone.
    fn block_span(&self, content: Span, after: usize) -> Span {
        let (start, end) = (content.start as usize, content.end as usize);
        let mut at = after.min(start);
        let indicator = loop {
            let rest = &self.text[at..];
            match rest.chars().next() {
                Some('|' | '>') => break at,
                Some('#') => at += rest.find(['\n', '\r']).unwrap_or(rest.len()),
                Some('&' | '!') => at += rest.find(char::is_whitespace).unwrap_or(rest.len()),
                Some(' ' | '\t' | '\n' | '\r' | ':' | '-' | '?' | ',') => at += 1,
                _ => break start,
            }
        };
        let written = self.text[indicator..end.max(indicator)].trim_end();
        let last = indicator + written.len();
        // Blanks at the end of the last line are content.
        let rest = &self.text[last..end.max(last)];
        let blanks = rest.find(['\n', '\r']).unwrap_or(rest.len());
        self.span(indicator, last + blanks)
    }

    fn meaning(&mut self, tag: Option<&granit_parser::Tag>, range: Option<Range<usize>>) -> Meaning {
        let Some(tag) = tag else { return Meaning::Nothing };
        let span = range.map_or(self.span(self.previous, self.previous), |range| self.span(range.start, range.end));
        if let Some(name) = tag.core_suffix() {
            return Core::ALL.into_iter().find(|core| core.name() == name).map_or(Meaning::Nothing, Meaning::Core);
        }
        match (tag.handle(), tag.suffix()) {
            ("", "!") | ("!", "") => Meaning::Text,
            ("!", name) => Meaning::Local(Tag { name: name.to_owned(), span }),
            ("", name) if name.starts_with('!') => Meaning::Local(Tag { name: name[1..].to_owned(), span }),
            _ => {
                let known: Vec<String> = Core::ALL.into_iter().map(|core| format!("!!{}", core.name())).collect();
                let given = self.text.get(span.range()).unwrap_or_default();
                self.sink
                    .report(
                        &UNSUPPORTED_TAG,
                        span,
                        format!(
                            "tag `{given}`, allowed are {} and CloudFormation's own",
                            alternatives(known.iter().map(String::as_str))
                        ),
                    )
                    .help("remove it, or write one `!` for a tag of CloudFormation such as `!Ref`");
                Meaning::Unsupported
            }
        }
    }
}

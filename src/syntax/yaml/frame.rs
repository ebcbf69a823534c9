//! Collections that are not closed yet, on a stack of limited height.

use granit_parser::StructureStyle;

use super::{Meaning, Reader, Stopped};
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::syntax::members::Members;
use crate::syntax::scalar::{self, Core};
use crate::syntax::{Data, Key, MAX_DEPTH, Node};

codes! {
    /// Values are nested deeper than any template can be.
    ///
    /// A limit keeps a malformed or malicious file from using up the memory of the machine.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[
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
    NESTING_TOO_DEEP = Error "nesting-too-deep";
}

/// How much a value holds, itself included.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub nodes: usize,
    pub bytes: usize,
    pub height: usize,
}

impl Size {
    pub(super) fn of(text: &str) -> Self {
        Self { nodes: 1, bytes: text.len(), height: 0 }
    }

    pub(super) fn add(&mut self, inner: Self) {
        self.nodes = self.nodes.saturating_add(inner.nodes);
        self.bytes = self.bytes.saturating_add(inner.bytes);
        self.height = self.height.max(inner.height + 1);
    }
}

/// A collection that is not closed yet.
pub(super) struct Frame {
    pub start: usize,
    pub end: usize,
    pub flow: bool,
    pub tag: Meaning,
    pub anchor: usize,
    pub size: Size,
    pub content: Content,
}

pub(super) enum Content {
    List(Vec<Node>),
    Map(Members, Slot),
}

/// What a mapping waits for.
pub(super) enum Slot {
    Key,
    /// The value of this key.
    Value(Key),
    /// A value whose key was refused.
    Refused,
}

impl Reader<'_> {
    /// A list in a mapping may stand at the indentation of its key; the parser then gives the place of the first item.
    pub(super) fn dash_before(&self, start: usize) -> usize {
        let in_value =
            matches!(self.frames.last(), Some(Frame { content: Content::Map(_, Slot::Value(_) | Slot::Refused), .. }));
        let before = self.text[..start].trim_end_matches([' ', '\t']);
        if in_value && before.ends_with('-') { before.len() - 1 } else { start }
    }

    pub(super) fn open(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        tag: Meaning,
        span: Span,
        content: Content,
    ) -> Result<(), Stopped> {
        if self.frames.len() == MAX_DEPTH {
            return Err(too_deep(self.first_character(span.start as usize), self.sink));
        }
        let (start, end) = (span.start as usize, span.end as usize);
        let size = Size { nodes: 1, bytes: 0, height: 1 };
        self.frames.push(Frame { start, end, flow: style == StructureStyle::Flow, tag, anchor, size, content });
        Ok(())
    }

    pub(super) fn close(&mut self, end: usize) {
        let Some(frame) = self.frames.pop() else { return };
        let span = self.span(frame.start, if frame.flow { end } else { frame.end });
        let (data, kind) = match frame.content {
            Content::List(nodes) => (Data::List(nodes), Core::Seq),
            Content::Map(members, _) => (Data::Map(members.into_entries()), Core::Map),
        };
        let tag = match frame.tag {
            Meaning::Local(tag) => Some(tag),
            Meaning::Core(core) if core != kind => {
                let given = if kind == Core::Map { "a mapping" } else { "a list" };
                scalar::report_mismatch(core, given, self.first_character(frame.start), self.sink);
                None
            }
            _ => None,
        };
        self.finish(Node { span, tag, data }, frame.size, frame.anchor);
    }

    /// Puts a finished value where it belongs.
    pub(super) fn finish(&mut self, node: Node, size: Size, anchor: usize) {
        if self.used.contains(&anchor) {
            self.keep(anchor, &node, size);
        }
        let end = node.span.end as usize;
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut frame.content {
            Content::List(nodes) => nodes.push(node),
            Content::Map(members, slot) => match std::mem::replace(slot, Slot::Key) {
                Slot::Value(key) => members.push(key, node),
                Slot::Refused => {}
                Slot::Key => {
                    let span = self.span(node.span.start as usize, node.span.end as usize);
                    self.collection_as_key(&node, span);
                    self.put_key(Slot::Refused, end, size);
                    return;
                }
            },
        }
        frame.size.add(size);
        // An alias stands for a value further up, whose end lies before.
        frame.end = frame.end.max(end);
    }
}

/// Reports nesting over the limit.
pub(in crate::syntax) fn too_deep(span: Span, sink: &mut Sink) -> Stopped {
    sink.report(&NESTING_TOO_DEEP, span, format!("more than {MAX_DEPTH} levels of lists and mappings"))
        .help("close what is open, or check the indentation of the lines above");
    Stopped
}

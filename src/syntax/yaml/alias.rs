//! Aliases: each is a copy of the value that it names, within a budget that is checked before anything is copied.

use super::frame::{Content, Frame, Size, Slot};
use super::{Reader, Stopped, too_deep};
use crate::diagnostics::closest;
use crate::source::Span;
use crate::syntax::{Data, Key, MAX_DEPTH, Node};

/// How many values aliases may add to a document, the stored copy of a used anchor included.
pub const MAX_ALIAS_NODES: usize = 100_000;
/// How many bytes of text aliases may add to a document.
pub const MAX_ALIAS_BYTES: usize = crate::syntax::MAX_FILE_BYTES;

codes! {
    /// An alias names no anchor that stands before it.
    ///
    /// `*name` repeats the value that is marked `&name` further up. A text that begins with `*` needs quotes.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// title: *name
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: &name example
    /// version: 1.0.0
    /// title: *name
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    UNKNOWN_ALIAS = Error "unknown-alias";

    /// An alias stands inside the value that it repeats.
    ///
    /// Such a value would contain itself without end.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components: &all
    ///   again: *all
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
    ALIAS_CYCLE = Error "alias-cycle";

    /// Aliases repeat more than a document may hold.
    ///
    /// Aliases of aliases multiply: a few lines can stand for billions of values ("billion laughs"). So the values
    /// are counted before any is copied.
    ///
    /// ```yaml
    /// a: &a [x, x, x, x, x, x, x, x, x, x]
    /// b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
    /// c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
    /// d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
    /// e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
    /// f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
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
    ALIAS_EXPLOSION = Error "alias-explosion";
}

/// A value that aliases refer to.
pub(super) enum Anchored {
    Kept(Node, Size),
    /// Too large for any alias.
    TooLarge,
}

impl Reader<'_> {
    /// Keeps a copy for aliases, if there is room for one.
    pub(super) fn keep(&mut self, anchor: usize, node: &Node, size: Size) {
        let anchored = if self.fits(size) { Anchored::Kept(node.clone(), size) } else { Anchored::TooLarge };
        self.anchors.insert(anchor, anchored);
    }

    /// Whether a copy of this size is within the budget, of which it takes its part.
    pub(super) fn fits(&mut self, size: Size) -> bool {
        let mut total = self.added;
        total.add(size);
        let fits = total.nodes <= MAX_ALIAS_NODES && total.bytes <= MAX_ALIAS_BYTES;
        if fits {
            self.added = total;
        }
        fits
    }

    pub(super) fn alias(&mut self, id: usize, span: Span) -> Result<(), Stopped> {
        let name = self.text[span.range()].trim_start_matches('*');
        if let Some(frame) = self.frames.iter().find(|frame| frame.anchor == id) {
            let place = self.first_character(frame.start);
            self.sink
                .report(&ALIAS_CYCLE, span, format!("alias `*{name}` stands inside the value that it repeats"))
                .also(place, "that value begins here")
                .help("move the alias out of it, or write the part that is meant");
            self.insert(Node { span, tag: None, data: Data::Null }, Size::of(""), span);
            return Ok(());
        }
        let (node, size) = match self.anchors.remove(&id) {
            Some(Anchored::Kept(node, size)) if self.fits(size) => {
                let copy = node.clone();
                self.anchors.insert(id, Anchored::Kept(node, size));
                (copy, size)
            }
            Some(_) => {
                let message = format!(
                    "alias `*{name}` adds more than aliases may add to a document: {MAX_ALIAS_NODES} values, {MAX_ALIAS_BYTES} bytes of text"
                );
                self.sink.report(&ALIAS_EXPLOSION, span, message).help("write the values out, or repeat fewer of them");
                return Err(Stopped);
            }
            // The pass before saw the same events, so every alias that has an id has a value.
            None => (Node { span, tag: None, data: Data::Null }, Size::of("")),
        };
        if self.frames.len() + size.height > MAX_DEPTH {
            return Err(too_deep(span, self.sink));
        }
        self.insert(node, size, span);
        Ok(())
    }

    /// Puts the value of an alias where the alias stands.
    pub(super) fn insert(&mut self, node: Node, size: Size, alias: Span) {
        if let Some(Frame { content: Content::Map(_, Slot::Key), .. }) = self.frames.last() {
            let text = match &node.data {
                Data::String(scalar) => Some(scalar.text.clone()),
                Data::Bool(_) | Data::Number(_) => self.text.get(node.span.range()).map(str::to_owned),
                _ => None,
            };
            let slot = if let Some(text) = text {
                self.slot(Key { text, span: alias })
            } else {
                self.collection_as_key(&node, alias);
                Slot::Refused
            };
            self.put_key(slot, alias.end as usize, size);
            return;
        }
        self.finish(node, size, 0);
        if let Some(frame) = self.frames.last_mut() {
            frame.end = frame.end.max(alias.end as usize);
        }
    }

    pub(super) fn unknown_alias(&mut self, name: &str, span: Span) {
        let close = if self.suggestions > 0 { self.closest_anchor(name, span.start as usize) } else { None };
        self.suggestions = self.suggestions.saturating_sub(1);
        let help = match close {
            Some(close) => format!("the anchor `&{close}` stands above; a text that begins with `*` needs quotes"),
            None => format!("write `\"*{name}\"` for the text, or mark the value above with `&{name}`"),
        };
        self.sink
            .report(&UNKNOWN_ALIAS, span, format!("alias `*{name}` without an anchor `&{name}` above it"))
            .help(help);
        self.insert(Node { span, tag: None, data: Data::Null }, Size::of(""), span);
    }

    /// The anchor before `end` whose name is most like this one.
    pub(super) fn closest_anchor(&self, name: &str, end: usize) -> Option<String> {
        let before = &self.text[..end];
        let names = before.match_indices('&').filter_map(|(at, _)| {
            before[at + 1..]
                .split(|c: char| c.is_whitespace() || ",[]{}".contains(c))
                .next()
                .filter(|name| !name.is_empty())
        });
        closest(name, names).map(str::to_owned)
    }
}

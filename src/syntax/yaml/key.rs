//! Keys of mappings: texts, each once.

use super::frame::{Content, Frame, Size, Slot};
use super::{Meaning, Reader};
use crate::source::Span;
use crate::syntax::scalar::Written;
use crate::syntax::{Data, Dialect, Key, Node, Style};

codes! {
    /// A key is a list, a mapping or nothing.
    ///
    /// In JSON, to which every template is read, keys are texts. A value that begins with `{{` is read as a mapping
    /// inside a mapping unless it is quoted.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// let: { name: orders }
    /// title: {{ name }}
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
    /// title: "{{ name }}"
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    KEY_NOT_TEXT = Error "key-not-text";

    /// A tag stands before a key.
    ///
    /// `!Sub name: value` puts the tag on `name` and not on the value, and CloudFormation has no tagged keys.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// !Sub title: example
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
    /// title: example
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    TAGGED_KEY = Error "tagged-key";

    /// A mapping is merged in with `<<`.
    ///
    /// YAML 1.2 has no merge keys, and CloudFormation refuses them ("hash merges").
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive: &bucket
    ///     kind: s3-bucket
    ///     versioning: false
    ///   results:
    ///     <<: *bucket
    ///     expire_after_days: 30
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
    ///     versioning: false
    ///   results:
    ///     kind: s3-bucket
    ///     versioning: false
    ///     expire_after_days: 30
    /// ```
    ///
    /// Source: CloudFormation user guide, "CloudFormation template format".
    MERGE_KEY = Error "merge-key";
}

impl Reader<'_> {
    pub(super) fn key(&mut self, written: &Written<'_>, tag: &Meaning) {
        let plain = written.style == Style::Plain;
        let slot = if plain && matches!(written.text, "" | "~" | "null" | "Null" | "NULL") {
            let given = if written.text.is_empty() { "nothing" } else { written.text };
            let end = written.span.end.max(written.span.start + u32::from(!written.text.is_empty()));
            self.sink
                .report(&KEY_NOT_TEXT, Span { end, ..written.span }, format!("{given} stands where a key is expected"))
                .help("write a name before the colon, in quotes if it is `null`");
            Slot::Refused
        } else if plain && written.text == "<<" {
            self.sink
                .report(&MERGE_KEY, written.span, "merge key `<<`, which CloudFormation does not have")
                .help("repeat a whole value with an alias (`key: *name`), or share its parts by `let`");
            Slot::Refused
        } else {
            if let Meaning::Local(tag) = tag {
                self.sink
                    .report(&TAGGED_KEY, tag.span, format!("`!{}` stands before the key `{}`", tag.name, written.text))
                    .help(format!("put the tag before the value: `{}: !{} …`", written.text, tag.name));
            }
            // `y` and `n` are names, of coordinates for one, and no reader that matters takes them for truth values.
            if plain && self.dialect == Dialect::Blueprint && written.text.len() > 1 {
                written.warn_if_ambiguous(self.sink);
            }
            self.slot(Key { text: written.text.to_owned(), span: written.span })
        };
        self.put_key(slot, written.span.end as usize, Size::of(written.text));
    }

    /// The slot for a key: refused when the mapping has it already.
    pub(super) fn slot(&mut self, key: Key) -> Slot {
        let Some(Frame { content: Content::Map(members, _), .. }) = self.frames.last_mut() else {
            return Slot::Refused;
        };
        if members.admit(&key, self.sink) { Slot::Value(key) } else { Slot::Refused }
    }

    pub(super) fn put_key(&mut self, next: Slot, end: usize, size: Size) {
        let Some(frame) = self.frames.last_mut() else { return };
        frame.end = frame.end.max(end);
        frame.size.add(size);
        if let Content::Map(_, slot) = &mut frame.content {
            *slot = next;
        }
    }

    pub(super) fn collection_as_key(&mut self, node: &Node, span: Span) {
        let given = if matches!(node.data, Data::List(_)) { "a list" } else { "a mapping" };
        let braces = self.text[..span.start as usize].ends_with('{') && self.text[span.range()].starts_with('{');
        let help = if braces {
            "quote a value that begins with `{{`: `\"{{ … }}\"`"
        } else {
            "keys are texts: write a name before the colon"
        };
        self.sink.report(&KEY_NOT_TEXT, span, format!("{given} stands where a key is expected")).help(help);
    }
}

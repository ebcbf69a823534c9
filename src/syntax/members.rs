//! The members of one mapping, for both readers: each key once.

use std::collections::HashMap;

use super::{Entry, Key, Node};
use crate::diagnostics::Sink;
use crate::source::Span;

codes! {
    /// A key stands twice in one mapping.
    ///
    /// Readers of YAML and JSON keep one of the two values without a word, and not all keep the same one.
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.0
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// version: 1.0.1
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// blueprint: example
    /// version: 1.0.1
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: YAML 1.2.2, section 3.2.1.3 (keys are unique).
    DUPLICATE_KEY = Error "duplicate-key";
}

/// Entries in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Members {
    entries: Vec<Entry>,
    keys: HashMap<String, Span>,
}

impl Members {
    /// Whether the key is new; a repeated one is reported, and its value is not to be added.
    pub(super) fn admit(&mut self, key: &Key, sink: &mut Sink) -> bool {
        if let Some(first) = self.keys.get(&key.text) {
            sink.report(&DUPLICATE_KEY, key.span, format!("key `{}` stands twice in this mapping", key.text))
                .also(*first, "first here")
                .help("remove one of the two, or merge their values under one key");
            return false;
        }
        self.keys.insert(key.text.clone(), key.span);
        true
    }

    /// Adds an entry whose key was admitted.
    pub(super) fn push(&mut self, key: Key, value: Node) {
        self.entries.push(Entry { key, value });
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

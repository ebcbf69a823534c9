//! What is told of the way of an event: a tree of hops.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::contract::Violation;
use crate::source::{Sources, Span};

/// What became of an event at a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It went on.
    Passed,
    /// It reached its end, where it stays.
    Delivered,
    /// It was left out, as the resource says.
    Dropped,
    /// Something went wrong.
    Failed,
    /// Nothing here knows what happens then.
    Unknown,
}

impl State {
    /// The word in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The sign in front of a hop.
    fn sign(self) -> &'static str {
        match self {
            Self::Passed => "→",
            Self::Delivered => "●",
            Self::Dropped => "✗",
            Self::Failed => "!",
            Self::Unknown => "?",
        }
    }
}

/// A sentence about a hop, with the place that is responsible for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The sentence.
    pub text: String,
    /// What decides it in the blueprint or the template.
    pub place: Option<Span>,
}

/// Where an event ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The bucket of an object.
    pub bucket: Option<String>,
    /// The key of an object; `*` stands for what is made up at delivery.
    pub key: Option<String>,
    /// The table that has it.
    pub table: Option<String>,
    /// The values of the partition.
    pub partitions: Vec<(String, String)>,
    /// The row as the table sees it.
    pub row: Option<Json>,
    /// A query of Athena that gives the row.
    pub query: Option<String>,
    /// The kind of failure, in the words of the service.
    pub error: Option<String>,
    /// The record as it was after the hop: JSON if it is, else text.
    pub record: Option<Arc<Json>>,
    /// Bytes of the record.
    pub bytes: u64,
    /// MiB and seconds after which an object is written.
    pub buffer: Option<(u64, u64)>,
    /// What the event has otherwise than the contract there asks; nothing where there is no contract.
    pub contract: Option<Vec<Violation>>,
}

impl Facts {
    /// Whether nothing is known of what the event became; a contract only says what it was.
    pub fn is_empty(&self) -> bool {
        Self { contract: None, ..self.clone() } == Self::default()
    }
}

/// An event at one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    /// What it is, for example `rule`.
    pub what: &'static str,
    /// The logical id of the resource; nothing for what is no resource of the template.
    pub id: Option<String>,
    /// How people know it: the component, or the logical id, or a name.
    pub name: String,
    /// The component of the blueprint that made the resource.
    pub component: Option<String>,
    /// What became of the event.
    pub state: State,
    /// What the resource did, in one sentence.
    pub says: String,
    /// More about it.
    pub notes: Vec<Note>,
    /// Where the blueprint or the template decides it.
    pub place: Option<Span>,
    /// What is known of it.
    pub facts: Facts,
    /// Where it went from there.
    pub next: Vec<Hop>,
}

impl Hop {
    /// Adds a sentence.
    pub fn note(&mut self, text: impl Into<String>, place: Option<Span>) {
        self.notes.push(Note { text: text.into(), place });
    }

    /// This hop and all after it.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        self.next.iter().for_each(|hop| hop.walk(visit));
    }

    /// As it is printed for programs.
    pub fn json(&self, sources: &Sources) -> Json {
        let mut made = json!({
            "kind": self.what,
            "name": self.name,
            "resource": self.id,
            "component": self.component,
            "state": self.state.name(),
            "message": self.says,
            "place": self.place.map(|place| place_json(place, sources)),
            "notes": self.notes.iter().map(|note| json!({
                "message": note.text,
                "place": note.place.map(|place| place_json(place, sources)),
            })).collect::<Vec<_>>(),
        });
        let Facts { bucket, key, table, partitions, row, query, error, record, bytes: _, buffer: _, contract } =
            &self.facts;
        let mut add = |name: &str, value: Option<Json>| {
            if let (Some(value), Json::Object(map)) = (value, &mut made) {
                map.insert(name.to_owned(), value);
            }
        };
        add("bucket", bucket.as_ref().map(|text| json!(text)));
        add("key", key.as_ref().map(|text| json!(text)));
        add("table", table.as_ref().map(|text| json!(text)));
        let object = partitions.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        add("partitions", (!partitions.is_empty()).then_some(Json::Object(object)));
        add("row", row.clone());
        add("query", query.as_ref().map(|text| json!(text)));
        add("error", error.as_ref().map(|text| json!(text)));
        add("record", record.as_deref().cloned());
        add("contract", contract.as_ref().map(|violations| contract_json(violations)));
        add("next", Some(self.next.iter().map(|hop| hop.json(sources)).collect()));
        made
    }

    /// As it is shown to people, from this depth on.
    pub fn text(&self, sources: &Sources) -> String {
        let mut made = String::new();
        self.lines(sources, "", "", &mut made);
        made
    }

    fn lines(&self, sources: &Sources, first: &str, rest: &str, made: &mut String) {
        let place = self.place.filter(|_| matches!(self.state, State::Dropped | State::Failed));
        let _ = writeln!(made, "{first}{} {} {}: {}", self.state.sign(), self.what, self.name, self.says);
        let inner = if self.next.is_empty() { format!("{rest}    ") } else { format!("{rest}│   ") };
        for note in &self.notes {
            for line in note.text.lines() {
                let _ = writeln!(made, "{inner}{line}");
            }
            if let Some(place) = note.place {
                let _ = writeln!(made, "{inner}at {}", shown_place(place, sources));
            }
        }
        if let Some(place) = place {
            let _ = writeln!(made, "{inner}at {}", shown_place(place, sources));
        }
        for (index, hop) in self.next.iter().enumerate() {
            let last = index + 1 == self.next.len();
            let (branch, below) = if last { ("└── ", "    ") } else { ("├── ", "│   ") };
            hop.lines(sources, &format!("{rest}{branch}"), &format!("{rest}{below}"), made);
        }
    }
}

/// A place as `file:line:column`.
pub fn shown_place(place: Span, sources: &Sources) -> String {
    let position = sources.position(place.file, place.start);
    format!("{}:{}:{}", sources.get(place.file).name, position.line, position.column)
}

/// Whether a contract is kept, and if not, how it is broken.
fn contract_json(violations: &[Violation]) -> Json {
    let told = violations.iter().map(|one| json!({"pointer": one.pointer, "message": one.message, "help": one.help}));
    json!({"kept": violations.is_empty(), "violations": told.collect::<Vec<_>>()})
}

fn place_json(place: Span, sources: &Sources) -> Json {
    let position = sources.position(place.file, place.start);
    json!({"file": sources.get(place.file).name, "line": position.line, "column": position.column})
}

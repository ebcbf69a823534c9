//! The contracts of a blueprint: their files, and whether its sample events are as they ask.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cases::{Case, Sent};
use super::{Location, MISSING_FILE, Rendered, Run, packages, reason};
use crate::blueprint::Blueprint;
use crate::blueprint::contract::{Place, Written};
use crate::compose::Placed;
use crate::contract::document::{self, Document};
use crate::contract::{Contract, INLINE, Named, Part, Violation, read};
use crate::diagnostics::Sink;
use crate::source::{FileId, Sources, Span};
use crate::syntax::{self, Dialect, Node};
use crate::trace::functions::NoRunner;
use crate::trace::promise::{Contracts, Known};
use crate::trace::resolve::{Deployment, Resolver};
use crate::trace::world::World;
use crate::trace::{Packages, Record};

codes! {
    /// A sample event of a test is not as the contract asks of where it comes to.
    ///
    /// Either the sample is not what producers send, or the contract does not say what they send; tests and checks
    /// are worth as much as both. A test that sends a wrong event to see what becomes of it says so where the contract
    /// stands: `expect: { delivery: { contract: violated } }`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: number } } }
    ///     to: { s3: archive }
    /// tests:
    ///   - name: an order is kept
    ///     now: 2026-11-23T10:00:00Z
    ///     send: { total: "9.50" }
    ///     expect: { delivery: {} }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     contract:
    ///       event: { type: object, properties: { total: { type: number } } }
    ///     to: { s3: archive }
    /// tests:
    ///   - name: an order is kept
    ///     now: 2026-11-23T10:00:00Z
    ///     send: { total: 9.50 }
    ///     expect: { delivery: {} }
    /// ```
    SAMPLE = Warning "sample-breaks-contract";
}

/// What a run needs to read files of a contract.
struct Shelf<'a> {
    files: &'a dyn crate::source::Files,
    /// The folder of the blueprint, and how it is shown.
    folder: &'a Path,
    shown: String,
}

impl Shelf<'_> {
    /// The file at a path from the folder of the blueprint.
    fn open(&self, path: &str, span: Span, sources: &mut Sources, sink: &mut Sink) -> Option<Document> {
        if !packages::is_inside(path) {
            packages::report_outside(path, span, sink);
            return None;
        }
        let bytes = match self.files.read(&self.folder.join(path)) {
            Ok(bytes) => bytes,
            Err(error) => {
                let help = if error.kind() == io::ErrorKind::NotFound && self.shown_before(span, sources) {
                    "paths start at the folder of the blueprint"
                } else {
                    "a `$ref` starts at the file that it stands in"
                };
                sink.report(&MISSING_FILE, span, format!("cannot read `{path}`: {}", reason(&error))).help(help);
                return None;
            }
        };
        let name = if self.shown.is_empty() { path.to_owned() } else { format!("{}/{path}", self.shown) };
        let file = syntax::load(&name, bytes, sources, sink)?;
        let root = syntax::parse(file, sources, Dialect::Blueprint, sink)?;
        Some(Document::new(path, root))
    }

    /// Whether a place is in the blueprint itself.
    fn shown_before(&self, span: Span, sources: &Sources) -> bool {
        let name = &sources.get(span.file).name;
        name.rsplit_once('/').map_or("", |(folder, _)| folder) == self.shown
    }
}

impl Run {
    /// Reads the contracts of all components; what is wrong with one is reported once, whoever has it.
    pub(super) fn read_contracts(&mut self, blueprint: &Blueprint, folders: &[PathBuf], at: Location<'_>) -> Contracts {
        let mut contracts = Contracts::new();
        let mut known: BTreeMap<(usize, String, bool), Option<Arc<Contract>>> = BTreeMap::new();
        for declared in &blueprint.components {
            let (Some(written), Some(folder)) = (&declared.contract, folders.get(declared.frame)) else { continue };
            let Written { of_detail, span, schema } = written;
            let path = match schema {
                Place::File(path) => path.value.clone(),
                Place::Inline(_) => INLINE.to_owned(),
            };
            let key = (declared.frame, path.clone(), *of_detail);
            let before = known.get(&key).filter(|_| matches!(schema, Place::File(_)));
            let contract = if let Some(before) = before {
                before.clone()
            } else {
                let part = if *of_detail { Part::Detail } else { Part::Event };
                let named = Named { path, span: *span, part };
                let shown = self.sources.get(span.file).name.rsplit_once('/').map_or("", |(folder, _)| folder);
                let beside = Shelf { files: at.files, folder, shown: shown.to_owned() };
                let sources = &mut self.sources;
                let mut open = |path: &str, span: Span, sink: &mut Sink| match schema {
                    Place::Inline(node) if path == INLINE => Some(Document::new(INLINE, node.clone())),
                    _ => beside.open(path, span, sources, sink),
                };
                let contract = read(&named, &mut open, &mut self.sink).map(Arc::new);
                known.insert(key, contract.clone());
                contract
            };
            contracts.extend(contract.map(|contract| (declared.name.clone(), contract)));
        }
        contracts
    }

    /// Holds the sample events of tests against the contracts that they come to.
    pub(super) fn check_samples(&mut self, rendered: &Rendered, world: &World<'_>, at: Location<'_>) {
        let mut opened: BTreeMap<String, Option<Node>> = BTreeMap::new();
        for case in &rendered.cases {
            let arrival = case.now.unwrap_or_default();
            let record = Record::new(case.event.clone(), arrival);
            let entry = match &case.at {
                Some(name) => world.entry(&name.value),
                None => world.entry_for(&record),
            };
            let Ok(entry) = entry else { continue };
            let hop = world.follow(&entry, &record);
            let mut told: Vec<(String, Violation)> = Vec::new();
            hop.walk(&mut |hop| {
                let name = hop.component.as_deref().unwrap_or(&hop.name);
                if case.expects_violation(name) {
                    return;
                }
                let is_sent = hop.facts.record.is_none() || hop.facts.record.as_ref() == record.json();
                for violation in hop.facts.contract.iter().flatten() {
                    let violation = if is_sent {
                        violation.clone()
                    } else {
                        Violation { pointer: String::new(), ..violation.clone() }
                    };
                    told.push((name.to_owned(), violation));
                }
            });
            for (component, violation) in told {
                let contract = rendered.contracts.get(&component);
                let asked = violation.asked.as_ref().and_then(|asked| contract?.place(asked));
                let (span, inside) = self.place_in(case, &violation, &mut opened, at);
                let way = violation.way();
                let message = if inside || way.is_empty() {
                    violation.message.clone()
                } else {
                    format!("`{way}`: {}", violation.message)
                };
                let report = self.sink.report(&SAMPLE, span, message);
                report.help(violation.help.clone());
                if let Some(asked) = asked {
                    report.also(asked, format!("the contract of `{component}` asks it"));
                }
                if span.file != case.place.file || inside {
                    report.also(case.place, "sent by this test");
                }
            }
        }
    }

    /// The place of a violation: in the event, where that is read as JSON, or else where the test names it.
    fn place_in(
        &mut self,
        case: &Case,
        violation: &Violation,
        opened: &mut BTreeMap<String, Option<Node>>,
        at: Location<'_>,
    ) -> (Span, bool) {
        let root = match &case.sent {
            Sent::Inline(node) => Some(node),
            Sent::File(path) => opened
                .entry(path.value.clone())
                .or_insert_with(|| self.open_event(path.span(), &path.value, at))
                .as_ref(),
        };
        let found = root.and_then(|root| document::place(root, &violation.pointer, violation.is_key));
        match found {
            // All of an event would be many lines.
            Some(span) if !violation.pointer.is_empty() => (span, true),
            Some(span) => (span.slice(0, 1), true),
            None => (case.sent.span(), false),
        }
    }

    /// The event in a file, for its places.
    fn open_event(&mut self, span: Span, path: &str, at: Location<'_>) -> Option<Node> {
        let folder = at.path.parent().unwrap_or(Path::new(""));
        let bytes = at.files.read(&folder.join(path)).ok()?;
        let shown = self.sources.get(span.file).name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let name = if shown.is_empty() { path.to_owned() } else { format!("{shown}/{path}") };
        let mut unheard = Sink::default();
        let file: FileId = syntax::load(&name, bytes, &mut self.sources, &mut unheard)?;
        syntax::parse(file, &self.sources, Dialect::Template, &mut unheard)
    }
}

/// What is known beside the template when contracts are compared with it.
pub fn known<'k>(rendered: &Rendered, placed: &[Placed], sources: &'k Sources) -> Known<'k> {
    let queries = placed.iter().flat_map(|one| {
        let own = one.component.queries().into_iter();
        own.map(|(name, query)| ((one.place.name.clone(), name.value.clone()), query.clone())).collect::<Vec<_>>()
    });
    let samples = rendered.cases.iter().filter_map(|case| serde_json::from_slice(&case.event).ok());
    Known { sources, queries: queries.collect(), samples: samples.collect() }
}

/// The world of a blueprint as it is checked: nothing runs in it.
pub fn world<'t>(rendered: &'t Rendered, name: &str) -> World<'t> {
    let deployment = Deployment { stack: name.to_owned(), ..Deployment::default() };
    let resolver = Resolver::new(&rendered.template, deployment);
    World::new(&rendered.template, resolver, rendered.components.clone(), &Packages::new(), &NoRunner)
        .with_contracts(&rendered.contracts)
}

//! Rules over a whole blueprint or template, one file a rule family.
//!
//! A rule about the services is written once, over the template; its finding is shown at the line that caused the
//! value. This layer knows neither kinds nor how a template was made.

mod block;
mod conditions;
mod dynamic;
mod formats;
mod functions;
mod instances;
mod json_text;
mod known;
mod limits;
mod parameters;
mod policies;
mod references;
mod retired;
mod rules;
mod runtimes;
mod structure;
mod texts;
mod types;
mod unique;
mod uses;
mod violations;

use std::collections::BTreeMap;
use std::ops::Range;

pub use policies::CODES as POLICIES;
pub use rules::CODES as RULES;

use crate::diagnostics::{Code, Severity, Sink};
use crate::schema::model::Document;
use crate::schema::{Leniency, Options, Segment, validate};
use crate::source::{Sources, Span};
use crate::syntax::Node;
use crate::template::{Resource, Template};

/// The codes of this layer, family by family.
pub static CODES: &[&[&Code]] = &[
    conditions::CODES,
    dynamic::CODES,
    formats::CODES,
    functions::CODES,
    instances::CODES,
    limits::CODES,
    parameters::CODES,
    references::CODES,
    retired::CODES,
    runtimes::CODES,
    structure::CODES,
    texts::CODES,
    types::CODES,
    unique::CODES,
    violations::CODES,
];

/// Checks a blueprint with the schema of the language; `hints` say what to write for its patterns. Gives the paths of
/// what is wrong.
pub fn language(root: &Node, schema: &Document, hints: &[(&str, &str)], sink: &mut Sink) -> Vec<Vec<Segment>> {
    let options = Options { leniency: Leniency::Strict, read_only: &[], formats: false };
    let errors = sink.diagnostics().iter().filter(|known| known.severity == Severity::Error);
    let broken: Vec<Span> = errors.map(|known| known.span).collect();
    let found = validate(schema, root, options).violations;
    for violation in found.iter().filter(|violation| !violations::is_misspelt(violation, &found)) {
        violations::report(violation, root, hints, &broken, sink);
    }
    found.into_iter().map(|violation| violation.path).collect()
}

/// A template with what rules ask about it again and again.
pub struct Context<'a> {
    /// The template.
    pub template: &'a Template,
    /// Its resources by logical id.
    pub resources: BTreeMap<&'a str, &'a Resource>,
    /// Whether macros or loops add what cannot be seen.
    pub is_open: bool,
    sources: &'a Sources,
    /// The policy documents of all resources.
    pub policies: Vec<policies::Document<'a>>,
    /// The templates of nested stacks, as far as they are files.
    pub nested: &'a Nested,
}

/// Templates of nested stacks by the logical ids of the stacks.
pub type Nested = BTreeMap<String, Template>;

impl<'a> Context<'a> {
    fn new(template: &'a Template, nested: &'a Nested, sources: &'a Sources) -> Self {
        let resources = template.resources.iter().map(|resource| (resource.id.as_str(), resource)).collect();
        Self {
            template,
            resources,
            is_open: structure::is_open(template),
            sources,
            policies: policies::documents(template),
            nested,
        }
    }

    /// Whether a resource with this id may come from what cannot be seen.
    pub fn may_have(&self, id: &str) -> bool {
        // `Module.Resource` is inside of a module; serverless types make several resources, whose ids they begin.
        let first = id.split_once('.').map_or(id, |(first, _)| first);
        let inside = |resource: &&Resource| resource.kind.ends_with("::MODULE");
        let serverless = self.template.transforms.iter().any(|name| name == structure::SERVERLESS);
        self.is_open
            || self.resources.get(first).is_some_and(|resource| first != id && inside(resource))
            || (serverless
                && (id.starts_with("Serverless")
                    || self.resources.iter().any(|(known, resource)| {
                        resource.kind.starts_with("AWS::Serverless::") && id.starts_with(*known)
                    })))
    }

    /// What is written at a place.
    pub fn text_of(&self, span: Span) -> &str {
        self.sources.text(span)
    }

    /// The part of a place that is on its first line.
    pub fn first_line(&self, span: Span) -> Span {
        match self.sources.text(span).find(['\r', '\n']) {
            Some(end) => span.slice(0, end),
            None => span,
        }
    }

    /// The part of a place that says this, if it is written there as it is.
    pub fn narrow(&self, span: Span, part: &str) -> Span {
        match self.sources.text(span).find(part) {
            Some(at) => span.slice(at, at + part.len()),
            None => span,
        }
    }

    /// Where a part of a text is written: there, if the text, its line or the part alone stands at the place as it is,
    /// and otherwise the first line of the place.
    pub fn written(&self, place: Span, text: &str, range: &Range<usize>) -> Span {
        let source = self.sources.text(place);
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[range.start..].find('\n').map_or(text.len(), |at| range.start + at);
        let line = text[start..end].trim_end();
        let part = text.get(range.clone()).unwrap_or_default();
        let found = [(text.trim_end(), 0), (line, start), (part, range.start)].into_iter().find_map(|(known, from)| {
            let mut places = source.match_indices(known);
            let at = places.next().filter(|_| !known.is_empty() && places.next().is_none())?.0;
            Some((at + (range.start - from).min(known.len()), at + known.len()))
        });
        let Some((at, end)) = found else { return self.first_line(place) };
        // The end of a text has no byte of its own.
        let last = (at + range.len()).min(end);
        if at < last {
            return self.first_line(place.slice(at, last));
        }
        let before = source[..at].char_indices().next_back().map_or(at, |(before, _)| before);
        place.slice(before, at)
    }

    /// Whether the template was written by hand, so that every mistake in it is its writer's.
    pub fn is_written(&self) -> bool {
        self.template.written.is_some()
    }
}

/// Checks a template, and what it says of those of its nested stacks that are known.
pub fn template(template: &Template, nested: &Nested, sources: &Sources, sink: &mut Sink) {
    let context = Context::new(template, nested, sources);
    if template.written.is_some() {
        structure::check(&context, sink);
        functions::check(&context, sink);
        parameters::check(&context, sink);
        conditions::check(&context, sink);
        texts::check(&context, sink);
    }
    types::check(&context, sink);
    violations::check(&context, sink);
    references::check(&context, sink);
    formats::check(&context, sink);
    dynamic::check(&context, sink);
    retired::check(&context, sink);
    runtimes::check(&context, sink);
    instances::check(&context, sink);
    unique::check(&context, sink);
    policies::check(&context, sink);
    rules::check(&context, sink);
    limits::check(template, sink);
}

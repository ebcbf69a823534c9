//! Rules over a whole blueprint or template, one file a rule family.
//!
//! A rule about the services is written once, over the template; its finding is shown at the line that caused the
//! value. This layer knows neither kinds nor how a template was made.

mod limits;
mod references;
mod violations;

use std::sync::OnceLock;

use crate::diagnostics::{Code, Severity, Sink};
use crate::schema::model::Document;
use crate::schema::{Leniency, Options, read, validate};
use crate::source::Span;
use crate::syntax::Node;
use crate::template::Template;

/// The codes of this layer, family by family.
pub static CODES: &[&[&Code]] = &[limits::CODES, references::CODES, violations::CODES];

/// The schema of blueprints, read once.
fn language_schema(text: &str) -> &'static Document {
    static SCHEMA: OnceLock<Document> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        // The text is part of the program, and a test reads it.
        serde_json::from_str(text).ok().and_then(|json| read::document(&json).ok()).unwrap_or_default()
    })
}

/// Checks a blueprint with the schema of the language; `hints` say what to write for its patterns.
pub fn language(root: &Node, schema: &str, hints: &[(&str, &str)], sink: &mut Sink) {
    let options = Options { leniency: Leniency::Strict, read_only: &[] };
    let errors = sink.diagnostics().iter().filter(|known| known.code.severity == Severity::Error);
    let broken: Vec<Span> = errors.map(|known| known.span).collect();
    for violation in validate(language_schema(schema), root, options).violations {
        violations::report(&violation, root, hints, &broken, sink);
    }
}

/// Checks a template.
pub fn template(template: &Template, sink: &mut Sink) {
    violations::check(template, sink);
    references::check(template, sink);
    limits::check(template, sink);
}

//! Rules over a whole blueprint or template, one file a rule family.
//!
//! A rule about the services is written once, over the template; its finding is shown at the line that caused the
//! value. This layer knows neither kinds nor how a template was made.

mod limits;
mod references;
mod violations;

use crate::diagnostics::{Code, Severity, Sink};
use crate::schema::model::Document;
use crate::schema::{Leniency, Options, Segment, validate};
use crate::source::Span;
use crate::syntax::Node;
use crate::template::Template;

/// The codes of this layer, family by family.
pub static CODES: &[&[&Code]] = &[limits::CODES, references::CODES, violations::CODES];

/// Checks a blueprint with the schema of the language; `hints` say what to write for its patterns. Gives the paths of
/// what is wrong.
pub fn language(root: &Node, schema: &Document, hints: &[(&str, &str)], sink: &mut Sink) -> Vec<Vec<Segment>> {
    let options = Options { leniency: Leniency::Strict, read_only: &[] };
    let errors = sink.diagnostics().iter().filter(|known| known.code.severity == Severity::Error);
    let broken: Vec<Span> = errors.map(|known| known.span).collect();
    let found = validate(schema, root, options).violations;
    for violation in found.iter().filter(|violation| !violations::is_misspelt(violation, &found)) {
        violations::report(violation, root, hints, &broken, sink);
    }
    found.into_iter().map(|violation| violation.path).collect()
}

/// Checks a template.
pub fn template(template: &Template, sink: &mut Sink) {
    violations::check(template, sink);
    references::check(template, sink);
    limits::check(template, sink);
}

//! The shape of a policy document: its keys, their types and which of them come together.

use std::sync::OnceLock;

use super::{Document, Family};
use crate::check::{Context, violations};
use crate::diagnostics::Sink;
use crate::schema::model;
use crate::schema::{Leniency, Options, Violation, ViolationKind, read, validate_at};

/// The schema of policy documents.
///
/// Source: IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference".
fn schema() -> &'static model::Document {
    static SCHEMA: OnceLock<model::Document> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = include_str!("../../../schemas/policy.schema.json");
        // A test reads it.
        serde_json::from_str(text).ok().and_then(|json| read::document(&json).ok()).unwrap_or_default()
    })
}

fn name(family: Family) -> &'static str {
    match family {
        Family::Identity => "identity",
        Family::Trust => "trust",
        Family::Resource => "resource",
        Family::Registry => "registry",
        Family::Statement => "statement",
    }
}

/// Checks the shape of a document.
pub fn check(context: &Context<'_>, document: &Document<'_>, sink: &mut Sink) {
    let Some(wanted) = schema().at(&[name(document.family)]) else { return };
    let options = Options { leniency: Leniency::CloudFormation, read_only: &[], formats: false };
    let value = document.value.as_ref();
    let found = validate_at(schema(), wanted, value, options).violations;
    for violation in found.iter().filter(|violation| !violations::is_misspelt(violation, &found)) {
        // A macro puts something in its place.
        let replaced =
            matches!(&violation.kind, ViolationKind::UnknownProperty { name, .. } if name.starts_with("Fn::"));
        // It is said with the second of them.
        let both = matches!(violation.kind, ViolationKind::Exclusive { .. });
        if !replaced && !both && !is_misspelt(violation, &found) {
            violations::report_at(context, violation, value, &violation.path_below(&document.path), sink);
        }
    }
}

/// Whether one of the elements of which one is missing is there under a misspelt name, which is told already.
fn is_misspelt(missing: &Violation, all: &[Violation]) -> bool {
    let ViolationKind::RequiredOneOf { alternatives } = &missing.kind else { return false };
    alternatives.iter().flatten().any(|name| {
        let kind = ViolationKind::MissingProperty { name: name.clone() };
        violations::is_misspelt(&Violation { kind, ..missing.clone() }, all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_every_family() {
        for family in [Family::Identity, Family::Trust, Family::Resource, Family::Registry, Family::Statement] {
            assert!(schema().at(&[name(family)]).is_some(), "{family:?}");
        }
    }
}

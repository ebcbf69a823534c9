//! Properties that no schema applied to the object knows.

use super::container::report_key;
use super::instance::{Instance, Presence, presence};
use super::model::{Additional, Keyword, Properties, Schema};
use super::pattern;
use super::validate::{Path, Run, Verdict};
use super::violation::{Violation, ViolationKind};

impl<'d> Run<'d> {
    /// `unevaluatedProperties` of a schema.
    pub fn unevaluated<I: Instance>(
        &mut self,
        schema: &'d Schema,
        entries: &[I::Entry],
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let additional = schema.keywords.iter().find_map(|keyword| match keyword {
            Keyword::Unevaluated(additional) => Some(&**additional),
            _ => None,
        });
        let mut known = Vec::new();
        let certain = self.known(schema, instance, path, 0, &mut known);
        let mut verdict = certain;
        for entry in entries.iter().map(I::entry) {
            if presence(entry.value) == Presence::Absent
                || known.iter().any(|properties| properties.describe(entry.name))
            {
                continue;
            }
            let path = path.key(entry.name);
            verdict = verdict.and(match additional {
                Some(Additional::Schema(schema)) => self.check(schema, entry.value, &path, out),
                Some(Additional::Forbidden) => {
                    let names = known.iter().flat_map(|properties| properties.named.iter().map(|(name, _)| name));
                    let kind =
                        ViolationKind::UnknownProperty { name: entry.name.to_owned(), known: names.cloned().collect() };
                    report_key(out, &path, &entry, kind)
                }
                None | Some(Additional::Allowed) => Verdict::Valid,
            });
        }
        verdict
    }

    /// Collects what a schema says of properties by name, in all branches that the object may satisfy.
    fn known<I: Instance>(
        &mut self,
        schema: &'d Schema,
        instance: &I,
        path: &Path<'_>,
        depth: usize,
        known: &mut Vec<&'d Properties>,
    ) -> Verdict {
        // References may lead in a circle.
        if depth > 16 {
            return Verdict::Unknown;
        }
        let mut verdict = Verdict::Valid;
        for keyword in &schema.keywords {
            let branches: &[Schema] = match keyword {
                Keyword::Properties(properties) => {
                    known.push(properties);
                    continue;
                }
                Keyword::Reference(index) => self.document.definition(*index).map_or(&[], std::slice::from_ref),
                Keyword::AllOf(schemas) | Keyword::AnyOf(schemas) | Keyword::OneOf(schemas) => schemas,
                Keyword::If(choice) => match self.ask(&choice.condition, instance, path) {
                    Verdict::Valid => {
                        verdict = verdict.and(self.known(&choice.condition, instance, path, depth + 1, known));
                        std::slice::from_ref(&choice.then)
                    }
                    Verdict::Invalid => std::slice::from_ref(&choice.otherwise),
                    Verdict::Unknown => return Verdict::Unknown,
                },
                _ => continue,
            };
            let chosen = matches!(keyword, Keyword::AnyOf(_) | Keyword::OneOf(_));
            let answers: Vec<Verdict> = branches
                .iter()
                .map(|branch| if chosen { self.ask(branch, instance, path) } else { Verdict::Valid })
                .collect();
            // An object that fits no branch is told so by the branches; its names are not held against it as well.
            let lost = answers.iter().all(|answer| *answer == Verdict::Invalid);
            for (branch, answer) in branches.iter().zip(answers) {
                if answer == Verdict::Unknown {
                    verdict = Verdict::Unknown;
                }
                if lost || answer != Verdict::Invalid {
                    verdict = verdict.and(self.known(branch, instance, path, depth + 1, known));
                }
            }
        }
        verdict
    }
}

impl Properties {
    /// Whether anything is said of the property of this name.
    fn describe(&self, name: &str) -> bool {
        self.get(name).is_some()
            || matches!(self.additional, Additional::Schema(_))
            || self.patterns.iter().any(|(pattern, _)| pattern::is_match(pattern, name) != Some(false))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schema::Leniency::Strict;
    use crate::schema::testing::wrong;

    #[test]
    fn properties_of_all_that_applies_are_known() {
        let schema = json!({
            "$ref": "#/$defs/named",
            "properties": {"kind": {"type": "string"}},
            "oneOf": [
                {"properties": {"kind": {"const": "a"}, "size": {}}, "required": ["kind", "size"]},
                {"properties": {"kind": {"const": "b"}, "text": {}}, "required": ["kind", "text"]},
            ],
            "unevaluatedProperties": false,
            "$defs": {"named": {"properties": {"name": {"type": "string"}}}},
        });
        assert!(wrong(&schema, &json!({"kind": "a", "size": 1, "name": "x"}), Strict).is_empty());
        assert_eq!(
            wrong(&schema, &json!({"kind": "a", "size": 1, "text": 2, "nam": "x"}), Strict),
            ["/text: unknown property `text`", "/nam: unknown property `nam`"]
        );
        assert_eq!(wrong(&schema, &json!({"kind": "c", "size": 1}), Strict), ["/kind: `c` is not one of `a` or `b`"]);
    }
}

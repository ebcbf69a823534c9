//! Alternatives: whether one is satisfied, and which of them was meant if none is.

use super::container::exclude;
use super::instance::{Instance, Shape};
use super::model::{Document, Keyword, Literal, Properties, Schema, Types};
use super::scalar::{is_one_of, none_of, types};
use super::validate::{Path, Run, Verdict, report};
use super::violation::{Place, Violation, ViolationKind};

/// Alternatives of alternatives may refer to each other in a circle.
const MOST_NESTED: usize = 4;

/// The answers of all branches.
struct Answers {
    /// The positions of the branches that are satisfied.
    valid: Vec<usize>,
    /// The positions of those that may be.
    unknown: Vec<usize>,
    /// What each branch says.
    found: Vec<Vec<Violation>>,
}

/// A branch, as far as it tells which values it is meant for.
struct Branch<'d> {
    position: usize,
    /// The types that it takes, as far as that is said.
    types: Types,
    keywords: Vec<&'d Keyword>,
}

impl<'d> Branch<'d> {
    fn literals(&self) -> Option<&'d [Literal]> {
        literals(&self.keywords)
    }

    fn properties(&self) -> impl Iterator<Item = &'d Properties> {
        self.keywords.iter().filter_map(|keyword| match keyword {
            Keyword::Properties(properties) => Some(&**properties),
            _ => None,
        })
    }

    fn property(&self, name: &str) -> Option<&'d Schema> {
        self.properties().find_map(|properties| properties.get(name))
    }

    fn requires(&self, name: &str) -> bool {
        self.keywords
            .iter()
            .any(|keyword| matches!(keyword, Keyword::Required(names) if names.iter().any(|known| known == name)))
    }
}

fn literals<'d>(keywords: &[&'d Keyword]) -> Option<&'d [Literal]> {
    keywords.iter().find_map(|keyword| match keyword {
        Keyword::Enum(literals) => Some(literals.as_slice()),
        _ => None,
    })
}

/// The types that keywords allow: those that they name, or those of their own alternatives.
pub(super) fn types_of(document: &Document, keywords: &[&Keyword], depth: usize) -> Types {
    let named = keywords.iter().find_map(|keyword| match keyword {
        Keyword::Type(types) => Some(*types),
        _ => None,
    });
    let nested = || {
        keywords.iter().find_map(|keyword| match keyword {
            Keyword::AnyOf(schemas) | Keyword::OneOf(schemas) if depth < MOST_NESTED => Some(
                schemas
                    .iter()
                    .map(|schema| types_of(document, &document.flatten(schema), depth + 1))
                    .fold(Types::default(), Types::or),
            ),
            _ => None,
        })
    };
    named.or_else(nested).unwrap_or(Types::ANY)
}

/// That a text has none of the formats of all branches, if that is all that they say.
fn formats(found: &[Vec<Violation>]) -> Option<ViolationKind> {
    let mut all: Vec<String> = Vec::new();
    let mut text = None;
    for violations in found {
        let [Violation { kind: ViolationKind::WrongFormat { given, formats }, .. }] = violations.as_slice() else {
            return None;
        };
        text = Some(given.clone());
        all.extend(formats.iter().filter(|name| !all.contains(name)).cloned().collect::<Vec<_>>());
    }
    Some(ViolationKind::WrongFormat { given: text?, formats: all })
}

/// The names that a branch asks for, if it does nothing else.
fn required_only(schema: &Schema) -> Option<&[String]> {
    match schema.keywords.as_slice() {
        [Keyword::Required(names)] | [Keyword::Type(_), Keyword::Required(names)] => Some(names),
        _ => None,
    }
}

impl<'d> Run<'d> {
    /// `anyOf`
    pub fn any_of<I: Instance>(
        &mut self,
        branches: &'d [Schema],
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let mut answers = self.answers(branches, instance, path);
        match (answers.valid.as_slice(), answers.unknown.as_slice()) {
            ([_, ..], _) => Verdict::Valid,
            ([], []) => self.meant(branches, answers.found, instance, path, out),
            ([], unknown) => only(unknown, &mut answers.found, out),
        }
    }

    /// `oneOf`
    pub fn one_of<I: Instance>(
        &mut self,
        branches: &'d [Schema],
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let mut answers = self.answers(branches, instance, path);
        match (answers.valid.as_slice(), answers.unknown.as_slice()) {
            ([_], []) => Verdict::Valid,
            ([_], _) => Verdict::Unknown,
            ([], []) => self.meant(branches, answers.found, instance, path, out),
            ([], unknown) => only(unknown, &mut answers.found, out),
            (valid, _) => {
                let names: Option<Vec<&[String]>> =
                    valid.iter().map(|position| branches.get(*position).and_then(required_only)).collect();
                if let (Some(names), Shape::Map(entries)) = (names, instance.shape()) {
                    return exclude::<I>(entries, &names.concat(), path, out);
                }
                let kind = ViolationKind::Ambiguous { forms: valid.len() as u64 };
                report(out, path, Place::Value(instance.origin()), kind)
            }
        }
    }

    fn answers<I: Instance>(&mut self, branches: &'d [Schema], instance: &I, path: &Path<'_>) -> Answers {
        let mut answers = Answers { valid: Vec::new(), unknown: Vec::new(), found: Vec::new() };
        for (position, branch) in branches.iter().enumerate() {
            let mut found = Vec::new();
            match self.check(branch, instance, path, &mut found) {
                Verdict::Valid => answers.valid.push(position),
                Verdict::Unknown => answers.unknown.push(position),
                Verdict::Invalid => {}
            }
            answers.found.push(found);
        }
        answers
    }

    /// Says of a value that no branch takes what keeps it from the branch that was meant.
    fn meant<I: Instance>(
        &self,
        schemas: &'d [Schema],
        mut found: Vec<Vec<Violation>>,
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let place = Place::Value(instance.origin());
        let shape = instance.shape();
        let required: Option<Vec<Vec<String>>> =
            schemas.iter().map(|schema| required_only(schema).map(<[String]>::to_vec)).collect();
        if let (Some(alternatives), Shape::Map(_)) = (required, &shape) {
            return report(out, path, place, ViolationKind::RequiredOneOf { alternatives });
        }
        let mut branches: Vec<Branch<'d>> = schemas
            .iter()
            .enumerate()
            .map(|(position, schema)| {
                let keywords = self.document.flatten(schema);
                Branch { position, types: types_of(self.document, &keywords, 0), keywords }
            })
            .collect();
        let allowed = branches.iter().fold(Types::default(), |types, branch| types.or(branch.types));
        branches.retain(|branch| self.fits(&shape, branch.types));
        if branches.is_empty() {
            return report(out, path, place, ViolationKind::WrongType { given: types(&shape), allowed });
        }
        if let Some(kind) = formats(&found) {
            return report(out, path, place, kind);
        }
        let constants: Option<Vec<&[Literal]>> = branches.iter().map(Branch::literals).collect();
        if let Some(constants) = constants {
            return report(out, path, place, none_of(&constants.concat(), &shape));
        }
        if let Shape::Map(entries) = shape
            && let Some((kind, name)) = self.told_apart::<I>(&mut branches, entries)
        {
            let entry = entries.iter().map(I::entry).find(|entry| entry.name == name);
            return match entry {
                Some(entry) => report(out, &path.key(entry.name), Place::Value(entry.value.origin()), kind),
                None => report(out, path, place, kind),
            };
        }
        let names: Vec<&str> = match instance.shape() {
            Shape::Map(entries) => entries.iter().map(|entry| I::entry(entry).name).collect(),
            _ => Vec::new(),
        };
        // The first of the best; of equal ones, the one with the least to say.
        let best = branches.iter().max_by_key(|branch| {
            let matching = names.iter().filter(|name| branch.property(name).is_some()).count();
            let violations = found.get(branch.position).map_or(0, Vec::len);
            (matching, std::cmp::Reverse(violations), std::cmp::Reverse(branch.position))
        });
        if let Some(violations) = best.and_then(|branch| found.get_mut(branch.position)) {
            out.append(violations);
        }
        Verdict::Invalid
    }

    /// Keeps the branches whose constant properties the object has; says what is wrong if none has them.
    fn told_apart<I: Instance>(
        &self,
        branches: &mut Vec<Branch<'d>>,
        entries: &[I::Entry],
    ) -> Option<(ViolationKind, String)> {
        let leniency = self.options.leniency;
        let agrees = |branch: &Branch<'d>, name: &str, value: &I| {
            let keywords = self.document.flatten(branch.property(name)?);
            let literals = literals(&keywords)?;
            is_one_of(literals, false, &value.shape(), value, leniency)
        };
        let suits = |branch: &Branch<'d>| {
            let answers = entries.iter().map(I::entry).filter_map(|entry| agrees(branch, entry.name, entry.value));
            answers.fold((0, 0), |(yes, no), agrees| if agrees { (yes + 1, no) } else { (yes, no + 1) })
        };
        let scores: Vec<(i32, i32)> = branches.iter().map(suits).collect();
        if scores.iter().any(|(yes, no)| *yes > 0 && *no == 0) {
            let mut scores = scores.into_iter();
            branches.retain(|_| scores.next().is_some_and(|(yes, no)| yes > 0 && no == 0));
            return None;
        }
        // The property by which all branches are told apart: required, and one constant each.
        let first = branches.first()?;
        let names = first.properties().flat_map(|properties| properties.named.iter().map(|(name, _)| name));
        let constant = |branch: &Branch<'d>, name: &str| {
            let keywords = self.document.flatten(branch.property(name)?);
            literals(&keywords).filter(|literals| literals.len() == 1)
        };
        for name in names.filter(|name| branches.len() > 1 && branches.iter().all(|branch| branch.requires(name))) {
            let Some(allowed) = branches.iter().map(|branch| constant(branch, name)).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let Some(entry) = entries.iter().map(I::entry).find(|entry| entry.name == name) else {
                return Some((ViolationKind::MissingProperty { name: name.clone() }, name.clone()));
            };
            let allowed = allowed.concat();
            let shape = entry.value.shape();
            if is_one_of(&allowed, false, &shape, entry.value, leniency) == Some(false) {
                return Some((none_of(&allowed, &shape), name.clone()));
            }
        }
        None
    }
}

/// Of branches that may be satisfied, the only one has its say.
fn only(unknown: &[usize], found: &mut [Vec<Violation>], out: &mut Vec<Violation>) -> Verdict {
    if let [position] = unknown
        && let Some(violations) = found.get_mut(*position)
    {
        out.append(violations);
    }
    Verdict::Unknown
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::schema::Leniency::{CloudFormation, Strict};
    use crate::schema::Verdict;
    use crate::schema::testing::{either, no_value, origin, outcome, said, value, wrong};
    use crate::template;

    fn kinds() -> Value {
        json!({"oneOf": [
            {"type": "object", "required": ["kind"], "additionalProperties": false,
             "properties": {"kind": {"const": "bucket"}, "days": {"type": "integer", "minimum": 1}}},
            {"type": "object", "required": ["kind", "to"], "additionalProperties": false,
             "properties": {"kind": {"const": "stream"}, "to": {"type": "string"}}},
        ]})
    }

    #[test]
    fn a_constant_property_tells_which_branch_was_meant() {
        assert_eq!(wrong(&kinds(), &json!({"kind": "bucket", "days": 0}), Strict), ["/days: 0 is less than 1"]);
        assert_eq!(wrong(&kinds(), &json!({"kind": "stream"}), Strict), [": property `to` is missing"]);
        assert_eq!(
            wrong(&kinds(), &json!({"kind": "stream", "to": 1, "days": 2}), Strict),
            ["/to: number given, text expected", "/days: unknown property `days`"]
        );
    }

    #[test]
    fn a_constant_that_no_branch_has_is_set_against_all_of_them() {
        assert_eq!(
            wrong(&kinds(), &json!({"kind": "bukket", "days": 0}), Strict),
            ["/kind: `bukket` is not one of `bucket` or `stream`"]
        );
        assert_eq!(wrong(&kinds(), &json!({"days": 0}), Strict), [": property `kind` is missing"]);
    }

    #[test]
    fn a_value_that_is_of_no_type_of_any_branch_is_set_against_all_types() {
        let schema =
            json!({"anyOf": [{"type": "string", "minLength": 3}, {"type": "array", "items": {"type": "string"}}]});
        assert_eq!(wrong(&schema, &json!(true), Strict), [": boolean given, text or list expected"]);
        assert_eq!(wrong(&schema, &json!("a"), Strict), [": 1 character given, at least 3 needed"]);
        assert_eq!(wrong(&schema, &json!(["a", 1]), Strict), ["/1: number given, text expected"]);
    }

    #[test]
    fn constants_with_a_page_each_are_one_enumeration() {
        let schema = json!({"oneOf": [{"const": "on", "description": "…"}, {"const": "off"}, {"enum": ["a", "b"]}]});
        assert_eq!(wrong(&schema, &json!("of"), Strict), [": `of` is not one of `on`, `off`, `a` or `b`"]);
    }

    #[test]
    fn the_branch_with_the_most_of_the_names_was_meant() {
        let schema = json!({"anyOf": [
            {"type": "object", "properties": {"A": {"type": "string"}}, "required": ["A"]},
            {"type": "object", "properties": {"B": {"type": "string"}, "C": {"type": "string"}}, "required": ["B", "C"]},
        ]});
        assert_eq!(wrong(&schema, &json!({"B": "x"}), Strict), [": property `C` is missing"]);
    }

    #[test]
    fn branches_that_only_require_are_about_names() {
        let schema = json!({"oneOf": [{"required": ["A"]}, {"required": ["B", "C"]}]});
        assert_eq!(wrong(&schema, &json!({}), Strict), [": none of `A`, `B` and `C` given"]);
        assert_eq!(
            wrong(&schema, &json!({"A": 1, "B": 1, "C": 1}), Strict),
            ["/C: `A` and `B` and `C` given, which exclude each other"]
        );
    }

    #[test]
    fn a_value_of_two_forms_is_ambiguous() {
        let schema = json!({"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 0}]});
        assert_eq!(
            wrong(&schema, &json!(1), Strict),
            [": a value that fits 2 forms at once, of which one is to be chosen"]
        );
        assert!(wrong(&schema, &json!(-1), Strict).is_empty());
    }

    #[test]
    fn the_only_branch_that_is_left_has_its_say() {
        let mut instance = value(&json!({"kind": "bucket"}));
        if let template::Data::Map(map) = &mut instance.data {
            let days = either(value(&json!(0)), value(&json!(7)));
            map.0.push((template::Key { text: "days".to_owned(), origin: origin() }, days));
        }
        let outcome = outcome(&kinds(), &instance, CloudFormation);
        assert_eq!(said(&outcome), ["/days: 0 is less than 1"]);
        assert_eq!(outcome.verdict, Verdict::Invalid);
    }

    #[test]
    fn a_branch_that_depends_on_a_condition_is_not_decided() {
        let schema = json!({"oneOf": [{"required": ["A"]}, {"required": ["B"]}]});
        let entry = |name: &str, value| (template::Key { text: name.to_owned(), origin: origin() }, value);
        let text = || value(&json!("x"));
        let entries = vec![entry("A", either(text(), no_value())), entry("B", either(no_value(), text()))];
        let instance = template::Value::new(origin(), template::Data::Map(template::Map(entries)));
        let outcome = outcome(&schema, &instance, CloudFormation);
        assert_eq!((outcome.verdict, outcome.violations.len()), (Verdict::Unknown, 0));
    }
}

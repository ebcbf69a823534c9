//! Whether a value satisfies a schema: yes, no, or not to be known before deployment.

use super::container::exclude;
use super::format;
use super::instance::{Instance, Shape};
use super::model::{Choice, Document, Keyword, Schema, Types};
use super::scalar::{self, convert, types};
use super::violation::{Place, Segment, Violation, ViolationKind};

/// Schemas may refer to themselves, and alternatives multiply: whatever goes beyond is not checked.
const MOST_CHECKS: usize = 1_000_000;
/// A value may be 128 levels deep, each of which takes two to four checks inside one another.
const DEEPEST_CHECK: usize = 400;
/// So many facts are said of an object that something is demanded of on a condition.
const MOST_FACTS: usize = 2;
const DEEPEST_FACT: usize = 4;
/// How many violations back an equal one is looked for.
const REPETITION: usize = 16;

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It satisfies the schema, whatever comes.
    Valid,
    /// That depends on what is not known yet, or was too much work.
    Unknown,
    /// It violates the schema, whatever comes.
    Invalid,
}

impl Verdict {
    /// The answer for both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

/// The answer with all that is wrong.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The answer; a branch of a condition that violates the schema makes it [`Verdict::Invalid`].
    pub verdict: Verdict,
    /// What is wrong, in the order of the schema.
    pub violations: Vec<Violation>,
}

/// How types are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leniency {
    /// As JSON Schema does.
    Strict,
    /// As CloudFormation does: a text that reads as a number or a boolean is one, and the reverse.
    CloudFormation,
}

/// How to validate.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// How types are compared.
    pub leniency: Leniency,
    /// Paths of properties that must not be given; `*` is any item or key.
    pub read_only: &'a [Vec<String>],
    /// Whether formats are a demand.
    pub formats: bool,
}

/// Validates an instance against the root of a document.
pub fn validate<I: Instance>(document: &Document, instance: &I, options: Options<'_>) -> Outcome {
    validate_at(document, &document.root, instance, options)
}

/// Validates an instance against one schema of a document.
pub fn validate_at<I: Instance>(document: &Document, schema: &Schema, instance: &I, options: Options<'_>) -> Outcome {
    let mut run = Run { document, options, checks: 0, depth: 0 };
    let mut violations = Vec::new();
    let verdict = run.check(schema, instance, Path::ROOT, &mut violations);
    Outcome { verdict: if violations.is_empty() { verdict } else { Verdict::Invalid }, violations }
}

/// The way from the root to an instance, on the stack: it is written down only for a violation.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    const ROOT: &'static Path<'static> = &Path { parent: None, step: Step::Root };

    pub fn key(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(name) }
    }

    pub fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut path = Some(self);
        while let Some(Path { parent, step }) = path {
            match step {
                Step::Root => {}
                Step::Key(name) => segments.push(Segment::Key((*name).to_owned())),
                Step::Index(index) => segments.push(Segment::Index(*index)),
            }
            path = *parent;
        }
        segments.reverse();
        segments
    }

    /// Whether this is the path of these names, of which `*` is any item or key.
    pub fn is(&self, names: &[String]) -> bool {
        let mut path = self;
        for name in names.iter().rev() {
            let same = match path.step {
                Step::Root => false,
                Step::Key(key) => key == name || name == "*",
                Step::Index(_) => name == "*",
            };
            match path.parent {
                Some(parent) if same => path = parent,
                _ => return false,
            }
        }
        matches!(path.step, Step::Root)
    }
}

pub(super) struct Run<'d> {
    pub document: &'d Document,
    pub options: Options<'d>,
    checks: usize,
    depth: usize,
}

impl<'d> Run<'d> {
    pub fn is_lenient(&self) -> bool {
        self.options.leniency == Leniency::CloudFormation
    }

    /// The exact answer; violations of the branches of a condition are added even where it is not known.
    pub fn check<I: Instance>(
        &mut self,
        schema: &'d Schema,
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        if self.checks >= MOST_CHECKS || self.depth >= DEEPEST_CHECK {
            return Verdict::Unknown;
        }
        self.checks += 1;
        self.depth += 1;
        let verdict = match instance.shape() {
            Shape::Absent => Verdict::Valid,
            Shape::Either(one, other) => {
                let one = self.check(schema, one, path, out);
                if one == self.check(schema, other, path, out) { one } else { Verdict::Unknown }
            }
            Shape::Null if self.is_lenient() => report(out, path, Place::Value(instance.origin()), ViolationKind::Null),
            shape => match self.typed(schema, shape).map(|shape| self.counted(schema, shape)) {
                Ok(shape) => schema.keywords.iter().fold(Verdict::Valid, |verdict, keyword| {
                    verdict.and(match (keyword, &shape) {
                        (Keyword::Unevaluated(_), Shape::Map(entries)) => {
                            self.unevaluated(schema, entries, instance, path, out)
                        }
                        _ => self.keyword(keyword, &shape, instance, path, out),
                    })
                }),
                Err(kind) => report(out, path, Place::Value(instance.origin()), kind),
            },
        };
        self.depth -= 1;
        verdict
    }

    /// The answer alone.
    pub fn ask<I: Instance>(&mut self, schema: &'d Schema, instance: &I, path: &Path<'_>) -> Verdict {
        self.check(schema, instance, path, &mut Vec::new())
    }

    /// The value as one of the types that the schema names.
    fn typed<'i, I: Instance>(&self, schema: &Schema, shape: Shape<'i, I>) -> Result<Shape<'i, I>, ViolationKind> {
        let Some(allowed) = schema.types() else { return Ok(shape) };
        let given = types(&shape);
        if given.meets(allowed) {
            return Ok(shape);
        }
        let read = if self.is_lenient() { convert(&shape, allowed) } else { None };
        read.ok_or(ViolationKind::WrongType { given, allowed })
    }

    /// A text as the number that it reads as, where a schema has limits for numbers and says nothing of types.
    fn counted<'i, I: Instance>(&self, schema: &Schema, shape: Shape<'i, I>) -> Shape<'i, I> {
        let limits = |keyword: &Keyword| {
            matches!(
                keyword,
                Keyword::Minimum(_)
                    | Keyword::Maximum(_)
                    | Keyword::Above(_)
                    | Keyword::Below(_)
                    | Keyword::MultipleOf(_)
            )
        };
        let counts = self.is_lenient()
            && matches!(shape, Shape::Text(_))
            && schema.types().is_none()
            && schema.keywords.iter().any(limits);
        let number = if counts { convert(&shape, Types::NUMBER.or(Types::INTEGER)) } else { None };
        number.unwrap_or(shape)
    }

    /// Whether CloudFormation or JSON Schema takes a value for one of these types.
    pub fn fits<I: Instance>(&self, shape: &Shape<'_, I>, allowed: Types) -> bool {
        types(shape).meets(allowed) || (self.is_lenient() && convert(shape, allowed).is_some())
    }

    fn keyword<I: Instance>(
        &mut self,
        keyword: &'d Keyword,
        shape: &Shape<'_, I>,
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let place = Place::Value(instance.origin());
        match keyword {
            Keyword::Format(name) => match shape {
                Shape::Text(_) if out.iter().any(|known| known.place == place) => Verdict::Valid,
                Shape::Text(text) if self.options.formats && !format::is_match(name, text) => {
                    let kind =
                        ViolationKind::WrongFormat { given: text.clone().into_owned(), formats: vec![name.clone()] };
                    report(out, path, place, kind)
                }
                _ => Verdict::Valid,
            },
            Keyword::Never => report(out, path, place, ViolationKind::Forbidden),
            Keyword::Reference(index) => match self.document.definition(*index) {
                Some(target) => self.check(target, instance, path, out),
                None => Verdict::Unknown,
            },
            Keyword::AllOf(schemas) => schemas
                .iter()
                .fold(Verdict::Valid, |verdict, schema| verdict.and(self.check(schema, instance, path, out))),
            Keyword::AnyOf(schemas) => self.any_of(schemas, instance, path, out),
            Keyword::OneOf(schemas) => self.one_of(schemas, instance, path, out),
            Keyword::Not(schema) => match self.ask(schema, instance, path) {
                Verdict::Valid => match (schema.keywords.as_slice(), shape) {
                    ([Keyword::Required(names)], Shape::Map(entries)) => exclude::<I>(entries, names, path, out),
                    _ => report(out, path, place, forbidden(shape)),
                },
                Verdict::Unknown => Verdict::Unknown,
                Verdict::Invalid => Verdict::Valid,
            },
            Keyword::If(choice) => self.choose(choice, instance, path, out),
            Keyword::Enum(allowed) | Keyword::EnumAnyCase(allowed) => {
                let any_case = matches!(keyword, Keyword::EnumAnyCase(_));
                match scalar::is_one_of(allowed, any_case, shape, instance, self.options.leniency) {
                    Some(true) => Verdict::Valid,
                    Some(false) => report(out, path, place, scalar::none_of(allowed, shape)),
                    None => Verdict::Unknown,
                }
            }
            keyword => match shape {
                Shape::Unknown(_) => Verdict::Unknown,
                Shape::List(items) => self.list(keyword, items, instance, path, out),
                Shape::Map(entries) => self.map(keyword, entries, instance, path, out),
                shape => match scalar::demand(keyword, shape) {
                    Ok(verdict) => verdict,
                    Err(kind) => report(out, path, place, kind),
                },
            },
        }
    }

    fn choose<I: Instance>(
        &mut self,
        choice: &'d Choice,
        instance: &I,
        path: &Path<'_>,
        out: &mut Vec<Violation>,
    ) -> Verdict {
        let before = out.len();
        let verdict = match self.ask(&choice.condition, instance, path) {
            Verdict::Valid => self.check(&choice.then, instance, path, out),
            Verdict::Unknown => Verdict::Unknown,
            Verdict::Invalid => self.check(&choice.otherwise, instance, path, out),
        };
        // The kind of a component decides about all of it, and is not what is wrong with it.
        if self.is_lenient() && out.len() > before {
            let because = self.facts(&choice.condition, instance);
            let depth = path.segments().len();
            for violation in out.iter_mut().skip(before).filter(|violation| violation.because.is_empty()) {
                let names: Vec<&str> = violation.path.iter().skip(depth).map(Segment::name).collect();
                let itself = format!("`{}` ", names.join("/"));
                violation.because = because.iter().filter(|fact| !fact.starts_with(&itself)).cloned().collect();
            }
        }
        verdict
    }

    /// What an object is as far as a condition asks, as "`Engine` is `mysql`".
    pub(super) fn facts<I: Instance>(&self, condition: &Schema, instance: &I) -> Vec<String> {
        let mut facts = Vec::new();
        self.collect_facts(condition, instance, "", 0, &mut facts);
        // What is there says more than what is not.
        if facts.iter().any(|(given, _)| *given) {
            facts.retain(|(given, _)| *given);
        }
        facts.into_iter().map(|(_, fact)| fact).take(MOST_FACTS).collect()
    }

    fn collect_facts<I: Instance>(
        &self,
        condition: &Schema,
        instance: &I,
        prefix: &str,
        depth: usize,
        facts: &mut Vec<(bool, String)>,
    ) {
        let Shape::Map(entries) = instance.shape() else { return };
        if depth > DEEPEST_FACT {
            return;
        }
        for keyword in self.document.flatten(condition) {
            let named: Vec<(&str, Option<&Schema>)> = match keyword {
                Keyword::Properties(properties) => {
                    properties.named.iter().map(|(name, schema)| (name.as_str(), Some(schema))).collect()
                }
                Keyword::Required(names) => names.iter().map(|name| (name.as_str(), None)).collect(),
                Keyword::AnyOf(schemas) | Keyword::OneOf(schemas) => {
                    for schema in schemas {
                        self.collect_facts(schema, instance, prefix, depth + 1, facts);
                    }
                    continue;
                }
                Keyword::Not(schema) => {
                    self.collect_facts(schema, instance, prefix, depth + 1, facts);
                    continue;
                }
                _ => continue,
            };
            for (name, schema) in named {
                let full = format!("{prefix}{name}");
                let value = entries.iter().map(I::entry).find(|entry| entry.name == name).map(|entry| entry.value);
                let shape = value.map(Instance::shape);
                let inner = match (&shape, schema, value) {
                    (Some(Shape::Map(_)), Some(schema), Some(value)) => {
                        let before = facts.len();
                        self.collect_facts(schema, value, &format!("{full}/"), depth + 1, facts);
                        facts.len() > before
                    }
                    _ => false,
                };
                let fact = match shape {
                    None | Some(Shape::Absent) => (false, format!("`{full}` is not given")),
                    Some(shape @ (Shape::Text(_) | Shape::Number(_) | Shape::Bool(_))) => {
                        (true, format!("`{full}` is `{}`", scalar::shown(&shape)))
                    }
                    Some(_) => (true, format!("`{full}` is given")),
                };
                let told = |known: &(bool, String)| known.1.starts_with(&format!("`{full}` "));
                if !inner && !facts.iter().any(told) {
                    facts.push(fact);
                }
            }
        }
    }
}

impl Schema {
    /// The types that it names itself.
    pub fn types(&self) -> Option<Types> {
        self.keywords.iter().find_map(|keyword| match keyword {
            Keyword::Type(types) => Some(*types),
            _ => None,
        })
    }
}

/// Adds a violation, once.
pub(super) fn report(out: &mut Vec<Violation>, path: &Path<'_>, place: Place, kind: ViolationKind) -> Verdict {
    report_because(out, path, place, kind, Vec::new())
}

/// Adds a violation with what it is so on account of, once.
pub(super) fn report_because(
    out: &mut Vec<Violation>,
    path: &Path<'_>,
    place: Place,
    kind: ViolationKind,
    because: Vec<String>,
) -> Verdict {
    let violation = Violation { place, path: path.segments(), kind, because };
    // Two branches of a schema may demand the same.
    let same = |known: &Violation| (known.place, &known.path, &known.kind) == (place, &violation.path, &violation.kind);
    if !out.iter().rev().take(REPETITION).any(same) {
        out.push(violation);
    }
    Verdict::Invalid
}

fn forbidden<I: Instance>(shape: &Shape<'_, I>) -> ViolationKind {
    match shape {
        Shape::Text(_) | Shape::Number(_) | Shape::Bool(_) => ViolationKind::Excluded { given: scalar::shown(shape) },
        _ => ViolationKind::Forbidden,
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use serde_json::{Value, json};

    use super::*;
    use crate::schema::Leniency::{CloudFormation, Strict};
    use crate::schema::read;
    use crate::schema::testing::{either, no_value, origin, outcome, said, value, wrong};
    use crate::template;

    #[test]
    fn all_violations_are_said() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["Name", "Size"],
            "properties": {"Name": {"type": "string", "pattern": "^[a-z]+$"}, "Mode": {"enum": ["On", "Off"]}, "Size": {}},
        });
        assert_eq!(
            wrong(&schema, &json!({"Name": "A", "Mode": "on", "Sice": 1}), Strict),
            [
                ": property `Size` is missing",
                "/Name: `A` does not match `^[a-z]+$`",
                "/Mode: `on` is not one of `On` or `Off`",
                "/Sice: unknown property `Sice`",
            ]
        );
    }

    #[test]
    fn a_chain_of_conditions_decides_by_its_constant() {
        let branch = |kind: &str, then: Value| json!({"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": then});
        let schema = json!({"allOf": [
            branch("a", json!({"required": ["x"]})),
            branch("b", json!({"properties": {"x": {"type": "integer"}}})),
        ]});
        assert_eq!(wrong(&schema, &json!({"kind": "a"}), Strict), [": property `x` is missing"]);
        assert_eq!(wrong(&schema, &json!({"kind": "b", "x": "1"}), Strict), ["/x: text given, integer expected"]);
        assert!(wrong(&schema, &json!({"kind": "c"}), Strict).is_empty());
    }

    #[test]
    fn cloudformation_reads_texts_as_numbers_and_the_reverse() {
        for (kind, instance) in [
            ("integer", json!("12")),
            ("number", json!("1.5")),
            ("boolean", json!("true")),
            ("string", json!(123_456_789_012_u64)),
            ("string", json!(false)),
        ] {
            let schema = json!({"type": kind});
            assert!(wrong(&schema, &instance, CloudFormation).is_empty(), "{kind} {instance}");
            assert_eq!(wrong(&schema, &instance, Strict).len(), 1, "{kind} {instance}");
        }
        for (kind, instance) in [
            ("integer", json!("1.5")),
            ("integer", json!("")),
            ("number", json!("nan")),
            ("boolean", json!(1)),
            ("boolean", json!("yes")),
            ("integer", json!(true)),
            ("object", json!("{}")),
            ("array", json!("a")),
        ] {
            assert_eq!(wrong(&json!({"type": kind}), &instance, CloudFormation).len(), 1, "{kind} {instance}");
        }
    }

    #[test]
    fn what_was_read_as_another_type_is_held_to_its_limits() {
        let schema = json!({"type": "integer", "maximum": 10});
        assert_eq!(wrong(&schema, &json!("12"), CloudFormation), [": 12 is more than 10"]);
        let schema = json!({"type": "string", "pattern": "^[0-9]{12}$"});
        assert_eq!(wrong(&schema, &json!(42), CloudFormation), [": `42` does not match `^[0-9]{12}$`"]);
        assert_eq!(wrong(&json!({"enum": [20, 60]}), &json!("60"), CloudFormation), [] as [&str; 0]);
    }

    #[test]
    fn null_is_refused_by_cloudformation_alone() {
        assert_eq!(wrong(&json!({}), &json!(null), CloudFormation), [": `null` given where a value is needed"]);
        assert!(wrong(&json!({"type": ["string", "null"]}), &json!(null), Strict).is_empty());
    }

    #[test]
    fn functions_are_not_known_but_their_types_may_be() {
        let reference = template::Value::reference(origin(), "Parameter");
        let text = template::Value::sub(origin(), "a-${Parameter}");
        for (kind, instance, expected) in [
            ("object", &reference, Verdict::Unknown),
            ("string", &text, Verdict::Unknown),
            ("integer", &text, Verdict::Unknown),
            ("object", &text, Verdict::Invalid),
            ("array", &text, Verdict::Invalid),
        ] {
            let outcome = outcome(&json!({"type": kind}), instance, CloudFormation);
            assert_eq!(outcome.verdict, expected, "{kind} {instance:?}");
        }
        let secret = value(&json!("{{resolve:ssm:/port}}"));
        assert_eq!(outcome(&json!({"type": "integer"}), &secret, CloudFormation).verdict, Verdict::Unknown);
        assert_eq!(outcome(&json!({}), &reference, CloudFormation).verdict, Verdict::Valid);
    }

    #[test]
    fn both_branches_of_a_condition_are_validated() {
        let schema = json!({"type": "integer", "minimum": 5});
        let instance = |one: i32, other: i32| either(value(&json!(one)), value(&json!(other)));
        assert_eq!(said(&outcome(&schema, &instance(1, 7), CloudFormation)), [": 1 is less than 5"]);
        assert_eq!(said(&outcome(&schema, &instance(1, 2), CloudFormation)).len(), 2);
        assert_eq!(outcome(&schema, &instance(6, 7), CloudFormation).verdict, Verdict::Valid);
        let maybe = either(value(&json!(6)), no_value());
        assert_eq!(outcome(&schema, &maybe, CloudFormation).verdict, Verdict::Valid);
    }

    #[test]
    fn a_condition_in_the_question_leaves_the_answer_open() {
        let schema = json!({
            "if": {"properties": {"Type": {"const": "a"}}}, "then": {"required": ["A"]}, "else": {"required": ["B"]},
        });
        let kind = either(value(&json!("a")), value(&json!("b")));
        let entry = (template::Key { text: "Type".to_owned(), origin: origin() }, kind);
        let instance = template::Value::new(origin(), template::Data::Map(template::Map(vec![entry])));
        let outcome = outcome(&schema, &instance, CloudFormation);
        assert_eq!((outcome.verdict, outcome.violations.len()), (Verdict::Unknown, 0));
    }

    #[test]
    fn a_schema_that_refers_to_itself_comes_to_an_end() {
        let circle = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}});
        assert_eq!(outcome(&circle, &value(&json!(1)), Strict).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_deep_value_needs_neither_much_stack_nor_forever() {
        let schema = json!({
            "$ref": "#/$defs/tree",
            "$defs": {"tree": {"anyOf": [
                {"type": "integer"},
                {"type": "array", "items": {"$ref": "#/$defs/tree"}},
                {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/tree"}, {"$ref": "#/$defs/tree"}]}},
            ]}},
        });
        // Threads of a pool have two megabytes.
        let deep = move || {
            let document = read::document(&schema).expect("a schema");
            let mut instance = value(&json!("leaf"));
            for _ in 0..128 {
                instance = template::Value::new(origin(), template::Data::List(vec![instance]));
            }
            let options = Options { leniency: Strict, read_only: &[], formats: false };
            validate(&document, &instance, options).verdict
        };
        let verdict = thread::Builder::new().stack_size(2 << 20).spawn(deep).expect("a thread").join();
        assert_eq!(verdict.ok(), Some(Verdict::Unknown));
    }

    #[test]
    fn a_violation_stands_at_the_narrowest_place() {
        use crate::schema::testing::place;
        let schema = json!({
            "additionalProperties": false, "required": ["C"], "properties": {"A": {"type": "integer"}},
        });
        let entry = |name: &str, key, value| (template::Key { text: name.to_owned(), origin: place(key) }, value);
        let text = |at| template::Value::string(place(at), "x");
        let entries = vec![entry("A", 1, text(2)), entry("B", 3, text(4))];
        let instance = template::Value::new(place(9), template::Data::Map(template::Map(entries)));
        let places: Vec<Place> =
            outcome(&schema, &instance, Strict).violations.iter().map(|violation| violation.place).collect();
        assert_eq!(places, [Place::Value(place(9)), Place::Value(place(2)), Place::Key(place(3))]);
    }
}

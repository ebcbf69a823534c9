//! The validator against an independent one, over instances that a seed makes up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::model::Pattern;
use super::{Leniency, Options, Outcome, Verdict, ViolationKind, pattern, provider, read, validate};
use crate::schema::testing::{origin, value, wrong};
use crate::template::{self, Function};

/// The types of a streaming architecture, which are tested more than all others.
const CENTRAL: &[&str] = &[
    "AWS::Athena::NamedQuery",
    "AWS::Athena::WorkGroup",
    "AWS::Events::EventBus",
    "AWS::Events::Rule",
    "AWS::Glue::Crawler",
    "AWS::Glue::Database",
    "AWS::Glue::Table",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::Logs::LogStream",
    "AWS::Logs::ResourcePolicy",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
];

fn files() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/provider");
    let files = fs::read_dir(folder).expect("the schemas are there");
    files
        .flat_map(|file| {
            let text = fs::read_to_string(file.expect("a file").path()).expect("text");
            serde_json::from_str::<BTreeMap<String, Value>>(&text).expect("JSON")
        })
        .collect()
}

/// The keywords that cfn-lint has beyond JSON Schema, said in JSON Schema.
fn standard(schema: &Value) -> Value {
    let Value::Object(map) = schema else {
        return match schema {
            Value::Array(items) => items.iter().map(standard).collect(),
            other => other.clone(),
        };
    };
    let mut result = Map::new();
    let mut all: Vec<Value> = Vec::new();
    let each = |names: &Value| -> Vec<Value> {
        names.as_array().into_iter().flatten().map(|name| json!({"required": [name]})).collect()
    };
    let object = |then: Value| json!({"if": {"type": "object"}, "then": then});
    for (key, value) in map {
        match key.as_str() {
            "requiredXor" if value.is_array() => all.push(object(json!({"oneOf": each(value)}))),
            "requiredOr" if value.is_array() => all.push(object(json!({"anyOf": each(value)}))),
            "dependentExcluded" => {
                for (because, names) in value.as_object().into_iter().flatten() {
                    let names = names.as_array().into_iter().flatten().filter(|name| *name != because);
                    all.extend(names.map(|name| json!({"not": {"type": "object", "required": [because, name]}})));
                }
            }
            "enumCaseInsensitive" => {
                let any_case = |c: char| format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase());
                let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                let texts: Vec<String> = texts
                    .map(|text| {
                        text.chars()
                            .map(|c| if c.is_ascii_alphabetic() { any_case(c) } else { format!("[{c}]") })
                            .collect()
                    })
                    .collect();
                all.push(json!({"type": "string", "pattern": format!("^({})$", texts.join("|"))}));
            }
            "enum" | "const" if !value.is_object() => {
                result.insert(key.clone(), value.clone());
            }
            _ => {
                result.insert(key.clone(), standard(value));
            }
        }
    }
    if !all.is_empty() {
        all.extend(result.remove("allOf").and_then(|value| value.as_array().cloned()).into_iter().flatten());
        result.insert("allOf".to_owned(), Value::Array(all));
    }
    Value::Object(result)
}

/// Makes instances of a schema, most of them nearly right.
struct Maker<'a> {
    root: &'a Value,
    state: u64,
    runner: TestRunner,
}

impl<'a> Maker<'a> {
    fn new(root: &'a Value, seed: u64) -> Self {
        Self { root, state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1, runner: TestRunner::deterministic() }
    }

    /// A number below `end`, by xorshift.
    fn below(&mut self, end: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap_or(0) % end.max(1)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        values.get(self.below(values.len()))
    }

    fn instance(&mut self, schema: &'a Value, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(&reference[1..]).expect("references lead somewhere");
            return self.instance(target, depth + 1);
        }
        if depth > 12 {
            return Value::Null;
        }
        if let Some(value) = schema["enum"].as_array().and_then(|values| self.one(values)) {
            return value.clone();
        }
        if let Some(value) = schema["enumCaseInsensitive"].as_array().and_then(|values| self.one(values)) {
            return value.clone();
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        let branch = ["oneOf", "anyOf"].into_iter().find_map(|key| schema[key].as_array());
        let branch = branch.and_then(|branches| self.one(branches));
        let kind = match &schema["type"] {
            Value::Array(types) => self.one(types).and_then(Value::as_str).unwrap_or_default().to_owned(),
            Value::String(kind) => kind.clone(),
            _ if schema["properties"].is_object() => "object".to_owned(),
            _ => match branch {
                Some(branch) => return self.instance(branch, depth + 1),
                None => "string".to_owned(),
            },
        };
        match kind.as_str() {
            "object" => self.object(schema, branch, depth),
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0).min(20);
                let count = least + u64::try_from(self.below(3)).unwrap_or(0);
                (0..count).map(|_| self.instance(schema.get("items").unwrap_or(&Value::Null), depth + 1)).collect()
            }
            "boolean" => Value::Bool(self.chance(50)),
            "integer" | "number" => {
                let least = schema["minimum"].as_f64().unwrap_or(0.0);
                let step = [0.0, 1.0, 7.0, 60.0][self.below(4)];
                #[expect(clippy::cast_possible_truncation, reason = "a number of a test")]
                let number = (least + step) as i64;
                Value::from(number)
            }
            "null" => Value::Null,
            _ => Value::from(self.text(schema)),
        }
    }

    fn object(&mut self, schema: &'a Value, branch: Option<&'a Value>, depth: usize) -> Value {
        let mut map = Map::new();
        let mut required: Vec<&str> = [Some(schema), branch]
            .into_iter()
            .flatten()
            .filter_map(|schema| schema["required"].as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for key in ["requiredOr", "requiredXor"] {
            let one = schema[key].as_array().and_then(|names| self.one(names));
            required.extend(one.and_then(Value::as_str));
        }
        let density = [0, 0, 5, 20, 60][self.below(5)];
        for schema in [Some(schema), branch].into_iter().flatten() {
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                let wanted = required.contains(&name.as_str());
                if (wanted && !self.chance(2)) || (!wanted && depth < 6 && self.chance(density / (depth + 1))) {
                    map.insert(name.clone(), self.instance(schema, depth + 1));
                }
            }
            for (pattern, schema) in schema["patternProperties"].as_object().into_iter().flatten() {
                if self.chance(50) {
                    let name = self.matching(pattern).unwrap_or_else(|| "name".to_owned());
                    map.insert(name, self.instance(schema, depth + 1));
                }
            }
        }
        if schema["additionalProperties"].is_object() {
            for name in ["one", "two"].into_iter().take(self.below(3)) {
                map.insert(name.to_owned(), self.instance(&schema["additionalProperties"], depth + 1));
            }
        }
        if self.chance(2) {
            map.insert("Unknown".to_owned(), Value::from("x"));
        }
        Value::Object(map)
    }

    fn matching(&mut self, pattern: &str) -> Option<String> {
        // What engines take for white space beyond ASCII and for the end of a line differs, and long texts tell
        // nothing new.
        let strategy = proptest::string::string_regex(pattern).ok()?;
        (0..4).find_map(|_| {
            let text = strategy.new_tree(&mut self.runner).ok()?.current();
            let strange = |c: char| c.is_control() || (!c.is_ascii() && c.is_whitespace());
            (text.len() < 200 && !text.contains(strange)).then_some(text)
        })
    }

    fn text(&mut self, schema: &Value) -> String {
        let samples = ["a", "name", "arn:aws:iam::123456789012:role/x", "2026-01-01T00:00:00Z", "us-east-1", "ä b", ""];
        if let Some(text) = schema["pattern"].as_str() {
            let pattern = Pattern::new(text);
            let matching = samples.iter().find(|sample| pattern::is_match(&pattern, sample) == Some(true));
            let sample = matching.filter(|_| self.chance(50)).map(|sample| (*sample).to_owned());
            let made = sample.or_else(|| (text.len() < 300).then(|| self.matching(text)).flatten());
            if let Some(text) = made {
                return text;
            }
        }
        let text = samples[self.below(samples.len())].to_owned();
        let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).unwrap_or(0).min(300);
        if text.len() < least { "a".repeat(least) } else { text }
    }

    /// Changes one place.
    fn mutate(&mut self, value: &mut Value) {
        let choice = self.below(8);
        match value {
            Value::Object(map) if !map.is_empty() && choice < 6 => {
                let keys: Vec<String> = map.keys().cloned().collect();
                let key = keys[self.below(keys.len())].clone();
                match choice {
                    0 => drop(map.remove(&key)),
                    1 => drop(map.insert(format!("{key}x"), Value::from(1))),
                    _ => self.mutate(&mut map[&key]),
                }
            }
            Value::Array(items) if !items.is_empty() && choice < 6 => {
                let index = self.below(items.len());
                match choice {
                    0 => drop(items.remove(index)),
                    1 => items.push(items[index].clone()),
                    _ => self.mutate(&mut items[index]),
                }
            }
            other => {
                let texts = [String::new(), "x".to_owned(), "12".to_owned(), "y".repeat(70), "y".repeat(3000)];
                *other = match self.below(9) {
                    0 => Value::Null,
                    1 => json!(true),
                    2 => json!(-1),
                    3 => json!(1.5),
                    4 => json!(1_000_000_000),
                    5 => json!([]),
                    6 => json!({"a": 1}),
                    _ => Value::from(texts[self.below(texts.len())].clone()),
                }
            }
        }
    }
}

fn strict(document: &super::model::Document, instance: &Value) -> Outcome {
    validate(document, &value(instance), Options { leniency: Leniency::Strict, read_only: &[], formats: false })
}

/// How many instances were valid and how many were not; all of them as the other validator says.
fn compare(name: &str, schema: &Value, instances: usize) -> (usize, usize) {
    let document = read::document(schema).unwrap_or_else(|problem| panic!("{name}: {problem}"));
    let oracle = jsonschema::draft202012::options()
        .build(&standard(schema))
        .unwrap_or_else(|error| panic!("{name} does not build: {error}"));
    let (mut valid, mut invalid) = (0, 0);
    for seed in 0..instances {
        let mut maker = Maker::new(schema, seed as u64 + 1);
        let mut instance = maker.instance(schema, 0);
        for _ in 0..[0, 0, 1, 0, 2][seed % 5] {
            maker.mutate(&mut instance);
        }
        let mut outcome = strict(&document, &instance);
        assert_ne!(outcome.verdict, Verdict::Unknown, "{name}: undecided: {instance}");
        // JSON Schema has no word for these.
        outcome.violations.retain(|violation| !matches!(violation.kind, ViolationKind::NotUniqueKey { .. }));
        let expected = oracle.is_valid(&instance);
        assert_eq!(
            outcome.violations.is_empty(),
            expected,
            "{name}: {instance:#}\nhere: {:?}\nthere: {:?}",
            outcome
                .violations
                .iter()
                .map(|violation| (violation.path_below("Properties"), violation.message()))
                .collect::<Vec<_>>(),
            oracle.iter_errors(&instance).map(|error| error.to_string()).collect::<Vec<_>>(),
        );
        if expected { valid += 1 } else { invalid += 1 }
    }
    (valid, invalid)
}

#[test]
fn central_types_agree_with_the_oracle_on_many_instances() {
    let files = files();
    for name in CENTRAL {
        let schema = files.get(*name).unwrap_or_else(|| panic!("{name} is gone"));
        let (valid, invalid) = compare(name, schema, 400);
        assert!(valid > 20 && invalid > 20, "{name}: {valid} valid, {invalid} invalid instances");
    }
}

#[test]
fn every_type_agrees_with_the_oracle_on_a_few_instances() {
    let files = files();
    assert!(files.len() > 1800);
    let (mut valid, mut invalid) = (0, 0);
    for (name, schema) in &files {
        let found = compare(name, schema, 6);
        valid += found.0;
        invalid += found.1;
    }
    assert!(valid > 3000 && invalid > 3000, "{valid} valid, {invalid} invalid instances");
}

/// A language in small, as types of a blueprint declare it.
mod language {
    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    pub struct Blueprint {
        title: Option<String>,
        #[schemars(length(min = 1))]
        components: std::collections::BTreeMap<String, Component>,
        #[serde(default)]
        mode: Mode,
    }

    #[derive(JsonSchema, Default)]
    #[serde(rename_all = "kebab-case")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Mode {
        /// Everything.
        #[default]
        Whole,
        /// A part.
        InParts,
    }

    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Component {
        #[serde(flatten)]
        kind: Kind,
        allow: Option<Vec<Reason>>,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Kind {
        Bucket {
            #[schemars(range(min = 1, max = 3650))]
            expire_after_days: Option<u32>,
        },
        Stream {
            #[schemars(regex(pattern = "^[a-z][a-z0-9-]*$"))]
            to: String,
            sizes: Vec<Size>,
        },
    }

    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Size {
        Count(u8),
        Text(String),
        Range { from: i16, to: i16 },
    }

    #[derive(JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Reason {
        code: String,
        reason: String,
    }
}

#[test]
fn the_schema_of_types_agrees_with_the_oracle() {
    let schema = schemars::schema_for!(language::Blueprint).to_value();
    let (valid, invalid) = compare("blueprint", &schema, 600);
    assert!(valid > 50 && invalid > 50, "{valid} valid, {invalid} invalid instances");
}

#[test]
fn mistakes_in_the_language_are_said_as_they_were_meant() {
    let schema = schemars::schema_for!(language::Blueprint).to_value();
    let said = |component: Value| {
        let blueprint = json!({"components": {"x": component}, "mode": "whole"});
        wrong(&schema, &blueprint, Leniency::Strict)
    };
    assert_eq!(
        said(json!({"kind": "buckett", "expire_after_days": 1})),
        ["/components/x/kind: `buckett` is not one of `bucket` or `stream`"]
    );
    assert_eq!(
        said(json!({"kind": "bucket", "expire_after_days": 0})),
        ["/components/x/expire_after_days: 0 is less than 1"]
    );
    assert_eq!(
        said(json!({"kind": "bucket", "expire_after_day": 1})),
        ["/components/x/expire_after_day: unknown property `expire_after_day`"]
    );
    assert_eq!(
        said(json!({"kind": "stream", "to": "A", "sizes": [300, "x", {"from": 1}, true]})),
        [
            "/components/x/to: `A` does not match `^[a-z][a-z0-9-]*$`",
            "/components/x/sizes/0: 300 is more than 255",
            "/components/x/sizes/2: property `to` is missing",
            "/components/x/sizes/3: boolean given, integer, text or object expected",
        ]
    );
    assert_eq!(said(json!({})), ["/components/x: property `kind` is missing"]);
    assert_eq!(said(json!("x")), ["/components/x: text given, object expected"]);
}

/// Replaces one value inside by what `replace` makes of it.
fn replace_one(
    value: &mut template::Value,
    maker: &mut Maker<'_>,
    replace: &dyn Fn(template::Value) -> template::Value,
) {
    let deeper = maker.chance(70);
    match &mut value.data {
        template::Data::Map(map) if !map.0.is_empty() && deeper => {
            let index = maker.below(map.0.len());
            replace_one(&mut map.0[index].1, maker, replace);
        }
        template::Data::List(items) if !items.is_empty() && deeper => {
            let index = maker.below(items.len());
            replace_one(&mut items[index], maker, replace);
        }
        _ => *value = replace(value.clone()),
    }
}

#[test]
fn what_is_not_known_yet_never_makes_a_valid_value_invalid() {
    let reference = |_| template::Value::reference(origin(), "Parameter");
    let no_value = || template::Value::reference(origin(), "AWS::NoValue");
    let condition = |then: template::Value, otherwise: template::Value| {
        let items = vec![template::Value::string(origin(), "Condition"), then, otherwise];
        template::Value::call(origin(), Function::If, template::Value::new(origin(), template::Data::List(items)))
    };
    let same = |value: template::Value| condition(value.clone(), value);
    let maybe = |value: template::Value| condition(value, no_value());
    let files = files();
    let (mut tried, mut unknown) = (0, 0);
    for name in CENTRAL {
        let schema = &files[*name];
        let document = read::document(schema).expect("a schema");
        let options = Options { leniency: Leniency::CloudFormation, read_only: &[], formats: false };
        for seed in 0..200 {
            let mut maker = Maker::new(schema, seed);
            let instance = value(&maker.instance(schema, 0));
            if validate(&document, &instance, options).verdict != Verdict::Valid {
                continue;
            }
            tried += 1;
            let mut changed = instance.clone();
            replace_one(&mut changed, &mut maker, &same);
            assert_eq!(validate(&document, &changed, options).verdict, Verdict::Valid, "{name}: {changed:?}");
            let replacements: [&dyn Fn(template::Value) -> template::Value; 2] = [&reference, &maybe];
            for replace in replacements {
                let mut changed = instance.clone();
                replace_one(&mut changed, &mut maker, replace);
                let outcome = validate(&document, &changed, options);
                assert_ne!(outcome.verdict, Verdict::Invalid, "{name}: {:?} {changed:?}", outcome.violations);
                unknown += usize::from(outcome.verdict == Verdict::Unknown);
            }
        }
    }
    assert!(tried > 1000 && unknown > 500, "{tried} tried, {unknown} unknown");
}

#[test]
fn cloudformation_takes_whatever_json_schema_takes() {
    let files = files();
    let mut tried = 0;
    for name in CENTRAL {
        let schema = &files[*name];
        let document = read::document(schema).expect("a schema");
        for seed in 0..200 {
            let mut maker = Maker::new(schema, seed);
            let mut instance = maker.instance(schema, 0);
            maker.mutate(&mut instance);
            if strict(&document, &instance).verdict == Verdict::Valid && !instance.to_string().contains("null") {
                tried += 1;
                let options = Options { leniency: Leniency::CloudFormation, read_only: &[], formats: false };
                assert_eq!(
                    validate(&document, &value(&instance), options).verdict,
                    Verdict::Valid,
                    "{name}: {instance}"
                );
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn every_type_of_the_binary_is_that_of_its_file() {
    let files = files();
    assert_eq!(provider::type_names().len(), files.len());
    for (name, file) in &files {
        let resource = provider::resource_type(name).unwrap_or_else(|| panic!("{name} does not decode"));
        assert_eq!(resource.name(), name);
        let from_file = read::resource(file).expect("a resource");
        assert_eq!(format!("{:?}", resource.document()), format!("{:?}", from_file.document), "{name}");
    }
}

#[test]
fn every_pattern_of_the_schemas_has_an_engine() {
    fn visit(value: &Value, seen: &mut BTreeMap<String, Option<pattern::Engine>>) {
        match value {
            Value::Object(map) => {
                if let Some(text) = map.get("pattern").and_then(Value::as_str) {
                    seen.entry(text.to_owned()).or_insert_with(|| pattern::engine(text));
                }
                map.values().for_each(|value| visit(value, seen));
            }
            Value::Array(items) => items.iter().for_each(|value| visit(value, seen)),
            _ => {}
        }
    }
    let mut seen = BTreeMap::new();
    for value in files().values() {
        visit(value, &mut seen);
    }
    assert!(seen.len() > 2000, "{}", seen.len());
    let none: Vec<&String> = seen.iter().filter(|(_, engine)| engine.is_none()).map(|(text, _)| text).collect();
    assert!(none.is_empty(), "{none:?}");
    assert_eq!(pattern::is_match(&Pattern::new("^a"), "b"), Some(false));
}

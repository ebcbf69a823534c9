//! Contracts made of schemas in texts.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::diagnostics::Sink;
use crate::source::{Sources, Span};
use crate::syntax::{self, Dialect};

/// The contract of files, the first of which is named; and what is found in them.
fn contract_of(files: &[(&str, &Json)], part: Part) -> Result<Contract, Vec<String>> {
    let mut sources = Sources::default();
    let mut sink = Sink::default();
    let named = Named { path: files[0].0.to_owned(), span: Span::START, part };
    let mut open = |path: &str, _: Span, sink: &mut Sink| {
        let (path, json) = files.iter().find(|(known, _)| *known == path)?;
        let file = sources.add(*path, json.to_string());
        Some(Document::new(*path, syntax::parse(file, &sources, Dialect::Blueprint, sink)?))
    };
    let contract = read(&named, &mut open, &mut sink);
    let found: Vec<String> = sink.diagnostics().iter().map(|one| one.message.clone()).collect();
    match contract {
        Some(contract) => Ok(contract),
        None => Err(found),
    }
}

fn contract(schema: &Json) -> Contract {
    contract_of(&[("a.json", schema)], Part::Event).unwrap()
}

fn may(contract: &Contract, path: &str) -> May {
    let step = |part: &str| if part == "[]" { Step::Item } else { Step::Key(part.to_owned()) };
    contract.may(&path.split('.').filter(|part| !part.is_empty()).map(step).collect::<Vec<_>>())
}

#[test]
fn fields_are_never_there_only_where_the_schema_excludes_them() {
    let closed = contract(&json!({
        "type": "object", "additionalProperties": false, "required": ["a"],
        "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"properties": {"c": {"type": "integer"}}}}},
        "patternProperties": {"^x-": {"type": "boolean"}},
    }));
    assert!(may(&closed, "nope").is_never());
    assert!(may(&closed, "a.b").is_never());
    assert!(may(&closed, "a").always);
    assert!(!may(&closed, "b").always);
    assert_eq!(may(&closed, "b.[].c").types, Types::INTEGER);
    assert_eq!(may(&closed, "b.[].d").presence, Presence::Open);
    assert_eq!(may(&closed, "x-flag").types, Types::BOOL);
    assert!(may(&closed, "b.c").is_never());
    let open = contract(&json!({"properties": {"a": {"type": ["string", "null"]}}}));
    assert_eq!(may(&open, "other").presence, Presence::Open);
    assert_eq!(may(&open, "a").types, Types::TEXT.or(Types::NULL));
}

#[test]
fn alternatives_allow_what_one_of_them_allows_and_all_of_them_together_less() {
    let some = contract(&json!({"oneOf": [
        {"type": "object", "additionalProperties": false, "required": ["k", "a"], "properties": {"k": {"const": 1}, "a": {"type": "string"}}},
        {"type": "object", "additionalProperties": false, "required": ["k"], "properties": {"k": {"const": 2}, "b": {"type": "number"}}},
    ]}));
    assert_eq!(may(&some, "k").values, Some(vec![json!(1), json!(2)]));
    assert!(may(&some, "k").always);
    assert!(!may(&some, "a").always && !may(&some, "a").is_never());
    assert!(may(&some, "c").is_never());
    let all = contract(&json!({"allOf": [
        {"properties": {"a": {"type": ["string", "integer"]}}, "required": ["a"]},
        {"properties": {"a": {"enum": ["x", "y", 3, null]}}},
        {"not": {"required": ["z"]}},
    ], "unevaluatedProperties": false}));
    assert_eq!(may(&all, "a").types, Types::TEXT.or(Types::INTEGER));
    assert!(may(&all, "a").always);
    assert!(may(&all, "z").is_never());
}

#[test]
fn references_are_followed_through_files_and_in_circles() {
    let a = json!({"$schema": "http://json-schema.org/draft-07/schema#", "$id": "https://example.com/a.json",
        "definitions": {"node": {"type": "object", "additionalProperties": false,
            "properties": {"next": {"$ref": "#/definitions/node"}, "money": {"$ref": "b/c.json#money", "type": "string"}}}},
        "$ref": "https://example.com/a.json#/definitions/node"});
    let c = json!({"definitions": {"m": {"$id": "#money", "$ref": "../d.json"}}});
    let d = json!({"type": "number"});
    let contract = contract_of(&[("a.json", &a), ("b/c.json", &c), ("d.json", &d)], Part::Event).unwrap();
    assert_eq!(may(&contract, "next.next.next.money").types, Types::NUMBER);
    assert!(may(&contract, "next.next.nope").is_never());
    assert!(contract.is_kept(&json!({"next": {"next": {"money": 1.5}}})));
    let found = contract.violations(&json!({"next": {"next": {"money": "1"}}}));
    assert_eq!(found[0].pointer, "/next/next/money");
    assert_eq!(found[0].asked, Some(Location { path: "d.json".to_owned(), pointer: "/type".to_owned() }));
}

#[test]
fn a_contract_of_detail_knows_the_envelope() {
    let detail = json!({"type": "object", "additionalProperties": false, "properties": {"a": {"type": "string"}}});
    let contract = contract_of(&[("a.json", &detail)], Part::Detail).unwrap();
    assert_eq!(may(&contract, "detail.a").types, Types::TEXT);
    assert!(may(&contract, "detail.b").is_never());
    assert!(may(&contract, "time").always);
    assert!(may(&contract, "detailType").is_never());
    assert!(!may(&contract, "replay-name").is_never());
    assert!(contract.examples().iter().all(|event| contract.is_kept(event) && event["source"].is_string()));
    assert!(contract.violations(&json!({"source": "shop"}))[0].message.contains("`detail` is missing"));
    assert_eq!(contract.violations(&json!({"detail": {"b": 1}}))[0].pointer, "/detail/b");
}

#[test]
fn examples_are_as_the_contract_asks_and_variants_lack_what_it_does_not_require() {
    let contract = contract(&json!({
        "type": "object", "required": ["id", "at"],
        "properties": {
            "id": {"type": "string", "format": "uuid"}, "at": {"type": "string", "format": "date-time"},
            "count": {"type": "integer", "minimum": 5, "multipleOf": 4}, "kind": {"enum": ["a", "b"]},
            "note": {"type": ["string", "null"], "minLength": 8},
            "lines": {"type": "array", "minItems": 2, "items": {"type": "object", "required": ["n"], "properties": {"n": {"type": "number", "exclusiveMinimum": 0}}}},
        },
    }));
    let examples = contract.examples();
    let event = examples.first().unwrap();
    assert_eq!(event["count"], 8);
    assert_eq!(event["lines"].as_array().unwrap().len(), 2);
    let variants = contract.variants(event);
    let told: Vec<(String, bool)> = variants.iter().map(|one| (one.path.join("."), one.is_null)).collect();
    assert!(told.contains(&("count".to_owned(), false)) && told.contains(&("note".to_owned(), true)));
    assert!(!told.iter().any(|(path, _)| path == "id" || path == "lines.0.n"));
}

#[test]
fn what_is_no_schema_is_told() {
    let told = |files: &[(&str, &Json)]| contract_of(files, Part::Event).unwrap_err().join("; ");
    for (schema, part) in [
        (json!({"$ref": "#"}), "consists of itself"),
        (json!({"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"not": {"$ref": "#"}}}}), "consists of itself"),
        (json!({"$ref": "//example.com/x"}), "is not fetched"),
        (json!({"$ref": "file:///etc/passwd"}), "is not fetched"),
        (json!({"type": "strng"}), "no type of JSON Schema"),
        (json!({"$schema": 7}), "no draft of JSON Schema"),
        (json!({"pattern": "("}), "no regular expression"),
        (json!({"$ref": "#/nope"}), "nothing is at `/nope`"),
        (json!([]), "is no schema"),
    ] {
        assert!(told(&[("a.json", &schema)]).contains(part), "{schema}: {}", told(&[("a.json", &schema)]));
    }
}

#[test]
fn a_long_way_of_references_needs_no_more_stack_than_there_is() {
    let chain = |length: usize| {
        let mut defs = serde_json::Map::new();
        for n in 0..length {
            let next = json!({"$ref": format!("#/$defs/d{}", n + 1)});
            defs.insert(format!("d{n}"), json!({"properties": {"a": next}}));
        }
        defs.insert(format!("d{length}"), json!({"type": "string"}));
        json!({"$ref": "#/$defs/d0", "$defs": defs})
    };
    let short = chain(50);
    assert!(contract_of(&[("a.json", &short)], Part::Event).is_ok());
    let long = chain(5_000);
    let told = contract_of(&[("a.json", &long)], Part::Event).unwrap_err();
    assert!(told[0].contains("in a row"), "{told:?}");
}

fn schema() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": ["integer", "null"]})),
        Just(json!({"enum": ["a", 1, {"a": 2}]})),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!({"$ref": "#/$defs/x"})),
        Just(json!({"minProperties": 1, "propertyNames": {"maxLength": 1}})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone(), any::<bool>()).prop_map(|(a, b, closed)| {
                let mut made = json!({"type": "object", "properties": {"a": a, "b": b}, "required": ["a"]});
                if closed {
                    made["additionalProperties"] = json!(false);
                }
                made
            }),
            proptest::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({"anyOf": all})),
            proptest::collection::vec(inner.clone(), 1..3)
                .prop_map(|all| json!({"oneOf": all, "unevaluatedProperties": false})),
            proptest::collection::vec(inner.clone(), 1..3).prop_map(|all| json!({"allOf": all})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"if": a, "then": b})),
            inner.clone().prop_map(|a| json!({"not": a})),
            inner.prop_map(|a| json!({"items": a, "patternProperties": {"^b": true}})),
        ]
    })
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![Just(json!("a")), Just(json!(1)), Just(json!(1.5)), Just(json!(null)), Just(json!(true))];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            proptest::collection::btree_map("[abc]", inner, 0..3).prop_map(|map| json!(map)),
        ]
    })
}

/// All paths of a value, each with what is there.
fn paths(value: &Json, path: &[Step], found: &mut Vec<(Vec<Step>, Json)>) {
    found.push((path.to_vec(), value.clone()));
    let below = |step: Step| [path.to_vec(), vec![step]].concat();
    match value {
        Json::Object(map) => map.iter().for_each(|(key, value)| paths(value, &below(Step::Key(key.clone())), found)),
        Json::Array(items) => items.iter().for_each(|item| paths(item, &below(Step::Item), found)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// The validator is the judge: what it takes is never excluded.
    #[test]
    fn nothing_that_an_event_has_is_excluded(schema in schema(), event in value()) {
        let mut schema = schema;
        if !schema.is_object() {
            schema = json!({"allOf": [schema]});
        }
        schema["$defs"] = json!({"x": {"properties": {"a": {"$ref": "#/$defs/x"}, "b": {"type": "integer"}}}});
        let Ok(contract) = contract_of(&[("a.json", &schema)], Part::Event) else { return Ok(()) };
        for event in contract.examples().into_iter().chain([event]).filter(|event| contract.is_kept(event)) {
            let mut all = Vec::new();
            paths(&event, &[], &mut all);
            for (path, value) in all {
                let may = contract.may(&path);
                prop_assert!(!may.is_never(), "{} in {event} by {schema}", way(&path));
                prop_assert!(may.types.may_be(Types::of(&value)), "{} in {event} by {schema}", way(&path));
                if let Some(values) = &may.values {
                    prop_assert!(values.iter().any(|one| may::is_same(one, &value)), "{} in {event} by {schema}", way(&path));
                }
            }
            for key in ["a", "b", "c"] {
                let may = contract.may(&[Step::Key(key.to_owned())]);
                prop_assert!(!may.always || !event.is_object() || event.get(key).is_some(), "{key} in {event} by {schema}");
            }
        }
    }
}

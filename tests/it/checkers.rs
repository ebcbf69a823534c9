//! The blueprints that the public checkers see.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use formwork::blueprint::COMMON_FIELDS;
use formwork::kinds::schema;
use serde_json::Value as Json;

/// A field or word that is in no blueprint is in no template that a checker reads.
#[test]
fn the_blueprints_for_the_checkers_use_every_field_and_word_of_every_kind() {
    let root: Json = serde_json::from_str(schema::TEXT).unwrap();
    let mut known = BTreeSet::new();
    for kind in formwork::kinds::KINDS {
        said_by_schema(&root["$defs"][kind.name], &root, kind.name, &mut known);
    }

    let mut used = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkers/blueprints");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        let text = fs::read_to_string(path).unwrap();
        let blueprint: Json = serde_yaml::from_str(&text).unwrap();
        for component in blueprint["components"].as_object().unwrap().values() {
            used.extend(component.as_object().unwrap().keys().cloned());
            if let Some(kind) = component["kind"].as_str() {
                said_by_value(component, kind, &mut used);
            }
        }
    }

    let missing: Vec<&String> = known.difference(&used).filter(|path| !is_common(path)).collect();
    assert!(missing.is_empty(), "no blueprint in tests/checkers/blueprints has {missing:#?}");
    let common = COMMON_FIELDS.iter().filter(|field| **field != "allow" && !used.contains(**field));
    assert_eq!(common.collect::<Vec<_>>(), Vec::<&&str>::new(), "no blueprint in tests/checkers/blueprints has these");
}

/// What every component has.
fn is_common(path: &str) -> bool {
    let field = path.split(['.', '=', '[']).nth(1).unwrap_or_default();
    COMMON_FIELDS.contains(&field)
}

/// The paths of all fields, with `*` for a free name and `=` before a word.
fn said_by_schema(schema: &Json, root: &Json, path: &str, said: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        said_by_schema(&root["$defs"][name], root, path, said);
    }
    for branches in ["allOf", "anyOf", "oneOf"] {
        for branch in schema[branches].as_array().into_iter().flatten() {
            said_by_schema(branch, root, path, said);
        }
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        said_by_schema(field, root, &path, said);
        said.insert(path);
    }
    if schema["additionalProperties"].is_object() {
        said_by_schema(&schema["additionalProperties"], root, &format!("{path}.*"), said);
    }
    if schema["items"].is_object() {
        said_by_schema(&schema["items"], root, &format!("{path}[]"), said);
    }
    let words = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
    said.extend(words.filter_map(Json::as_str).map(|word| format!("{path}={word}")));
}

fn said_by_value(value: &Json, path: &str, said: &mut BTreeSet<String>) {
    match value {
        Json::Object(fields) => {
            for (name, field) in fields {
                for path in [format!("{path}.{name}"), format!("{path}.*")] {
                    said_by_value(field, &path, said);
                    said.insert(path);
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| said_by_value(item, &format!("{path}[]"), said)),
        Json::String(word) => {
            said.insert(format!("{path}={word}"));
        }
        _ => {}
    }
}

//! The schema of the language: what editors and the compiler check blueprints with.
//!
//! It is generated from the types and checked in as `schemas/blueprint.schema.json`; a test holds the two together.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use super::{KINDS, Kind, event_rule, firehose_stream, glue_crawler};
use crate::blueprint::parameters::Parameter;
use crate::blueprint::{Allowance, NAME_PATTERN, Output, PARAMETER_PATTERN, VERSION_PATTERN};

/// The generated schema, as it is checked in.
pub const TEXT: &str = include_str!("../../schemas/blueprint.schema.json");

/// What to write for the patterns of the language, which say little to people.
pub const HINTS: &[(&str, &str)] = &[
    (NAME_PATTERN, "write small letters, digits and single hyphens, for example `event-archive`"),
    (PARAMETER_PATTERN, "write letters and digits and start with a capital, for example `RetentionDays`"),
    (VERSION_PATTERN, "write three numbers, for example `1.0.0`"),
    (VARIABLE_PATTERN, "write small letters, digits and `_`, for example `retention_days`"),
    (FOLDER_PATTERN, "write folders with `/` between and after them, for example `raw/orders/`"),
    (event_rule::SCHEDULE_PATTERN, "write `rate(5 minutes)` or `cron(0 8 * * ? *)`"),
    (event_rule::PATH_PATTERN, "start the path with `$`, for example `$.detail`"),
    (firehose_stream::EXTENSION_PATTERN, "start with a dot and use small letters and digits, for example `.json.gz`"),
    (firehose_stream::FOLDERS_PATTERN, "write letters, digits, `-`, `_` or `.`, with `/` between folders"),
    (glue_crawler::SCHEDULE_PATTERN, "write `hourly`, `daily` or `cron(0 8 * * ? *)`"),
    (glue_crawler::TABLE_PREFIX_PATTERN, "write small letters, digits and `_`, for example `events_`"),
];

/// Names of values of `let` and of keys of layouts.
pub const VARIABLE_PATTERN: &str = "^[a-z_][a-z0-9_]*$";

/// Folders in a bucket, as the start of keys.
pub const FOLDER_PATTERN: &str = "^[^/].*/$";

/// Generates the schema from the types.
pub fn generate() -> Json {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let kinds: Vec<(&str, Json)> = KINDS.iter().map(|kind| (kind.name, kind_schema(kind, &mut generator))).collect();
    let parameter = generator.subschema_for::<Parameter>();
    let output = generator.subschema_for::<Output>();
    let mut definitions: Map<String, Json> = generator.take_definitions(true);
    definitions.insert("Component".to_owned(), component());
    for (name, schema) in kinds {
        definitions.insert(name.to_owned(), schema);
    }
    definitions.sort_keys();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "formwork blueprint",
        "description": "A declarative architecture that formwork compiles to a CloudFormation template.",
        "type": "object",
        "required": ["blueprint", "version", "components"],
        "additionalProperties": false,
        "properties": {
            "blueprint": {
                "description": "Name of the blueprint, in kebab case.",
                "type": "string", "pattern": NAME_PATTERN, "maxLength": 100,
            },
            "version": {
                "description": "Version of the blueprint, as in Semantic Versioning.",
                "type": "string", "pattern": VERSION_PATTERN,
            },
            "title": {
                "description": "What it is, in a few words.",
                "type": "string", "minLength": 1, "maxLength": 100,
            },
            "description": {
                "description": "What it does; the description of the template.",
                "type": "string", "minLength": 1,
            },
            "parameters": {
                "description": "What is decided at deployment. Names start with a capital.",
                "type": "object",
                "propertyNames": {"pattern": PARAMETER_PATTERN},
                "additionalProperties": parameter,
            },
            "let": {
                "description": "Values for `{{ }}`, each of which sees those above it.",
                "type": "object",
                "propertyNames": {"pattern": VARIABLE_PATTERN},
            },
            "components": {
                "description": "What the architecture consists of. Names are in kebab case.",
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": NAME_PATTERN, "maxLength": 100},
                "additionalProperties": {"$ref": "#/$defs/Component"},
            },
            "outputs": {
                "description": "What the stack tells whoever deploys it. Names start with a capital.",
                "type": "object",
                "propertyNames": {"pattern": PARAMETER_PATTERN},
                "additionalProperties": output,
            },
        },
        "$defs": definitions,
    })
}

/// Any component: its `kind` decides which other fields it has.
fn component() -> Json {
    let branches: Vec<Json> = KINDS
        .iter()
        .map(|kind| {
            json!({
                "if": {"properties": {"kind": {"const": kind.name}}, "required": ["kind"]},
                "then": {"$ref": format!("#/$defs/{}", kind.name)},
            })
        })
        .collect();
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    json!({
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"description": "What it is.", "enum": names}},
        "allOf": branches,
    })
}

/// The fields of a kind with those that all components have.
fn kind_schema(kind: &Kind, generator: &mut SchemaGenerator) -> Json {
    let schema: Schema = (kind.schema)(generator);
    let mut schema = Json::from(schema);
    let allow = generator.subschema_for::<Vec<Allowance>>();
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        let mut allow = Json::from(allow);
        allow["description"] = json!("Findings that are known and fine here.");
        for (name, field) in [("kind", json!({"const": kind.name})), ("allow", allow)] {
            let own = properties.insert(name.to_owned(), field);
            assert!(own.is_none(), "`{}` has a field `{name}`, which means something else for all components", kind.name);
        }
    }
    if let Some(object) = schema.as_object_mut() {
        object.remove("title");
        let required = object.entry("required").or_insert_with(|| json!([]));
        if let Some(required) = required.as_array_mut() {
            required.insert(0, json!("kind"));
        }
    }
    schema
}

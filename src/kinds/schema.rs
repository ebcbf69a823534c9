//! The schema of the language: what editors and the compiler check blueprints with.
//!
//! It is generated from the types and checked in as `schemas/blueprint.schema.json`; a test holds the two together.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value as Json, json};

use super::{
    KINDS, Kind, WITH_CONTRACT, alarm, anomaly_alarm, dashboard, event_rule, firehose_stream, glue_crawler, glue_table,
    kms_key, lambda_function, layout, metric, quicksight_dashboard, quicksight_dataset, redshift_cluster,
    redshift_stream_view, schedule, ses_configuration_set, vpc, warehouse,
};
use crate::blueprint::case::Case;
use crate::blueprint::contract::Contract;
use crate::blueprint::parameters::Parameter;
use crate::blueprint::project::Project;
use crate::blueprint::text::REFERENCE_PATTERN;
use crate::blueprint::text::TEXT_MARK;
use crate::blueprint::{Allowance, NAME_PATTERN, Output, PARAMETER_PATTERN, VERSION_PATTERN};
use crate::schema::model::{Document, Keyword};
use crate::schema::read::{self, children, drop_branch};

/// The generated schema, as it is checked in.
pub const TEXT: &str = include_str!("../../schemas/blueprint.schema.json");

/// What to write for the patterns of the language, which say little to people.
pub const HINTS: &[(&str, &str)] = &[
    (NAME_PATTERN, "write small letters, digits and single hyphens, for example `event-archive`"),
    (REFERENCE_PATTERN, "write the name of a component, for example `event-archive`"),
    (PARAMETER_PATTERN, "write letters and digits and start with a capital, for example `RetentionDays`"),
    (VERSION_PATTERN, "write three numbers, for example `1.0.0`"),
    (VARIABLE_PATTERN, "write small letters, digits and `_`, for example `retention_days`"),
    (FOLDER_PATTERN, "write folders with `/` between and after them, for example `raw/orders/`"),
    (alarm::ID_PATTERN, "start with a small letter and use letters, digits and `_`, for example `bytes`"),
    (anomaly_alarm::TIME_PATTERN, "write a time in UTC such as `2026-11-23T08:00:00`"),
    (dashboard::TIME_PATTERN, "write for example `-PT3H` for three hours or `-P7D` for seven days"),
    (event_rule::SCHEDULE_PATTERN, "write `rate(5 minutes)` or `cron(0 8 * * ? *)`"),
    (event_rule::PATH_PATTERN, "start the path with `$`, for example `$.detail`"),
    (firehose_stream::EXTENSION_PATTERN, "start with a dot and use small letters and digits, for example `.json.gz`"),
    (layout::FOLDERS_PATTERN, "write letters, digits, `-`, `_` or `.`, with `/` between folders"),
    (layout::LAMBDA_PATTERN, "write `true`, or the name of the key that the function gives"),
    (glue_crawler::SCHEDULE_PATTERN, "write `hourly`, `daily` or `cron(0 8 * * ? *)`"),
    (glue_crawler::TABLE_PREFIX_PATTERN, "write small letters, digits and `_`, for example `events_`"),
    (glue_table::COLUMN_PATTERN, "write small letters, digits and `_`, for example `order_id`"),
    (lambda_function::ENVIRONMENT_PATTERN, "write letters, digits and `_`, two at least, for example `BUCKET`"),
    (lambda_function::HANDLER_PATTERN, "write the module, a dot and the function, for example `index.handler`"),
    (
        kms_key::ALIAS_PATTERN,
        "write letters, digits, `/`, `_`, `-` and `${ }`, not `aws/` at the start, for example `example/data`",
    ),
    (metric::STATISTIC_PATTERN, "write `average`, `sum`, `minimum`, `maximum`, `sample-count` or one such as `p99`"),
    (
        ses_configuration_set::DIMENSION_PATTERN,
        "write letters, digits, `_`, `-` and `:`, for example `ses:from-domain`",
    ),
    (quicksight_dashboard::TIME_PATTERN, "write a time in UTC, for example `2026-01-01T00:00:00Z`"),
    (quicksight_dataset::CLOCK_PATTERN, "write hours and minutes, for example `06:30`"),
    (quicksight_dataset::DAY_PATTERN, "write `monday` to `sunday`, `\"1\"` to `\"28\"`, or `last`"),
    (redshift_cluster::CRON_PATTERN, "write six fields, for example `cron(0 20 ? * MON-FRI *)`"),
    (redshift_stream_view::PATH_PATTERN, "write names of fields with `.` between them, for example `location.speed`"),
    (redshift_stream_view::TYPE_PATTERN, "write a type of Redshift, for example `varchar(17)` or `decimal(10,2)`"),
    (vpc::CIDR_PATTERN, "write a network of `/16` to `/24`, for example `10.0.0.0/16`"),
    (warehouse::NAME_PATTERN, "start with a small letter and use small letters, digits and `_`, for example `shop`"),
    (schedule::TIME_PATTERN, "write `rate(5 minutes)`, `cron(0 8 * * ? *)` or `at(2027-01-31T08:00:00)`"),
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
    let case = generator.subschema_for::<Case>();
    let mut definitions: Map<String, Json> = generator.take_definitions(true);
    definitions.insert("Component".to_owned(), component());
    definitions.insert("Module".to_owned(), module(&mut generator));
    for (name, schema) in kinds {
        definitions.insert(name.to_owned(), schema);
    }
    definitions.sort_keys();
    let mut schema = json!({
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
            "tests": {
                "description": "Sample events, and what becomes of them. `formwork test` runs them.",
                "type": "array",
                "items": case,
            },
        },
        "$defs": definitions,
    });
    forbid_null(&mut schema);
    bound_integers(&mut schema);
    forbid_references(&mut schema["$defs"]);
    let definitions = schema["$defs"].clone();
    for definition in schema["$defs"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        allow_expressions(definition, &definitions);
    }
    schema["$defs"]["Expression"] = json!({
        "description": "An expression over the values of `let`, evaluated when formwork runs.",
        "type": "string",
        "pattern": r"\{\{.*\}\}",
    });
    schema
}

/// The schema of `formwork.yaml`, as it is checked in.
pub const PROJECT_TEXT: &str = include_str!("../../schemas/project.schema.json");

/// Generates the schema of `formwork.yaml` from its type.
pub fn generate_project() -> Json {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = Json::from(generator.into_root_schema_for::<Project>());
    forbid_null(&mut schema);
    bound_integers(&mut schema);
    forbid_references(&mut schema);
    schema["title"] = json!("formwork project");
    schema
}

/// The schema of `formwork.yaml`, for the validator.
pub fn project_document() -> &'static Document {
    static DOCUMENT: OnceLock<Document> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        // The text is part of the program, and a test reads it.
        let schema: Json = serde_json::from_str(PROJECT_TEXT).unwrap_or_default();
        read::document(&schema).unwrap_or_default()
    })
}

/// Whether components of a kind have a field.
pub fn has_field(kind: &str, field: &str) -> bool {
    let document = document();
    let definition = document.definitions.iter().find(|definition| definition.name == kind);
    definition.is_some_and(|definition| {
        document
            .flatten(&definition.schema)
            .into_iter()
            .any(|keyword| matches!(keyword, Keyword::Properties(properties) if properties.get(field).is_some()))
    })
}

/// Takes `null` out of a generated schema: a field that is not given is left out, and one without a value is a mistake.
fn forbid_null(schema: &mut Json) {
    if let Json::Object(object) = schema {
        if let Some(Json::Array(types)) = object.get_mut("type") {
            types.retain(|one| one != "null");
            if let [one] = types.as_slice() {
                let one = one.clone();
                object.insert("type".to_owned(), one);
            }
        }
        if object.get("default").is_some_and(Json::is_null) {
            object.shift_remove("default");
        }
    }
    drop_branch(schema, &json!({"type": "null"}));
    children(schema).for_each(forbid_null);
}

/// Gives whole numbers the bounds of what holds them, where they have no narrower ones.
///
/// Source: Smithy 2.0, "Simple types": an `integer` of the services has 32 bits with its sign. What is counted in 64 bits
/// stays among the numbers that every reader of JSON tells apart (RFC 8259, section 6).
fn bound_integers(schema: &mut Json) {
    const EXACT: i64 = (1 << 53) - 1;
    if let Json::Object(object) = schema {
        let bounds = match object.get("format").and_then(Json::as_str) {
            Some("uint32") => Some((0, i64::from(i32::MAX))),
            Some("int64") => Some((-EXACT, EXACT)),
            _ => None,
        };
        if let Some((minimum, maximum)) = bounds {
            object.shift_remove("format");
            object.entry("minimum").or_insert(json!(minimum));
            object.entry("maximum").or_insert(json!(maximum));
        }
    }
    children(schema).for_each(bound_integers);
}

/// Keeps `${ }` out of texts that are needed when formwork runs: only a `Text` of the models may have it.
fn forbid_references(schema: &mut Json) {
    if let Json::Object(object) = schema
        && object.get("type").is_some_and(|kind| kind == "string")
        && object.shift_remove(TEXT_MARK).is_none()
        && !["const", "enum", "pattern"].iter().any(|key| object.contains_key(*key))
    {
        object.insert("not".to_owned(), json!({"pattern": r"\$\{"}));
    }
    children(schema).for_each(forbid_references);
}

/// Lets `{{ }}` stand for every value that is not free text anyway. Editors see it; the compiler evaluates it before it
/// validates.
fn allow_expressions(schema: &mut Json, definitions: &Json) {
    if let Some(fields) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        for field in fields.values_mut().filter(|field| is_restricted_scalar(field, definitions)) {
            let mut rest = field.take();
            let mut wrapped = Map::new();
            if let Json::Object(rest) = &mut rest {
                for key in ["description", "default"] {
                    wrapped.extend(rest.shift_remove(key).map(|value| (key.to_owned(), value)));
                }
            }
            wrapped.insert("anyOf".to_owned(), json!([rest, expression_branch()]));
            *field = Json::Object(wrapped);
        }
    }
    children(schema).for_each(|child| allow_expressions(child, definitions));
}

fn is_restricted_scalar(schema: &Json, definitions: &Json) -> bool {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        return is_restricted_scalar(&definitions[name], definitions);
    }
    let branches = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array());
    match (branches, schema["type"].as_str()) {
        (Some(branches), _) => branches.iter().any(|branch| is_restricted_scalar(branch, definitions)),
        (None, Some("integer" | "number" | "boolean")) => true,
        (None, Some("string")) => {
            schema["pattern"].is_string() || schema["enum"].is_array() || schema["const"].is_string()
        }
        _ => false,
    }
}

fn expression_branch() -> Json {
    json!({"$ref": "#/$defs/Expression"})
}

/// The schema that the compiler validates with: the one that editors see, without the expressions that are evaluated
/// by then. `build.rs` packs it.
pub fn document() -> &'static Document {
    static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/language.postcard"));
    static DOCUMENT: OnceLock<Document> = OnceLock::new();
    // A test reads it.
    DOCUMENT.get_or_init(|| postcard::from_bytes(PACKED).unwrap_or_default())
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
        "properties": {"kind": {"description": "What it is.", "enum": names}},
        "if": {"required": ["use"]},
        "then": {"$ref": "#/$defs/Module"},
        "else": {"required": ["kind"]},
        "allOf": branches,
    })
}

/// What a component has that is another blueprint.
fn module(generator: &mut SchemaGenerator) -> Json {
    let mut properties = Map::from_iter([
        ("use".to_owned(), json!({"description": "Name of the blueprint.", "type": "string", "pattern": NAME_PATTERN})),
        (
            "with".to_owned(),
            json!({
                "description": "Values for the parameters of the blueprint: texts, numbers, or names of components.",
                "type": "object",
                "propertyNames": {"pattern": PARAMETER_PATTERN},
            }),
        ),
    ]);
    properties.extend(common(generator));
    properties.remove("overrides");
    json!({
        "description": "Another blueprint, whose components become part of this one.",
        "type": "object",
        "required": ["use"],
        "additionalProperties": false,
        "properties": properties,
    })
}

/// Fields that every component may have.
fn common(generator: &mut SchemaGenerator) -> Map<String, Json> {
    let mut allow = Json::from(generator.subschema_for::<Vec<Allowance>>());
    allow["description"] = json!("Findings that are known and fine here.");
    Map::from_iter([
        ("allow".to_owned(), allow),
        (
            "for_each".to_owned(),
            json!({
                "description": "A list or a map: one such component for each of it, named after the item or the key. \
                                `{{ each.key }}`, `{{ each.value }}` and `{{ each.index }}` tell them apart.",
                "type": ["array", "object", "string"],
            }),
        ),
        (
            "when".to_owned(),
            json!({
                "description": "Whether it exists: a parameter, or an expression of parameters such as `${Stage} == prod`.",
                "type": ["string", "boolean"],
            }),
        ),
        (
            "overrides".to_owned(),
            json!({
                "description": "Raw properties of CloudFormation by the role of the resource that they are merged into, \
                                for example `Bucket`.",
                "type": "object",
                "additionalProperties": {"type": "object"},
            }),
        ),
    ])
}

/// The fields of a kind with those that all components have.
fn kind_schema(kind: &Kind, generator: &mut SchemaGenerator) -> Json {
    let schema: Schema = (kind.schema)(generator);
    let mut schema = Json::from(schema);
    let mut common = common(generator);
    if WITH_CONTRACT.contains(&kind.name) {
        let mut contract = Json::from(generator.subschema_for::<Contract>());
        contract["description"] = json!(
            "What the events are that come to it: a JSON Schema, with which sample events, patterns, partition keys and \
             columns are checked. It changes nothing in the template."
        );
        common.insert("contract".to_owned(), contract);
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        let kind_field = ("kind".to_owned(), json!({"const": kind.name}));
        for (field, schema) in common.into_iter().chain([kind_field]) {
            debug_assert!(
                !properties.contains_key(&field),
                "`{field}` of {} would hide what all components have",
                kind.name
            );
            properties.insert(field, schema);
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

//! The layout of an S3 destination: said once, read by the stream, by crawlers and by tables.

mod key;
mod query;
mod time;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub use self::key::CODES as KEY_CODES;
use self::key::LayoutKey;
pub use self::query::CODES as QUERY_CODES;
pub use self::time::CODES as TIME_CODES;
use super::Folder;
use super::schema::VARIABLE_PATTERN;
use crate::blueprint::text::Located;
use crate::diagnostics::{Sink, closest};
use crate::source::{Origin, Span};
use crate::template::Value;

codes! {
    /// Two keys of a layout have one name.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - day: { arrival: yyyy-MM-dd }
    ///         - day: { arrival: dd }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - day: { arrival: yyyy-MM-dd }
    /// ```
    REPEATED = Error "repeated-layout-key";

    /// A written `prefix` leaves a key of the layout out.
    ///
    /// Firehose refuses a stream whose query extracts a key that the prefix does not use. A layout whose keys are
    /// in no path would also mislead its readers.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///         - type: { query: .type }
    ///       prefix: "data/!{partitionKeyFromQuery:tenant}/"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///         - type: { query: .type }
    ///       prefix: "data/!{partitionKeyFromQuery:tenant}/!{partitionKeyFromQuery:type}/"
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand partitioning keys".
    UNUSED = Error "unused-layout-key";

    /// A written `prefix` uses a partition key that the layout does not have.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///       prefix: "data/!{partitionKeyFromQuery:tenat}/"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///       prefix: "data/!{partitionKeyFromQuery:tenant}/"
    /// ```
    UNKNOWN = Error "unknown-layout-key";
}

/// A folder of a layout.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Item {
    /// A folder with this name.
    #[serde(rename = "Text")]
    Folder(Located<String>),
    /// A key with its source.
    #[serde(rename = "Map")]
    Key(IndexMap<Located<String>, LayoutKey>),
}

impl JsonSchema for Item {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LayoutItem".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        item_schema(&generator.subschema_for::<LayoutKey>())
    }
}

fn item_schema(key: &schemars::Schema) -> schemars::Schema {
    schemars::json_schema!({"anyOf": [
        {"type": "string", "pattern": FOLDERS_PATTERN},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "propertyNames": {"pattern": VARIABLE_PATTERN},
            "additionalProperties": key,
        },
    ]})
}

/// The layout of a table: nothing in it is about records.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct TableLayout(pub Layout);

impl JsonSchema for TableLayout {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TableLayout".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut key = LayoutKey::json_schema(generator);
        if let Some(properties) = key.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
            properties.retain(|name, _| !key::OF_RECORDS.contains(&name.as_str()));
        }
        schemars::json_schema!({"type": "array", "items": item_schema(&key)})
    }
}

/// Names of folders: characters that are safe in keys of objects. Source: S3 User Guide, "Naming Amazon S3 objects".
pub const FOLDERS_PATTERN: &str = r"^[A-Za-z0-9!_.*'()=-]+(/[A-Za-z0-9!_.*'()=-]+)*$";

/// Names of partition keys that a function gives.
pub const LAMBDA_PATTERN: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// What a layout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A stream writes by it.
    Stream,
    /// A table reads by it.
    Table,
}

/// One step of the path of an object's key.
#[derive(Clone, Debug)]
pub enum Step {
    /// A folder, or several with `/` between them.
    Folder(String),
    /// The value of a key.
    Key(PathKey),
}

/// A key of a layout, as readers see it.
#[derive(Clone, Debug)]
pub struct PathKey {
    /// Its name.
    pub name: String,
    /// Where its name is.
    pub span: Span,
    /// Whether its folder is `name=value`.
    pub hive: bool,
    /// Whether each value is a table of its own.
    pub table: bool,
    /// The one value that it always has.
    pub literal: Option<String>,
    /// The type of its column.
    pub column: &'static str,
    /// How its values are enumerated.
    pub projection: Projection,
}

/// How a reader enumerates the values of a key.
///
/// Source: Athena User Guide, "Supported types for partition projection".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Not at all.
    None,
    /// These are all.
    Values(Vec<String>),
    /// Whole numbers.
    Integer {
        /// The first.
        first: String,
        /// The last.
        last: String,
        /// Digits, where there are zeros before the number.
        digits: Option<u32>,
    },
    /// Times.
    Date {
        /// The pattern.
        format: String,
        /// The first.
        first: String,
        /// The last.
        last: String,
        /// From one to the next.
        unit: &'static str,
    },
    /// Each query says the value.
    Injected,
}

/// A layout, checked for what concerns several of its keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Layout(Vec<Item>);

impl Layout {
    fn keys(&self) -> impl Iterator<Item = (&Located<String>, &LayoutKey)> {
        self.0.iter().filter_map(|item| match item {
            Item::Key(key) => key.first(),
            Item::Folder(_) => None,
        })
    }

    /// The keys that a jq expression gives, each with the expression.
    pub fn queries(&self) -> impl Iterator<Item = (&Located<String>, &Located<String>)> {
        self.keys().filter_map(|(name, key)| Some((name, key.query.as_ref()?)))
    }

    /// The place of a key that a function gives, if there is one.
    pub fn lambda_key(&self) -> Option<Span> {
        self.keys().find_map(|(_, key)| Some(key.lambda.as_ref()?.span()))
    }

    /// Whether records are partitioned by what is in them.
    pub fn is_dynamic(&self) -> bool {
        self.queries().next().is_some() || self.lambda_key().is_some()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The prefix of Firehose: one folder for each key.
    pub fn prefix(&self) -> String {
        let mut prefix = String::new();
        for item in &self.0 {
            match item {
                Item::Folder(name) => prefix.push_str(&name.value),
                Item::Key(key) => {
                    let Some((name, key)) = key.first() else { continue };
                    let name = &name.value;
                    if key.is_hive() {
                        prefix.push_str(name);
                        prefix.push('=');
                    }
                    if let Some(literal) = &key.literal {
                        prefix.push_str(&literal.value);
                    } else if let Some(pattern) = &key.arrival {
                        prefix.push_str("!{timestamp:");
                        prefix.push_str(&pattern.value);
                        prefix.push('}');
                    } else if let Some((namespace, name)) = key.partition_key(name) {
                        prefix.push_str(&expression(namespace, name));
                    }
                }
            }
            prefix.push('/');
        }
        prefix
    }

    /// The one jq program of the stream: an object with a value for each key, in their order.
    ///
    /// In jq 1.6 the values of an object take only terms and pipes, so every expression is in parentheses.
    /// Source: jq 1.6 manual, "Object Construction".
    pub fn program(&self) -> Option<Value> {
        let mut origin = None;
        let mut program = String::new();
        for (name, key) in self.keys() {
            let Some(query) = &key.query else { continue };
            origin.get_or_insert(Origin::Written(query.span()));
            let expression = query.value.trim();
            let value = match &key.missing {
                // Firehose takes neither null nor an empty text for the value of a key.
                Some(missing) => {
                    let missing = serde_json::Value::String(missing.clone());
                    format!("((try ({expression}) catch null)|if .==null or .==\"\" then {missing} else . end)")
                }
                None => format!("({expression})"),
            };
            program.push(if program.is_empty() { '{' } else { ',' });
            program.push_str(&name.value);
            program.push(':');
            program.push_str(&value);
        }
        program.push('}');
        Some(Value::string(origin?, program))
    }

    /// The folders of an object's key, for readers.
    pub fn folders(&self) -> Vec<Folder> {
        let mut folders = Vec::new();
        for item in &self.0 {
            match item {
                Item::Folder(name) => folders.extend(name.value.split('/').map(|part| Folder::Fixed(part.to_owned()))),
                Item::Key(key) => {
                    let Some((_, key)) = key.first() else { continue };
                    // A pattern such as yyyy/MM/dd makes a folder of each of its parts.
                    let more = key.arrival.as_ref().map_or(0, |pattern| pattern.value.matches('/').count());
                    folders.push(if key.table { Folder::Table } else { Folder::Partition });
                    folders.extend(std::iter::repeat_n(Folder::Partition, more));
                }
            }
        }
        folders
    }

    /// The steps of an object's key, for tables.
    pub fn steps(&self) -> Vec<Step> {
        let step = |item: &Item| match item {
            Item::Folder(name) => Some(Step::Folder(name.value.clone())),
            Item::Key(key) => key.first().map(|(name, key)| Step::Key(key.path_key(name))),
        };
        self.0.iter().filter_map(step).collect()
    }

    /// Checks what the schema cannot say.
    pub fn check(&self, purpose: Purpose, prefix: Option<(&str, Span)>, sink: &mut Sink) {
        let mut seen: Vec<&Located<String>> = Vec::new();
        for (name, key) in self.keys() {
            if let Some(first) = seen.iter().find(|first| first.value == name.value) {
                sink.report(&REPEATED, name.span(), format!("this layout has a key `{}` already", name.value))
                    .also(first.span(), "here")
                    .help("give one of them another name");
            }
            seen.push(name);
            key.check(name, purpose, sink);
        }
        if let Some((prefix, span)) = prefix {
            self.check_prefix(prefix, span, sink);
        }
    }

    /// A written prefix uses every key that is extracted, and no other.
    fn check_prefix(&self, prefix: &str, span: Span, sink: &mut Sink) {
        let used: Vec<(&str, &str)> = prefix
            .split("!{")
            .skip(1)
            .filter_map(|rest| rest.split_once('}')?.0.split_once(':'))
            .filter(|(namespace, _)| namespace.starts_with("partitionKeyFrom"))
            .collect();
        let known: Vec<(&Located<String>, (&str, &str))> =
            self.keys().filter_map(|(name, key)| Some((name, key.partition_key(&name.value)?))).collect();
        let mut misspelt = Vec::new();
        for (namespace, name) in &used {
            if known.iter().any(|(_, key)| *key == (*namespace, *name)) {
                continue;
            }
            let same = known.iter().filter(|(_, (other, _))| other == namespace).map(|(_, (_, name))| *name);
            let close = closest(name, same);
            misspelt.extend(close);
            let source = if *namespace == "partitionKeyFromLambda" { "lambda" } else { "query" };
            let help = close.map_or_else(
                || format!("add a key `{name}` with `{source}` to `layout`"),
                |close| format!("did you mean `{close}`?"),
            );
            sink.report(&UNKNOWN, span, format!("the layout has no key `{name}` with `{source}`")).help(help);
        }
        for (place, (namespace, name)) in known {
            if !used.contains(&(namespace, name)) && !misspelt.contains(&name) {
                sink.report(&UNUSED, place.span(), format!("`prefix` does not use the key `{name}`"))
                    .also(span, "the prefix")
                    .help(format!("add `{}/` to `prefix`, or remove the key", expression(namespace, name)));
            }
        }
    }
}

/// An expression of a prefix that stands for a partition key.
fn expression(namespace: &str, name: &str) -> String {
    format!("!{{{namespace}:{name}}}")
}

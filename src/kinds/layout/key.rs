//! A key of a layout: where its value comes from, how it appears in the path, and how readers enumerate it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FOLDERS_PATTERN, LAMBDA_PATTERN, PathKey, Projection, Purpose, query, time};
use crate::blueprint::text::Located;
use crate::diagnostics::Sink;
use crate::source::Span;

/// Where the value of a key comes from, and how it appears in the path.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutKey {
    /// A jq 1.6 expression over the record.
    pub query: Option<Located<String>>,
    /// The partition key that the function of `transform` gives with each record: `true` if it has the name of this
    /// key, or its name.
    pub lambda: Option<Located<LambdaKey>>,
    /// The time of arrival, by a pattern of Java's `DateTimeFormatter`.
    pub arrival: Option<Located<String>>,
    /// Always this.
    #[schemars(regex(pattern = FOLDERS_PATTERN))]
    pub literal: Option<Located<String>>,
    /// The value for records in which `query` finds nothing: null, an empty text or an error. Without it such records
    /// go to the error prefix.
    #[schemars(regex(pattern = FOLDERS_PATTERN))]
    pub missing: Option<String>,
    /// Whether each value is a table of its own, in a folder without `name=`.
    #[serde(default)]
    pub table: bool,
    /// Whether the folder is `name=value`, as readers of partitions expect it. The default is yes, but for tables.
    pub hive: Option<bool>,
    /// The type of the column in a table. The default is `int` for numbers, `string` for everything else.
    #[serde(rename = "type")]
    column: Option<Located<ColumnType>>,
    /// All values that there are, for readers of a table.
    #[serde(default)]
    #[schemars(inner(regex(pattern = FOLDERS_PATTERN)))]
    values: Vec<Located<String>>,
    /// The first and the last value, for readers of a table: two numbers, or two times as they are in the path, or as
    /// `NOW-3YEARS` and `NOW`. The default for times is `[NOW-10YEARS, NOW+1DAYS]`.
    #[schemars(with = "Option<Vec<Bound>>", length(min = 2, max = 2))]
    range: Option<Located<Vec<Bound>>>,
    /// Digits of numbers that have zeros before them.
    #[schemars(range(min = 1, max = 18))]
    digits: Option<u32>,
    /// The pattern of a time that `query` or `lambda` gives.
    date: Option<Located<String>>,
    /// Whether each query of a table has to say the value, because nobody knows all of them.
    #[serde(default)]
    injected: Option<Located<bool>>,
}

/// The fields that are about records, of which a table has none.
pub const OF_RECORDS: &[&str] = &["query", "lambda", "missing", "table"];

/// The name of a partition key that a function gives.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum LambdaKey {
    /// That of the key of the layout.
    Same(bool),
    /// This one.
    Named(String),
}

impl JsonSchema for LambdaKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LambdaKey".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"type": "boolean", "const": true}, {"type": "string", "pattern": LAMBDA_PATTERN}]})
    }
}

/// The type of a column whose values are names of folders.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Text.
    String,
    /// Whole numbers of 8 bits.
    Tinyint,
    /// Whole numbers of 16 bits.
    Smallint,
    /// Whole numbers of 32 bits.
    Int,
    /// Whole numbers of 64 bits.
    Bigint,
    /// Days.
    Date,
    /// Times.
    Timestamp,
}

/// An end of a range.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(untagged)]
enum Bound {
    /// A number.
    Number(i64),
    /// A time.
    Time(String),
}

codes! {
    /// A key of a layout does not say in exactly one way where its value comes from.
    ///
    /// A key has one of `query` (a jq expression over the record), `lambda` (from the function of `transform`), `arrival`
    /// (the time of arrival) and `literal`. In the layout of a `glue-table` a key may have none.
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
    ///         - tenant: { query: .tenant, literal: all }
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
    /// ```
    SOURCE = Error "layout-key-source";

    /// The way in which a key says its values to readers does not fit the key.
    ///
    /// A key has at most one of `values`, `range` and `injected`. Numbers have a range of two numbers, the smaller one
    /// first; times a range of two times. A key that each query has to name is a text.
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
    ///         - version: { query: .version, type: int, range: [9, 1] }
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
    ///         - version: { query: .version, type: int, range: [1, 9] }
    /// ```
    ///
    /// Source: Athena User Guide, "Supported types for partition projection".
    PROJECTION = Error "unusable-projection";
}

impl ColumnType {
    /// As Hive names it.
    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Tinyint => "tinyint",
            Self::Smallint => "smallint",
            Self::Int => "int",
            Self::Bigint => "bigint",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Tinyint | Self::Smallint | Self::Int | Self::Bigint)
    }
}

impl Bound {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Time(time) => time.clone(),
        }
    }
}

impl LayoutKey {
    /// The partition key of the stream, as a namespace of Firehose and a name in it, if it has one.
    pub fn partition_key<'a>(&'a self, name: &'a str) -> Option<(&'static str, &'a str)> {
        if self.query.is_some() {
            return Some(("partitionKeyFromQuery", name));
        }
        match &self.lambda.as_ref()?.value {
            LambdaKey::Same(_) => Some(("partitionKeyFromLambda", name)),
            LambdaKey::Named(other) => Some(("partitionKeyFromLambda", other)),
        }
    }

    /// Whether its folder is `name=value`.
    pub fn is_hive(&self) -> bool {
        self.hive.unwrap_or(!self.table)
    }

    /// The key as readers of a table see it.
    pub fn path_key(&self, name: &Located<String>) -> PathKey {
        let projection = self.projection();
        let number = matches!(projection, Projection::Integer { .. });
        let column = self.column.as_ref().map(|column| column.value);
        let column = column.unwrap_or(if number { ColumnType::Int } else { ColumnType::String });
        PathKey {
            name: name.value.clone(),
            span: name.span(),
            hive: self.is_hive(),
            table: self.table,
            literal: self.literal.as_ref().map(|literal| literal.value.clone()),
            column: column.name(),
            projection,
        }
    }

    fn projection(&self) -> Projection {
        let range = self.range.as_ref().and_then(|range| match range.value.as_slice() {
            [first, last] => Some((first.text(), last.text())),
            _ => None,
        });
        if let Some(literal) = &self.literal {
            return Projection::Values(vec![literal.value.clone()]);
        }
        if !self.values.is_empty() {
            return Projection::Values(self.values.iter().map(|value| value.value.clone()).collect());
        }
        if self.injected.as_ref().is_some_and(|injected| injected.value) {
            return Projection::Injected;
        }
        match (self.arrival.as_ref().or(self.date.as_ref()), range) {
            (Some(pattern), range) => time::projection(&pattern.value, range),
            (None, Some((first, last))) => Projection::Integer { first, last, digits: self.digits },
            (None, None) => Projection::None,
        }
    }

    /// Checks the key; `purpose` says which sources it may have.
    pub fn check(&self, name: &Located<String>, purpose: Purpose, sink: &mut Sink) {
        let sources: Vec<(&str, Span)> = [
            ("query", self.query.as_ref().map(Located::span)),
            ("lambda", self.lambda.as_ref().map(Located::span)),
            ("arrival", self.arrival.as_ref().map(Located::span)),
            ("literal", self.literal.as_ref().map(Located::span)),
        ]
        .into_iter()
        .filter_map(|(word, span)| Some((word, span?)))
        .collect();
        match (sources.as_slice(), purpose) {
            ([], Purpose::Table) | ([_], _) => {}
            ([], Purpose::Stream) => {
                sink.report(&SOURCE, name.span(), format!("`{}` does not say where its value comes from", name.value))
                    .help("add `query` (a jq expression), `lambda: true`, `arrival` (a time pattern) or `literal`");
            }
            ([(first, place), (second, span), ..], _) => {
                sink.report(&SOURCE, *span, format!("`{first}` already says where the value comes from"))
                    .also(*place, format!("`{first}` is here"))
                    .help(format!("keep either `{first}` or `{second}`"));
            }
        }
        if let Some(query) = &self.query {
            query::check(query, sink);
        }
        for pattern in self.arrival.iter().chain(&self.date) {
            time::check(pattern, sink);
        }
        self.check_projection(sink);
    }

    fn check_projection(&self, sink: &mut Sink) {
        let injected = self.injected.as_ref().filter(|injected| injected.value).map(Located::span);
        let ways: Vec<(&str, Span)> = [
            ("values", self.values.first().map(Located::span)),
            ("range", self.range.as_ref().map(Located::span)),
            ("injected", injected),
        ]
        .into_iter()
        .filter_map(|(word, span)| Some((word, span?)))
        .collect();
        if let [(first, place), (second, span), ..] = ways.as_slice() {
            sink.report(&PROJECTION, *span, format!("`{first}` already says which values there are"))
                .also(*place, format!("`{first}` is here"))
                .help(format!("keep either `{first}` or `{second}`"));
            return;
        }
        let column = self.column.as_ref().filter(|column| column.value != ColumnType::String);
        if let (Some(injected), Some(column)) = (injected, column) {
            sink.report(&PROJECTION, column.span(), "a key that each query has to name is a text")
                .also(injected, "`injected` is here")
                .help("leave out `type`");
        }
        let Some(range) = &self.range else { return };
        let time = self.arrival.as_ref().or(self.date.as_ref());
        match (range.value.as_slice(), time) {
            ([Bound::Number(first), Bound::Number(last)], _) if first > last => {
                sink.report(&PROJECTION, range.span(), format!("{first} comes after {last}"))
                    .help(format!("write `[{last}, {first}]`"));
            }
            ([Bound::Number(_), Bound::Number(_)], None) => {
                if let Some(column) = column.filter(|column| !column.value.is_number()) {
                    sink.report(&PROJECTION, range.span(), "numbers for a column that is none")
                        .also(column.span(), "its type")
                        .help("write `type: int`, or say the values as times with `date`");
                }
            }
            (_, None) => {
                sink.report(&PROJECTION, range.span(), "a range of texts")
                    .help("write two numbers, or add `date` with the pattern of the times");
            }
            _ => {}
        }
    }
}

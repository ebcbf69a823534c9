//! The columns of a table, as they are written.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::blueprint::text::Located;
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::hive::{self, Column};

/// Columns.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Columns {
    /// As in `CREATE TABLE`.
    #[serde(rename = "Text")]
    Ddl(Located<String>),
    /// Each with its type.
    #[serde(rename = "Map")]
    Types(IndexMap<Located<String>, Located<String>>),
}

impl JsonSchema for Columns {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Columns".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": COLUMN_PATTERN},
                "additionalProperties": {"type": "string"},
            },
        ]})
    }
}

codes! {
    /// A column has a type that Hive does not have, or columns are not written as in `CREATE TABLE`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     bucket: archive
    ///     columns: { id: text }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     bucket: archive
    ///     columns: { id: string }
    /// ```
    ///
    /// Source: Athena User Guide, "Data types in Amazon Athena".
    TYPE = Error "unknown-column-type";

    /// A column is there twice, or is a partition key, too, or has capital letters in its name.
    ///
    /// Athena refuses to read such a table; names with capitals are folded, so that they no longer fit.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     bucket: archive
    ///     layout:
    ///       - day: { arrival: yyyy-MM-dd }
    ///     columns: { id: string, day: string }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     bucket: archive
    ///     layout:
    ///       - day: { arrival: yyyy-MM-dd }
    ///     columns: { id: string }
    /// ```
    ///
    /// Source: Glue API, `TableInput`; Athena User Guide, "Name databases, tables, and columns".
    COLUMN = Error "unusable-column";
}

/// Names of tables and columns. Source: Athena User Guide, "Name databases, tables, and columns".
pub const COLUMN_PATTERN: &str = "^[a-z0-9_]+$";

impl Columns {
    /// The columns, as far as they are right.
    pub fn read(&self) -> Vec<Column> {
        match self {
            Self::Ddl(ddl) => hive::columns(&ddl.value).unwrap_or_default(),
            Self::Types(types) => types
                .iter()
                .filter_map(|(name, kind)| {
                    let kind = hive::kind(&kind.value).ok()?;
                    Some(Column { name: name.value.clone(), kind, comment: None })
                })
                .collect(),
        }
    }

    /// Where the column with this name is written, if it is.
    pub fn span_of(&self, name: &str) -> Option<Span> {
        match self {
            Self::Ddl(ddl) => self.read().iter().any(|column| column.name == name).then(|| ddl.span()),
            Self::Types(types) => types.keys().find(|key| key.value == name).map(Located::span),
        }
    }

    /// Checks names and types.
    pub fn check(&self, sink: &mut Sink) {
        match self {
            Self::Ddl(ddl) => match hive::columns(&ddl.value) {
                Err(mistake) => {
                    sink.report(&TYPE, ddl.span(), mistake.message).help(mistake.help);
                }
                Ok(columns) => check_names(&columns, ddl.span(), sink),
            },
            Self::Types(types) => {
                for kind in types.values() {
                    if let Err(mistake) = hive::kind(&kind.value) {
                        sink.report(&TYPE, kind.span(), mistake.message).help(mistake.help);
                    }
                }
            }
        }
    }
}

fn check_names(columns: &[Column], span: Span, sink: &mut Sink) {
    for (at, column) in columns.iter().enumerate() {
        if columns[..at].iter().any(|first| first.name == column.name) {
            sink.report(&COLUMN, span, format!("there is a column `{}` already", column.name))
                .help("remove one of them");
        } else if column.name.chars().any(|c| c.is_ascii_uppercase()) {
            sink.report(&COLUMN, span, format!("the column `{}` has capital letters", column.name))
                .help(format!("write `{}`", column.name.to_lowercase()));
        }
    }
}

//! The fields of data sets, and their types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::template::hive::Column;

/// A type of QuickSight.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "FieldType")]
pub enum FieldType {
    /// Text.
    String,
    /// Whole numbers.
    Integer,
    /// Numbers with a fraction.
    Decimal,
    /// Days and times.
    Datetime,
}

/// A field of a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: FieldType,
}

/// The type of a column of Hive in QuickSight, as a column that comes in and as a field; `None` for what QuickSight does
/// not take. Booleans become the numbers 0 and 1.
///
/// Source: QuickSight User Guide, "Supported data types and values" and "Supported data types from external data
/// sources", Athena.
pub fn of_hive(kind: &str) -> Option<(&'static str, FieldType)> {
    let base = kind.split('(').next().unwrap_or_default();
    Some(match base {
        "string" | "char" | "varchar" => ("STRING", FieldType::String),
        "tinyint" | "smallint" | "int" | "bigint" => ("INTEGER", FieldType::Integer),
        "float" | "double" | "decimal" => ("DECIMAL", FieldType::Decimal),
        "date" | "timestamp" => ("DATETIME", FieldType::Datetime),
        "boolean" => ("BOOLEAN", FieldType::Integer),
        _ => return None,
    })
}

impl FieldType {
    /// The word of QuickSight.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Integer => "INTEGER",
            Self::Decimal => "DECIMAL",
            Self::Datetime => "DATETIME",
        }
    }

    /// The word of blueprints.
    pub fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Datetime => "datetime",
        }
    }

    /// A type of Hive that QuickSight reads as this one.
    pub fn hive(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "bigint",
            Self::Decimal => "double",
            Self::Datetime => "timestamp",
        }
    }

    /// Whether it is a number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }
}

impl Field {
    /// The field as a column, as other kinds see it.
    pub fn to_column(&self) -> Column {
        Column { name: self.name.clone(), kind: self.kind.hive().to_owned(), comment: None }
    }

    /// The field that a column is.
    pub fn of_column(column: &Column) -> Option<Self> {
        let (_, kind) = of_hive(&column.kind)?;
        Some(Self { name: column.name.clone(), kind })
    }
}

//! The conversion of records by Firehose: JSON in, rows of a table of Glue out, which it writes as Parquet or ORC.
//!
//! Source: Firehose Developer Guide, "Convert input data format in Amazon Data Firehose" and "Handling errors for data
//! format conversion"; Firehose API, `DataFormatConversionConfiguration`.

use serde_json::Value as Json;

use super::rows::{Column, Kind, Reader, Row, SerDe, Use};
use crate::template::hive;

/// Why a record goes to the error prefix, with the type `format-conversion-failed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The code in the document that Firehose writes for it.
    pub code: &'static str,
    /// The column or field, as a path with dots; empty for the record as a whole.
    pub path: String,
    /// What is wrong, in words.
    pub message: String,
}

const PARSE: &str = "DataFormatConversion.ParseError";
const MALFORMED: &str = "DataFormatConversion.MalformedData";

/// The columns of a table in the words of Glue: `[{Name, Type}]`. An error names the column.
pub fn columns(list: &Json) -> Result<Vec<Column>, (String, hive::Mistake)> {
    let column = |given: &Json| {
        let name = given["Name"].as_str().unwrap_or_default().to_owned();
        match Kind::read(given["Type"].as_str().unwrap_or("string")) {
            Ok(kind) => Ok(Column { name, kind }),
            Err(mistake) => Err((name, mistake)),
        }
    };
    list.as_array().into_iter().flatten().map(column).collect()
}

/// The deserializer of `InputFormatConfiguration`, in the words of CloudFormation.
///
/// Source: Firehose API, `Deserializer`.
pub fn serde(input: &Json) -> SerDe {
    let deserializer = input.get("Deserializer").unwrap_or(input);
    if let Some(hive) = deserializer.get("HiveJsonSerDe") {
        let formats = hive["TimestampFormats"].as_array().into_iter().flatten();
        return SerDe::Hive { timestamp_formats: formats.filter_map(Json::as_str).map(str::to_owned).collect() };
    }
    let given = &deserializer["OpenXJsonSerDe"];
    let mappings = given["ColumnToJsonKeyMappings"].as_object().into_iter().flatten();
    SerDe::OpenX {
        is_case_insensitive: is_set(&given["CaseInsensitive"], true),
        dots_to_underscores: is_set(&given["ConvertDotsInJsonKeysToUnderscores"], false),
        mappings: mappings.filter_map(|(column, key)| Some((column.clone(), key.as_str()?.to_owned()))).collect(),
    }
}

/// A switch, which CloudFormation takes as a text as well.
fn is_set(given: &Json, default: bool) -> bool {
    match given {
        Json::Bool(value) => *value,
        Json::String(text) => text.eq_ignore_ascii_case("true"),
        _ => default,
    }
}

/// The rows of a record: one for each JSON object in it, which may follow each other with or without a newline.
pub fn convert(record: &[u8], columns: &[Column], serde: &SerDe) -> Result<Vec<Row>, Failure> {
    let reader = Reader { columns, serde, used_by: Use::Conversion };
    let failure = |code, path: String, message: String| Failure { code, path, message };
    let mut rows = Vec::new();
    for object in serde_json::Deserializer::from_slice(record).into_iter::<Json>() {
        let object = object.map_err(|error| failure(PARSE, String::new(), format!("it is no JSON: {error}")))?;
        if !object.is_object() {
            let message = match object {
                Json::Array(_) => "it is a list; Firehose takes objects one after the other",
                _ => "it is JSON, but no object",
            };
            return Err(failure(PARSE, String::new(), message.to_owned()));
        }
        rows.push(reader.row(&object).map_err(|problem| failure(MALFORMED, problem.path, problem.message))?);
    }
    if rows.is_empty() {
        return Err(failure(PARSE, String::new(), "it is empty".to_owned()));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{columns, convert, serde};
    use crate::trace::rows::SerDe;

    #[test]
    fn a_record_may_have_several_objects() {
        let columns = columns(&json!([{"Name": "a", "Type": "int"}, {"Name": "b"}])).unwrap();
        let rows = convert(b"{\"a\": 1}{\"a\": 2}\n{\"b\": true, \"c\": 1}\n", &columns, &SerDe::open_x()).unwrap();
        let values: Vec<_> = rows.iter().map(|row| (row.cells[0].value.clone(), row.cells[1].value.clone())).collect();
        assert_eq!(values, [(json!(1), json!(null)), (json!(2), json!(null)), (json!(null), json!("true"))]);
        assert_eq!(rows[2].dropped, ["c"]);
    }

    #[test]
    fn what_fails_says_where_and_why() {
        let columns = columns(&json!([{"Name": "a", "Type": "struct<b:int>"}])).unwrap();
        for (record, code, path) in [
            ("", "DataFormatConversion.ParseError", ""),
            ("[{\"a\": {}}]", "DataFormatConversion.ParseError", ""),
            ("{\"a\": ", "DataFormatConversion.ParseError", ""),
            ("\"text\"", "DataFormatConversion.ParseError", ""),
            ("{\"a\": {\"b\": \"x\"}}", "DataFormatConversion.MalformedData", "a.b"),
            ("{\"a\": {\"b\": 1}}{\"a\": 1}", "DataFormatConversion.MalformedData", "a"),
        ] {
            let failure = convert(record.as_bytes(), &columns, &SerDe::open_x()).unwrap_err();
            assert_eq!((failure.code, failure.path.as_str()), (code, path), "{record}");
        }
    }

    #[test]
    fn settings_are_read_as_cloudformation_has_them() {
        assert_eq!(serde(&json!({"Deserializer": {"OpenXJsonSerDe": {}}})), SerDe::open_x());
        let given = json!({"Deserializer": {"OpenXJsonSerDe": {"CaseInsensitive": "false",
            "ConvertDotsInJsonKeysToUnderscores": true, "ColumnToJsonKeyMappings": {"ts": "timestamp"}}}});
        let SerDe::OpenX { is_case_insensitive, dots_to_underscores, mappings } = serde(&given) else { panic!() };
        assert!(!is_case_insensitive && dots_to_underscores);
        assert_eq!(mappings["ts"], "timestamp");
        let given = json!({"Deserializer": {"HiveJsonSerDe": {"TimestampFormats": ["millis"]}}});
        assert_eq!(serde(&given), SerDe::Hive { timestamp_formats: vec!["millis".to_owned()] });
        assert_eq!(columns(&json!([{"Name": "a", "Type": "text"}])).unwrap_err().0, "a");
    }

    proptest! {
        #[test]
        fn nothing_panics(record: Vec<u8>) {
            let columns = columns(&json!([{"Name": "a", "Type": "int"}])).unwrap();
            let _ = convert(&record, &columns, &SerDe::open_x());
        }
    }
}

//! The end of the way: which partition of a table an object is in, whether a reader finds it there, the row that a
//! query sees, and the query.
//!
//! Source: Athena User Guide, "Use partition projection with Amazon Athena", "Supported types for partition
//! projection" and "JSON SerDe libraries"; Glue API, `TableInput`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value as Json;

use super::convert;
use super::moment::{self, Unit};
use super::rows::{Column, Kind, Problem, Reader, Row, SerDe, Use};

/// A table of Glue, as far as reading it goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its database.
    pub database: String,
    /// Its name.
    pub name: String,
    /// Where its objects are: `s3://bucket/prefix/`.
    pub location: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its partition keys, in order.
    pub partition_keys: Vec<Column>,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// How its objects are read as JSON; none if they are something else.
    pub serde: Option<SerDe>,
}

/// What a table has for an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The object is not where the table looks; in words.
    Elsewhere(String),
    /// It is in a partition, or in the table itself, if that has no partition keys.
    Partition(Vec<Value>),
}

/// The value of a partition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The partition key.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether a query finds it.
    pub found: Found,
}

/// Whether a query finds a value of a partition key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is among the values that the table projects.
    Projected,
    /// It is found where the query names it (`injected`).
    Injected,
    /// It is found once somebody has added the partition: a crawler, or `ALTER TABLE`.
    Registered,
    /// It is not found; in words.
    Never(String),
}

impl Table {
    /// Reads a table in the words of Glue, whose values are all known. What is wrong is said in words.
    pub fn read(database: &str, input: &Json) -> Result<Self, String> {
        let descriptor = &input["StorageDescriptor"];
        let list = |list: &Json| {
            convert::columns(list).map_err(|(column, mistake)| format!("column `{column}`: {}", mistake.message))
        };
        let text = |value: &Json| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let texts = |map: &Json| -> BTreeMap<String, String> {
            map.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
        };
        let serde = &descriptor["SerdeInfo"];
        let library = serde["SerializationLibrary"].as_str().unwrap_or_default();
        Ok(Self {
            database: database.to_lowercase(),
            name: input["Name"].as_str().unwrap_or_default().to_lowercase(),
            location: descriptor["Location"].as_str().unwrap_or_default().to_owned(),
            columns: list(&descriptor["Columns"])?,
            partition_keys: list(&input["PartitionKeys"])?,
            parameters: texts(&input["Parameters"]),
            serde: json_serde(library, &texts(&serde["Parameters"])),
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Whether Athena computes the partitions.
    pub fn is_projected(&self) -> bool {
        self.parameter("projection.enabled").is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Where an object is in the table, when the clock shows `now`.
    pub fn place(&self, bucket: &str, key: &str, now: Timestamp) -> Place {
        let object = format!("s3://{bucket}/{key}");
        let location = folder(&self.location);
        let template = self.parameter("storage.location.template").filter(|_| self.is_projected());
        let values = if let Some(template) = template {
            let values = self.by_template(template, &object);
            values.ok_or_else(|| format!("`{object}` does not fit the template `{template}`"))
        } else if let Some(rest) = object.strip_prefix(&location) {
            self.by_names(rest)
        } else {
            Err(format!("`{object}` is not below `{location}`"))
        };
        let values = match values {
            Ok(values) => values,
            Err(message) => return Place::Elsewhere(message),
        };
        let now = moment::civil(now);
        let value = |(column, value): (&Column, String)| {
            let found = match wrong_type(&column.kind, &value) {
                Some(message) => Found::Never(message),
                None if self.is_projected() => self.projected(&column.name, &value, now),
                None => Found::Registered,
            };
            Value { name: column.name.to_lowercase(), value, found }
        };
        Place::Partition(self.partition_keys.iter().zip(values).map(value).collect())
    }

    /// The values of folders `name=value`, in the order of the partition keys.
    fn by_names(&self, rest: &str) -> Result<Vec<String>, String> {
        let mut folders = rest.split('/');
        let mut values = Vec::new();
        for column in &self.partition_keys {
            let wanted = column.name.to_lowercase();
            let folder = folders.next().unwrap_or_default();
            match folder.split_once('=') {
                Some((name, value)) if name.to_lowercase() == wanted => values.push(decoded(value)),
                Some((name, _)) => {
                    return Err(format!("`{name}` is there, the partition key is `{wanted}`"));
                }
                None => return Err(format!("`{folder}` is there instead of `{wanted}=…`")),
            }
        }
        Ok(values)
    }

    /// The values of a template, in the order of the partition keys.
    fn by_template(&self, template: &str, object: &str) -> Option<Vec<String>> {
        let mut parts: Vec<(&str, Option<&str>)> = Vec::new();
        let whole = folder(template);
        let mut rest = whole.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            parts.push((before, Some(name)));
            rest = after;
        }
        parts.push((rest, None));
        let mut found = BTreeMap::new();
        // Bounds what a template with many keys side by side can cost.
        let mut steps = 100_000;
        if !self.fit(&parts, object, &mut found, &mut steps) {
            return None;
        }
        self.partition_keys.iter().map(|column| found.get(&column.name.to_lowercase()).cloned()).collect()
    }

    fn fit(
        &self,
        parts: &[(&str, Option<&str>)],
        text: &str,
        found: &mut BTreeMap<String, String>,
        steps: &mut usize,
    ) -> bool {
        *steps = steps.saturating_sub(1);
        let Some(((before, name), more)) = parts.split_first() else { return true };
        let Some(rest) = text.strip_prefix(before) else { return false };
        let Some(name) = name else {
            // Whatever is below the folder.
            return *steps > 0;
        };
        let name = name.to_lowercase();
        // A date may go over several folders.
        let folders =
            self.parameter(&format!("projection.{name}.format")).map_or(0, |format| format.matches('/').count());
        let mut slashes = 0;
        for (at, letter) in rest.char_indices() {
            if slashes == folders && at > 0 && *steps > 0 {
                found.insert(name.clone(), rest[..at].to_owned());
                if self.fit(more, &rest[at..], found, steps) {
                    return true;
                }
            }
            if letter == '/' {
                slashes += 1;
                if slashes > folders {
                    break;
                }
            }
        }
        false
    }

    /// Whether a value is among those that the table projects.
    fn projected(&self, column: &str, value: &str, now: DateTime) -> Found {
        let setting = |name: &str| self.parameter(&format!("projection.{}.{name}", column.to_lowercase()));
        let result = match setting("type").map(str::to_lowercase).as_deref() {
            Some("injected") => return Found::Injected,
            Some("enum") => enumerated(setting("values").unwrap_or_default(), value),
            Some("integer") => integer(&setting, value),
            Some("date") => date(&setting, value, now),
            Some(other) => Err(format!("`projection.{column}.type` is `{other}`, which there is not")),
            None => Err(format!("`projection.{column}.type` is missing")),
        };
        result.map_or_else(Found::Never, |()| Found::Projected)
    }

    /// The row that a query sees of an object; none if the objects of the table are not JSON.
    pub fn row(&self, object: &Json) -> Option<Result<Row, Problem>> {
        let serde = self.serde.as_ref()?;
        Some(Reader { columns: &self.columns, serde, used_by: Use::Query }.row(object))
    }

    /// A query that returns what is in a partition.
    pub fn query(&self, values: &[Value]) -> String {
        let table = format!("{}.{}", quoted(&self.database), quoted(&self.name));
        let condition = |value: &Value| {
            let kind = self.partition_keys.iter().find(|column| column.name.to_lowercase() == value.name);
            format!("{} = {}", quoted(&value.name), literal(kind.map(|column| &column.kind), &value.value))
        };
        let conditions: Vec<String> = values.iter().map(condition).collect();
        let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        format!("SELECT * FROM {table}{filter} LIMIT 10")
    }
}

/// A location as the folder that it is.
fn folder(location: &str) -> String {
    if location.ends_with('/') { location.to_owned() } else { format!("{location}/") }
}

/// The SerDe of a table whose objects are JSON.
///
/// Source: Athena User Guide, "OpenX JSON SerDe" and "Hive JSON SerDe".
fn json_serde(library: &str, parameters: &BTreeMap<String, String>) -> Option<SerDe> {
    let setting = |name: &str| parameters.get(name).map(String::as_str);
    let is_true = |value: &str| value.eq_ignore_ascii_case("true");
    match library {
        "org.openx.data.jsonserde.JsonSerDe" => Some(SerDe::OpenX {
            is_case_insensitive: setting("case.insensitive").is_none_or(is_true),
            dots_to_underscores: setting("dots.in.keys").is_some_and(is_true),
            mappings: parameters
                .iter()
                .filter_map(|(name, key)| Some((name.strip_prefix("mapping.")?.to_owned(), key.clone())))
                .collect(),
        }),
        "org.apache.hive.hcatalog.data.JsonSerDe" | "org.apache.hadoop.hive.serde2.JsonSerDe" => {
            let formats = setting("timestamp.formats").into_iter().flat_map(|formats| formats.split(','));
            Some(SerDe::Hive { timestamp_formats: formats.map(|format| format.trim().to_owned()).collect() })
        }
        _ => None,
    }
}

/// The value of a folder, in which Hive writes some signs as `%` and their number.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let number = after.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        if let Some(number) = number.filter(|_| *first == b'%') {
            bytes.push(number);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// What keeps a value from being of the type of its partition key.
fn wrong_type(kind: &Kind, value: &str) -> Option<String> {
    let (fits, name) = match kind {
        Kind::Integer(_) => (value.parse::<i64>().is_ok(), "a whole number"),
        Kind::Float | Kind::Decimal(..) => (value.parse::<f64>().is_ok(), "a number"),
        Kind::Date => (value.parse::<jiff::civil::Date>().is_ok(), "a date as `2026-11-23`"),
        Kind::Boolean => (matches!(value, "true" | "false"), "`true` or `false`"),
        _ => (true, ""),
    };
    (!fits).then(|| format!("`{value}` is not {name}, which the type of the partition key takes"))
}

fn enumerated(values: &str, value: &str) -> Result<(), String> {
    if values.split(',').any(|known| known.trim() == value) {
        return Ok(());
    }
    Err(format!("`{value}` is not among the values `{values}`"))
}

/// The two ends of a range.
fn ends(range: Option<&str>) -> Result<(&str, &str), String> {
    let range = range.ok_or("the range is missing")?;
    let (first, last) = range.split_once(',').ok_or_else(|| format!("the range `{range}` has no two ends"))?;
    Ok((first.trim(), last.trim()))
}

/// The step of a projection.
fn interval(given: Option<&str>) -> Result<i64, String> {
    match given.map(|text| (text, text.trim().parse::<i64>())) {
        None => Ok(1),
        Some((_, Ok(number @ 1..))) => Ok(number),
        Some((text, _)) => Err(format!("the interval `{text}` is no positive number")),
    }
}

fn integer<'a>(setting: &impl Fn(&str) -> Option<&'a str>, value: &str) -> Result<(), String> {
    let (first, last) = ends(setting("range"))?;
    let number = |text: &str| text.parse::<i64>().map_err(|_| format!("`{text}` is no whole number"));
    let (low, high, step) = (number(first)?, number(last)?, interval(setting("interval"))?);
    let given = number(value)?;
    if given < low || given > high {
        return Err(format!("`{value}` is outside of the range {first} to {last}"));
    }
    if (i128::from(given) - i128::from(low)) % i128::from(step) != 0 {
        return Err(format!("`{value}` is not reached from {first} in steps of {step}"));
    }
    let written = match setting("digits").and_then(|digits| digits.trim().parse::<usize>().ok()) {
        Some(digits) => format!("{given:0digits$}", digits = digits.min(20)),
        None => given.to_string(),
    };
    if written == value { Ok(()) } else { Err(format!("`{value}` is written `{written}` by the projection")) }
}

fn date<'a>(setting: &impl Fn(&str) -> Option<&'a str>, value: &str, now: DateTime) -> Result<(), String> {
    let format = setting("format").ok_or("the format is missing")?;
    let (first, last) = ends(setting("range"))?;
    let precision = moment::precision(format).ok_or_else(|| format!("the format `{format}` has no time in it"))?;
    let bound = |text: &str| {
        let time = moment::relative(text, now).or_else(|| moment::parse(format, text));
        let time = time.ok_or_else(|| format!("`{text}` in the range is no time of the format `{format}`"))?;
        Ok::<_, String>(moment::floor(time, precision))
    };
    let (low, high) = (bound(first)?, bound(last)?);
    let given = moment::parse(format, value).ok_or_else(|| format!("`{value}` is no time of the format `{format}`"))?;
    if given < low || given > high {
        return Err(format!("`{value}` is outside of the range {first} to {last}"));
    }
    let step = interval(setting("interval"))?;
    let unit = match setting("interval.unit") {
        Some(name) => Unit::named(name).ok_or_else(|| format!("the unit `{name}` is none"))?,
        None => precision,
    };
    // What begins at the clock goes along with it.
    let is_reached = moment::relative(first, now).is_some() || is_multiple(low, given, unit, step);
    if is_reached {
        return Ok(());
    }
    Err(format!("`{value}` is not reached from {first} in steps of {step} {unit:?}").to_lowercase())
}

fn is_multiple(from: DateTime, to: DateTime, unit: Unit, step: i64) -> bool {
    let months = |time: DateTime| i64::from(time.year()) * 12 + i64::from(time.month());
    if let Some(one) = unit.milliseconds() {
        return from.duration_until(to).as_millis() % (i128::from(one) * i128::from(step)) == 0;
    }
    let step = if unit == Unit::Year { step.saturating_mul(12) } else { step };
    let between = months(to) - months(from);
    between % step == 0 && from.checked_add(Unit::Month.times(between)).ok() == Some(to)
}

/// A name in a query.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value in a query.
fn literal(kind: Option<&Kind>, value: &str) -> String {
    let text = format!("'{}'", value.replace('\'', "''"));
    match kind {
        Some(Kind::Integer(_) | Kind::Float) if value.parse::<f64>().is_ok() => value.to_owned(),
        Some(Kind::Decimal(..)) => format!("DECIMAL {text}"),
        Some(Kind::Boolean) => value.to_lowercase(),
        Some(Kind::Date) => format!("DATE {text}"),
        Some(Kind::Timestamp) => format!("TIMESTAMP {text}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::{Found, Place, Table};

    type Parameters<'a> = &'a [(&'a str, &'a str)];

    fn now() -> Timestamp {
        "2026-11-23T10:30:00Z".parse().unwrap()
    }

    fn table(keys: &[(&str, &str)], parameters: &Json) -> Table {
        let keys: Vec<Json> = keys.iter().map(|(name, kind)| json!({"Name": name, "Type": kind})).collect();
        let input = json!({
            "Name": "Events",
            "PartitionKeys": keys,
            "Parameters": parameters,
            "StorageDescriptor": {
                "Location": "s3://lake/events",
                "Columns": [{"Name": "id", "Type": "string"}, {"Name": "ts", "Type": "bigint"}],
                "SerdeInfo": {
                    "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe",
                    "Parameters": {"mapping.ts": "timestamp"},
                },
            },
        });
        Table::read("Shop", &input).unwrap()
    }

    /// What the table says of the one partition key of an object below `s3://lake/events/`.
    fn found(kind: &str, parameters: &[(&str, &str)], value: &str) -> Result<Found, String> {
        let mut all = json!({"projection.enabled": "true"});
        for (name, value) in parameters {
            all[format!("projection.k.{name}")] = json!(value);
        }
        match table(&[("k", kind)], &all).place("lake", &format!("events/k={value}/x.gz"), now()) {
            Place::Partition(values) => Ok(values[0].found.clone()),
            Place::Elsewhere(message) => Err(message),
        }
    }

    #[test]
    fn folders_with_names_give_the_values() {
        let table = table(&[("kind", "string"), ("day", "date")], &json!({}));
        let Place::Partition(values) = table.place("lake", "events/kind=a%3Ab/day=2026-11-23/x.gz", now()) else {
            panic!()
        };
        assert_eq!(values[0].value, "a:b");
        assert_eq!(values[1].found, Found::Registered);
        assert_eq!(
            table.query(&values),
            "SELECT * FROM \"shop\".\"events\" WHERE \"kind\" = 'a:b' AND \"day\" = DATE '2026-11-23' LIMIT 10"
        );
        for (bucket, key) in [
            ("other", "events/kind=a/day=2026-11-23/x"),
            ("lake", "event/kind=a/day=2026-11-23/x"),
            ("lake", "events/day=2026-11-23/kind=a/x"),
            ("lake", "events/a/2026-11-23/x"),
        ] {
            assert!(matches!(table.place(bucket, key, now()), Place::Elsewhere(_)), "{key}");
        }
        let Place::Partition(values) = table.place("lake", "events/kind=a/day=today/x", now()) else { panic!() };
        assert!(matches!(&values[1].found, Found::Never(message) if message.contains("`today`")));
    }

    #[test]
    fn a_template_gives_the_values_even_over_folders() {
        let parameters = json!({
            "projection.enabled": "true",
            "projection.tenant.type": "injected",
            "projection.time.type": "date",
            "projection.time.format": "yyyy/MM/dd/HH",
            "projection.time.range": "2026/01/01/00,NOW",
            "projection.time.interval": "1",
            "projection.time.interval.unit": "HOURS",
            "storage.location.template": "s3://lake/${tenant}/raw-${time}",
        });
        let table = table(&[("tenant", "string"), ("time", "string")], &parameters);
        let Place::Partition(values) = table.place("lake", "acme/raw-2026/11/23/07/x.gz", now()) else { panic!() };
        assert_eq!((values[0].value.as_str(), &values[0].found), ("acme", &Found::Injected));
        assert_eq!((values[1].value.as_str(), &values[1].found), ("2026/11/23/07", &Found::Projected));
        assert!(matches!(table.place("lake", "acme/raw-2026/11/23/x.gz", now()), Place::Elsewhere(_)));
        assert!(matches!(table.place("lake", "acme/2026/11/23/07/x.gz", now()), Place::Elsewhere(_)));
    }

    #[test]
    fn a_value_is_in_the_range_or_it_is_said_why_not() {
        let day = [("type", "date"), ("format", "yyyy-MM-dd"), ("range", "2026-01-01,NOW")];
        let year = [("type", "date"), ("format", "yyyy"), ("range", "NOW-3YEARS,NOW+1YEARS")];
        let week = [
            ("type", "date"),
            ("format", "yyyy-MM-dd"),
            ("range", "2026-01-05,2026-12-31"),
            ("interval", "1"),
            ("interval.unit", "WEEKS"),
        ];
        let hour = [("type", "integer"), ("range", "0,23"), ("digits", "2")];
        let step = [("type", "integer"), ("range", "1,9"), ("interval", "2")];
        let kind = [("type", "enum"), ("values", "a, b,c")];
        let cases: &[(Parameters<'_>, &str, bool)] = &[
            (&day, "2026-11-23", true),
            (&day, "2026-11-24", false),
            (&day, "2025-12-31", false),
            (&day, "2026-11-3", false),
            (&day, "today", false),
            (&year, "2023", true),
            (&year, "2022", false),
            (&week, "2026-01-19", true),
            (&week, "2026-01-20", false),
            (&hour, "07", true),
            (&hour, "7", false),
            (&hour, "24", false),
            (&step, "5", true),
            (&step, "4", false),
            (&kind, "b", true),
            (&kind, "B", false),
        ];
        for (parameters, value, is_found) in cases {
            let found = found("string", parameters, value).unwrap();
            assert_eq!(matches!(found, Found::Projected), *is_found, "{parameters:?} {value}: {found:?}");
        }
        assert_eq!(
            found("string", &day, "2026-11-24").unwrap(),
            Found::Never("`2026-11-24` is outside of the range 2026-01-01 to NOW".to_owned())
        );
        assert!(matches!(found("int", &hour, "x").unwrap(), Found::Never(_)));
        assert!(matches!(found("string", &[], "x").unwrap(), Found::Never(_)));
    }

    #[test]
    fn a_query_sees_the_row_through_the_serde() {
        let table = table(&[], &json!({}));
        let row = table.row(&json!({"ID": "a", "timestamp": 5, "more": 1})).unwrap().unwrap();
        assert_eq!(row.cells[0].value, "a");
        assert_eq!(row.cells[1].value, 5);
        assert_eq!(row.dropped, ["more"]);
        assert_eq!(table.place("lake", "events/x.gz", now()), Place::Partition(Vec::new()));
        assert_eq!(table.query(&[]), "SELECT * FROM \"shop\".\"events\" LIMIT 10");
        let parquet = Table::read("d", &json!({"StorageDescriptor": {"SerdeInfo": {"SerializationLibrary": "p"}}}));
        assert!(parquet.unwrap().row(&json!({})).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_panics(
            template in "(s3://lake/)?([a-z/]|\\$\\{a\\}|\\$\\{b\\}|\\$\\{){0,8}",
            key in "[a-c=/%0-9é]{0,24}",
            format in "[yMd/]{0,6}",
            range in "[0-9NOW+YEARS,/-]{0,20}",
            interval in "[0-9-]{0,4}",
        ) {
            for kind in ["date", "integer", "enum", "injected"] {
                let parameters = json!({
                    "projection.enabled": "true", "storage.location.template": template,
                    "projection.a.type": kind, "projection.a.format": format, "projection.a.range": range,
                    "projection.a.interval": interval, "projection.a.digits": interval, "projection.b.type": "injected",
                });
                let table = table(&[("a", "string"), ("b", "int")], &parameters);
                if let Place::Partition(values) = table.place("lake", &key, now()) {
                    let _ = table.query(&values);
                }
            }
        }
    }
}

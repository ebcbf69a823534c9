//! How JSON becomes columns: the deserializers of Firehose and Athena, and the types of Hive.
//!
//! Source: Firehose Developer Guide, "Convert input data format in Amazon Data Firehose"; Firehose API,
//! `OpenXJsonSerDe` and `HiveJsonSerDe`; Athena User Guide, "JSON SerDe libraries"; the open implementations of both
//! SerDes and their notes on how they differ.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Number, Value as Json};

use super::moment;
use crate::template::{base64, hive};

/// The deepest type that is read. Hive's own text forms end long before.
const MAX_DEPTH: usize = 32;

/// A type of Hive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `boolean`
    Boolean,
    /// `tinyint`, `smallint`, `int`, `bigint`, with their bits.
    Integer(u32),
    /// `float` and `double`.
    Float,
    /// `decimal(precision,scale)`
    Decimal(u32, u32),
    /// `string`, and `char(n)` and `varchar(n)` with their most characters.
    Text(Option<usize>),
    /// `binary`
    Binary,
    /// `date`
    Date,
    /// `timestamp`
    Timestamp,
    /// `array<…>`
    Array(Box<Kind>),
    /// `map<…,…>`
    Map(Box<Kind>, Box<Kind>),
    /// `struct<…>`
    Struct(Vec<(String, Kind)>),
}

impl Kind {
    /// Reads a type.
    pub fn read(text: &str) -> Result<Self, hive::Mistake> {
        let normal = hive::kind(text)?;
        let (kind, rest) = Self::from_normal(&normal, 0).ok_or_else(|| hive::Mistake {
            message: format!("`{normal}` is nested too deeply"),
            help: format!("nest at most {MAX_DEPTH} types"),
        })?;
        debug_assert!(rest.is_empty());
        Ok(kind)
    }

    /// Reads what [`hive::kind`] gives: no blanks, small letters, no mistakes.
    fn from_normal(text: &str, depth: usize) -> Option<(Self, &str)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let end = text.find(['<', '(', ',', '>']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let arguments = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let inner = rest.strip_prefix('<');
        Some(match (name, arguments, inner) {
            ("array", _, Some(inner)) => {
                let (item, rest) = Self::from_normal(inner, depth + 1)?;
                (Self::Array(Box::new(item)), rest.strip_prefix('>')?)
            }
            ("map", _, Some(inner)) => {
                let (key, rest) = Self::from_normal(inner, depth + 1)?;
                let (value, rest) = Self::from_normal(rest.strip_prefix(',')?, depth + 1)?;
                (Self::Map(Box::new(key), Box::new(value)), rest.strip_prefix('>')?)
            }
            ("struct", _, Some(mut inner)) => {
                let mut fields = Vec::new();
                loop {
                    let (name, after) = inner.split_once(':')?;
                    let (kind, rest) = Self::from_normal(after, depth + 1)?;
                    fields.push((name.to_owned(), kind));
                    match rest.strip_prefix(',') {
                        Some(more) => inner = more,
                        None => break (Self::Struct(fields), rest.strip_prefix('>')?),
                    }
                }
            }
            ("decimal", Some((digits, rest)), _) => {
                let (precision, scale) = digits.split_once(',')?;
                (Self::Decimal(precision.parse().ok()?, scale.parse().ok()?), rest)
            }
            ("char" | "varchar", Some((length, rest)), _) => (Self::Text(Some(length.parse().ok()?)), rest),
            _ => {
                let kind = match name {
                    "boolean" => Self::Boolean,
                    "tinyint" => Self::Integer(8),
                    "smallint" => Self::Integer(16),
                    "int" => Self::Integer(32),
                    "bigint" => Self::Integer(64),
                    "float" | "double" => Self::Float,
                    "binary" => Self::Binary,
                    "date" => Self::Date,
                    "timestamp" => Self::Timestamp,
                    _ => Self::Text(None),
                };
                (kind, rest)
            }
        })
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Kind,
}

/// A deserializer and its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SerDe {
    /// The one of OpenX.
    OpenX {
        /// Whether keys are taken in small letters.
        is_case_insensitive: bool,
        /// Whether `.` in keys is taken for `_`.
        dots_to_underscores: bool,
        /// Keys by the name of the column that takes them.
        mappings: BTreeMap<String, String>,
    },
    /// The one of Hive.
    Hive {
        /// Patterns of Joda's `DateTimeFormat` for timestamps, or `millis`.
        timestamp_formats: Vec<String>,
    },
}

impl SerDe {
    /// The one of OpenX without settings.
    pub fn open_x() -> Self {
        Self::OpenX { is_case_insensitive: true, dots_to_underscores: false, mappings: BTreeMap::new() }
    }
}

impl SerDe {
    /// What a key is taken for.
    pub fn taken(&self, key: &str) -> String {
        match self {
            Self::OpenX { is_case_insensitive, dots_to_underscores, .. } => {
                let key = if *dots_to_underscores { key.replace('.', "_") } else { key.to_owned() };
                if *is_case_insensitive { key.to_lowercase() } else { key }
            }
            Self::Hive { .. } => key.to_lowercase(),
        }
    }

    /// The key that a column takes.
    pub fn wanted(&self, column: &str) -> String {
        // Names of columns are in small letters, whatever the template says.
        let column = column.to_lowercase();
        match self {
            Self::OpenX { mappings, .. } => {
                let key = mappings.iter().find(|(name, _)| name.to_lowercase() == column);
                key.map_or(column, |(_, key)| self.taken(key))
            }
            Self::Hive { .. } => column,
        }
    }
}

/// What reads rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Firehose, which gives up a record that does not fit.
    Conversion,
    /// Athena, for which a value that does not fit is NULL.
    Query,
}

/// A column of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The column.
    pub column: String,
    /// The key that it was read from; none if the event has none for it.
    pub key: Option<String>,
    /// What is in it: texts for decimals, dates (`2026-11-23`) and timestamps (`2026-11-23 10:00:00.000`).
    pub value: Json,
    /// What was changed on the way, or why it is NULL although the event has a value, in words.
    pub note: Option<String>,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// All columns, in order.
    pub cells: Vec<Cell>,
    /// Fields of the event for which there is no column, as paths with dots.
    pub dropped: Vec<String>,
}

/// Why a record becomes no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The column or field, as a path with dots; empty for the record as a whole.
    pub path: String,
    /// What is wrong, in words.
    pub message: String,
}

/// Reads the objects of one table.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// How JSON is read.
    pub serde: &'a SerDe,
    /// Who reads it.
    pub used_by: Use,
}

/// What a value does not fit, where it stands by itself.
type Refused = String;

struct Reading<'a> {
    serde: &'a SerDe,
    used_by: Use,
    path: Vec<String>,
    notes: Vec<String>,
    dropped: Vec<String>,
}

impl Reader<'_> {
    /// The row of an object.
    pub fn row(&self, object: &Json) -> Result<Row, Problem> {
        let Json::Object(fields) = object else {
            return Err(Problem { path: String::new(), message: format!("it is {}, not an object", name(object)) });
        };
        let mut reading = Reading {
            serde: self.serde,
            used_by: self.used_by,
            path: Vec::new(),
            notes: Vec::new(),
            dropped: Vec::new(),
        };
        let columns: Vec<(&str, &Kind)> =
            self.columns.iter().map(|column| (column.name.as_str(), &column.kind)).collect();
        let cells = reading.fields(fields, &columns, true)?;
        Ok(Row { cells, dropped: reading.dropped })
    }
}

fn name(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A value in a sentence.
fn shown(value: &Json) -> String {
    match value {
        Json::Bool(_) | Json::Number(_) => format!("`{value}`"),
        Json::String(text) if text.chars().count() <= 40 => format!("`{text}`"),
        _ => name(value).to_owned(),
    }
}

impl Reading<'_> {
    fn is_open_x(&self) -> bool {
        matches!(self.serde, SerDe::OpenX { .. })
    }

    fn problem(&self, message: String) -> Problem {
        Problem { path: self.path.join("."), message }
    }

    /// The fields of an object, by the columns or the fields of a struct that take them.
    fn fields(
        &mut self,
        fields: &Map<String, Json>,
        columns: &[(&str, &Kind)],
        is_top: bool,
    ) -> Result<Vec<Cell>, Problem> {
        let mut keys: Vec<(String, &String, &Json)> = Vec::with_capacity(fields.len());
        for (key, value) in fields {
            let taken = self.serde.taken(key);
            // OpenX refuses two keys that are one in small letters; Hive takes the last.
            if let Some((_, other, _)) = keys.iter().find(|(known, ..)| *known == taken) {
                if self.is_open_x() && self.used_by == Use::Conversion {
                    return Err(self.problem(format!("`{other}` and `{key}` are the same key in small letters")));
                }
                keys.retain(|(known, ..)| *known != taken);
            }
            keys.push((taken, key, value));
        }
        let mut used = vec![false; keys.len()];
        let mut cells = Vec::with_capacity(columns.len());
        for (column, kind) in columns {
            let wanted = self.serde.wanted(column);
            let at = keys.iter().position(|(taken, ..)| *taken == wanted);
            let Some(at) = at else {
                cells.push(Cell { column: (*column).to_owned(), key: None, value: Json::Null, note: None });
                continue;
            };
            used[at] = true;
            let (_, key, value) = &keys[at];
            self.path.push((*column).to_owned());
            let before = self.notes.len();
            let read = self.value(value, kind, 0);
            let value = match (read, self.used_by) {
                (Ok(value), _) => value,
                (Err(refused), Use::Conversion) => return Err(self.problem(refused)),
                (Err(refused), Use::Query) => {
                    self.notes.push(refused);
                    Json::Null
                }
            };
            self.path.pop();
            // Notes of inner fields are told at the column.
            let notes = if is_top { self.notes.split_off(before) } else { Vec::new() };
            let note = (!notes.is_empty()).then(|| notes.join("; "));
            cells.push(Cell { column: (*column).to_owned(), key: Some((*key).clone()), value, note });
        }
        for ((_, key, _), used) in keys.iter().zip(used) {
            if !used {
                let path: Vec<&str> = self.path.iter().map(String::as_str).chain([key.as_str()]).collect();
                self.dropped.push(path.join("."));
            }
        }
        Ok(cells)
    }

    fn value(&mut self, value: &Json, kind: &Kind, depth: usize) -> Result<Json, Refused> {
        if value.is_null() || depth > MAX_DEPTH {
            return Ok(Json::Null);
        }
        let is_open_x = self.is_open_x();
        let blank = is_open_x && value.as_str().is_some_and(|text| text.trim().is_empty());
        match kind {
            Kind::Boolean => self.boolean(value),
            Kind::Integer(bits) => self.integer(value, *bits),
            Kind::Float => self.float(value),
            Kind::Decimal(precision, scale) => decimal(value, *precision, *scale, is_open_x),
            Kind::Text(most) => self.text(value, *most),
            Kind::Binary => match value {
                Json::String(text) if base64::decode(text).is_some() => Ok(value.clone()),
                _ => Err(format!("{} is not Base64, which `binary` takes", shown(value))),
            },
            Kind::Date => date(value).ok_or_else(|| format!("{} is no date as `2026-11-23`", shown(value))),
            Kind::Timestamp => self.timestamp(value),
            Kind::Array(item) => {
                let items = match value {
                    Json::Array(items) => items.as_slice(),
                    _ if blank => return Ok(Json::Null),
                    _ if is_open_x => {
                        self.notes.push(format!("{} became a list of one", name(value)));
                        std::slice::from_ref(value)
                    }
                    _ => return Err(format!("{} is no list", shown(value))),
                };
                items.iter().map(|one| self.value(one, item, depth + 1)).collect()
            }
            Kind::Map(key_kind, value_kind) => {
                let Json::Object(fields) = value else {
                    return if blank { Ok(Json::Null) } else { Err(format!("{} is no map", shown(value))) };
                };
                let mut made = Map::new();
                for (key, value) in fields {
                    let taken = if is_open_x { self.serde.taken(key) } else { key.clone() };
                    self.value(&Json::String(taken.clone()), key_kind, depth + 1)
                        .map_err(|refused| format!("the key: {refused}"))?;
                    if taken != *key {
                        self.notes.push(format!("the key `{key}` became `{taken}`"));
                    }
                    made.insert(taken, self.value(value, value_kind, depth + 1)?);
                }
                Ok(Json::Object(made))
            }
            Kind::Struct(kinds) => {
                let Json::Object(fields) = value else {
                    return if blank { Ok(Json::Null) } else { Err(format!("{} is no struct", shown(value))) };
                };
                let columns: Vec<(&str, &Kind)> = kinds.iter().map(|(name, kind)| (name.as_str(), kind)).collect();
                // The path leads to the field already.
                let cells = self.fields(fields, &columns, false).map_err(|problem| problem.message)?;
                Ok(Json::Object(cells.into_iter().map(|cell| (cell.column, cell.value)).collect()))
            }
        }
    }

    fn boolean(&mut self, value: &Json) -> Result<Json, Refused> {
        match value {
            Json::Bool(_) => Ok(value.clone()),
            Json::String(text) if self.is_open_x() => {
                let is_true = text.eq_ignore_ascii_case("true");
                if !is_true && !text.eq_ignore_ascii_case("false") {
                    self.notes.push(format!("{} became `false`", shown(value)));
                }
                Ok(Json::Bool(is_true))
            }
            Json::Number(_) if self.is_open_x() => {
                self.notes.push(format!("{} became `false`", shown(value)));
                Ok(Json::Bool(false))
            }
            _ => Err(format!("{} is no boolean", shown(value))),
        }
    }

    fn integer(&mut self, value: &Json, bits: u32) -> Result<Json, Refused> {
        let kind = match bits {
            8 => "tinyint",
            16 => "smallint",
            32 => "int",
            _ => "bigint",
        };
        let refused = || format!("{} is no whole number, which `{kind}` takes", shown(value));
        let number = match value {
            Json::Number(number) => match number.as_i64() {
                Some(number) => number,
                None if number.as_f64().is_some_and(|float| float.fract() == 0.0 && number.is_u64()) => {
                    return Err(format!("{number} is out of the range of `{kind}`"));
                }
                // The SerDe that Firehose has takes no decimals; Hive's and Athena's cut them off.
                None if self.is_open_x() && self.used_by == Use::Conversion => return Err(refused()),
                None => {
                    let whole = number.as_f64().map(f64::trunc).ok_or_else(refused)?;
                    self.notes.push(format!("{number} lost its decimals"));
                    whole_number(whole).ok_or_else(refused)?
                }
            },
            Json::String(text) if self.is_open_x() => {
                let text = text.trim();
                let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
                match digits {
                    Some(digits) => i64::from_str_radix(digits, 16).map_err(|_| refused())?,
                    None => text.parse::<i64>().map_err(|_| refused())?,
                }
            }
            _ => return Err(refused()),
        };
        let most = i64::MAX >> (64 - bits.clamp(1, 64));
        if number > most || number < -most - 1 {
            return Err(format!("{number} is out of the range of `{kind}`"));
        }
        Ok(number.into())
    }

    fn float(&mut self, value: &Json) -> Result<Json, Refused> {
        match value {
            Json::Number(_) => Ok(value.clone()),
            Json::String(text) if self.is_open_x() => {
                let float: f64 = text.trim().parse().map_err(|_| format!("{} is no number", shown(value)))?;
                // JSON has no other numbers.
                Ok(Number::from_f64(float).map_or_else(|| Json::String(text.trim().to_owned()), Json::Number))
            }
            _ => Err(format!("{} is no number", shown(value))),
        }
    }

    fn text(&mut self, value: &Json, most: Option<usize>) -> Result<Json, Refused> {
        let text = match value {
            Json::String(text) => text.clone(),
            Json::Bool(_) | Json::Number(_) => value.to_string(),
            _ if self.is_open_x() => {
                self.notes.push(format!("{} became its JSON", name(value)));
                value.to_string()
            }
            _ => return Err(format!("{} is no text", shown(value))),
        };
        match most {
            Some(most) if text.chars().count() > most => {
                self.notes.push(format!("cut to {most} characters"));
                Ok(Json::String(text.chars().take(most).collect()))
            }
            _ => Ok(Json::String(text)),
        }
    }

    fn timestamp(&mut self, value: &Json) -> Result<Json, Refused> {
        let time = match (self.serde, value) {
            (SerDe::OpenX { .. }, Json::String(text)) => open_x_timestamp(text.trim()),
            (SerDe::OpenX { .. }, Json::Number(number)) => open_x_timestamp(&number.to_string()),
            (SerDe::Hive { timestamp_formats }, Json::String(_) | Json::Number(_)) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let read = timestamp_formats.iter().find_map(|format| match format.as_str() {
                    "millis" => from_milliseconds(text.parse().ok()?),
                    pattern => moment::parse(pattern, &text),
                });
                // Without a pattern, the form of `java.sql.Timestamp`.
                if timestamp_formats.is_empty() { sql_timestamp(&text) } else { read }
            }
            _ => None,
        };
        let time = time.ok_or_else(|| match self.serde {
            SerDe::OpenX { .. } => format!("{} is no time that the OpenX deserializer reads", shown(value)),
            SerDe::Hive { timestamp_formats } if timestamp_formats.is_empty() => {
                format!("{} is no time as `2026-11-23 10:00:00`", shown(value))
            }
            SerDe::Hive { .. } => format!("{} has none of the formats of timestamps", shown(value)),
        })?;
        Ok(Json::String(format!("{} {:.3}", time.date(), time.time())))
    }
}

/// A whole number of an `f64` that has no decimals.
#[allow(clippy::cast_possible_truncation, reason = "what is too large is asked for first")]
fn whole_number(float: f64) -> Option<i64> {
    // 2^63, which is exact.
    (float.abs() < 9_223_372_036_854_775_808.0).then_some(float as i64)
}

fn date(value: &Json) -> Option<Json> {
    let text = value.as_str()?;
    let day: Date = text.split(' ').next()?.parse().ok()?;
    Some(Json::String(day.to_string()))
}

fn from_milliseconds(milliseconds: i64) -> Option<DateTime> {
    Some(Timestamp::from_millisecond(milliseconds).ok()?.to_zoned(TimeZone::UTC).datetime())
}

/// `yyyy-[m]m-[d]d hh:mm:ss[.f…]`, as `java.sql.Timestamp` reads it.
fn sql_timestamp(text: &str) -> Option<DateTime> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let time = moment::parse("yyyy-M-d HH:mm:ss", whole)?;
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().ok()?;
    time.with().subsec_nanosecond(nanoseconds).build().ok()
}

/// The forms of the OpenX deserializer: with `T` and `Z`, as SQL writes them, and since 1970 in seconds, milliseconds
/// or seconds with decimals.
fn open_x_timestamp(text: &str) -> Option<DateTime> {
    if let Some((day, time)) = text.split_once('T') {
        let whole = format!("{day} {}", time.strip_suffix('Z')?);
        return sql_timestamp(&whole);
    }
    if text.contains(':') {
        return sql_timestamp(text);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    if !fraction.is_empty() {
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let thousandths: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        return from_milliseconds(number.checked_mul(1_000)?.checked_add(thousandths)?);
    }
    if whole.len() >= 13 { from_milliseconds(number) } else { from_milliseconds(number.checked_mul(1_000)?) }
}

/// A decimal with just so many digits after the point, rounded half up.
fn decimal(value: &Json, precision: u32, scale: u32, takes_text: bool) -> Result<Json, Refused> {
    let refused = || format!("{} is no number", shown(value));
    let text = match value {
        Json::Number(number) => number.to_string(),
        Json::String(text) if takes_text => text.trim().to_owned(),
        _ => return Err(refused()),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| refused())?),
        None => (text.as_str(), 0),
    };
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) || exponent.abs() > 100 || all.len() > 200 {
        return Err(refused());
    }
    // All digits, with the point after so many of them.
    let point = i32::try_from(whole.len()).unwrap_or(0) + exponent;
    let end = point + i32::try_from(scale).unwrap_or(0);
    let digit = |at: i32| usize::try_from(at).ok().and_then(|at| all.get(at)).map_or(0, |byte| byte - b'0');
    let first = point.min(0);
    let mut kept: Vec<u8> = (first..end).map(digit).collect();
    let mut carry = digit(end) >= 5 && end >= first;
    for one in kept.iter_mut().rev() {
        if carry {
            *one = (*one + 1) % 10;
            carry = *one == 0;
        }
    }
    if carry {
        kept.insert(0, 1);
    }
    let scale_digits = usize::try_from(scale).unwrap_or(0);
    while kept.len() < scale_digits + 1 {
        kept.insert(0, 0);
    }
    let point = kept.len() - scale_digits;
    let start = kept[..point - 1].iter().take_while(|digit| **digit == 0).count();
    let significant = kept.iter().skip_while(|digit| **digit == 0).count();
    if significant > usize::try_from(precision).unwrap_or(0) {
        return Err(format!("{} has more digits than `decimal({precision},{scale})`", shown(value)));
    }
    let letters = |part: &[u8]| part.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
    let (whole, fraction) = (letters(&kept[start..point]), letters(&kept[point..]));
    let sign = if significant == 0 { "" } else { sign };
    Ok(Json::String(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::{Column, Kind, Reader, Row, SerDe, Use};

    fn columns(list: &[(&str, &str)]) -> Vec<Column> {
        let column = |(name, kind): &(&str, &str)| Column { name: (*name).to_owned(), kind: Kind::read(kind).unwrap() };
        list.iter().map(column).collect()
    }

    fn row(kinds: &[(&str, &str)], serde: &SerDe, used_by: Use, object: &Json) -> Result<Row, String> {
        let columns = columns(kinds);
        let reader = Reader { columns: &columns, serde, used_by };
        reader.row(object).map_err(|problem| format!("{}: {}", problem.path, problem.message))
    }

    /// What a value becomes in a column of one type, when Firehose converts with the OpenX deserializer.
    fn open_x(kind: &str, value: &Json) -> Result<Json, String> {
        row(&[("a", kind)], &SerDe::open_x(), Use::Conversion, &json!({ "a": value }))
            .map(|row| row.cells[0].value.clone())
    }

    fn hive(kind: &str, value: &Json) -> Result<Json, String> {
        let serde = SerDe::Hive { timestamp_formats: Vec::new() };
        row(&[("a", kind)], &serde, Use::Conversion, &json!({ "a": value })).map(|row| row.cells[0].value.clone())
    }

    #[test]
    fn types_are_read() {
        assert_eq!(
            Kind::read("struct<a:array<decimal(10,2)>, b: map<string,int>>").unwrap(),
            Kind::Struct(vec![
                ("a".to_owned(), Kind::Array(Box::new(Kind::Decimal(10, 2)))),
                ("b".to_owned(), Kind::Map(Box::new(Kind::Text(None)), Box::new(Kind::Integer(32)))),
            ])
        );
        assert!(Kind::read(&format!("{}int{}", "array<".repeat(40), ">".repeat(40))).is_err());
        assert!(Kind::read("text").is_err());
    }

    #[test]
    fn open_x_takes_what_can_be_read_as_the_type() {
        for (kind, value, wanted) in [
            ("boolean", json!("TRUE"), json!(true)),
            ("boolean", json!("yes"), json!(false)),
            ("int", json!("12"), json!(12)),
            ("int", json!("0x1f"), json!(31)),
            ("tinyint", json!(-128), json!(-128)),
            ("bigint", json!(i64::MIN), json!(i64::MIN)),
            ("double", json!("1.5"), json!(1.5)),
            ("double", json!("NaN"), json!("NaN")),
            ("string", json!(12.5), json!("12.5")),
            ("string", json!({"b": [1]}), json!("{\"b\":[1]}")),
            ("varchar(3)", json!("abcdef"), json!("abc")),
            ("decimal(5,2)", json!("12.345"), json!("12.35")),
            ("decimal(5,2)", json!(-1), json!("-1.00")),
            ("decimal(5,0)", json!(99.5), json!("100")),
            ("decimal(5,2)", json!(0.001), json!("0.00")),
            ("date", json!("2026-11-23 x"), json!("2026-11-23")),
            ("timestamp", json!("2026-11-23T10:00:00.5Z"), json!("2026-11-23 10:00:00.500")),
            ("timestamp", json!("2026-1-3 10:00:00"), json!("2026-01-03 10:00:00.000")),
            ("timestamp", json!(1_518_033_528), json!("2018-02-07 19:58:48.000")),
            ("timestamp", json!(1_518_033_528_123_i64), json!("2018-02-07 19:58:48.123")),
            ("timestamp", json!(1_518_033_528.123), json!("2018-02-07 19:58:48.123")),
            ("array<int>", json!(1), json!([1])),
            ("array<int>", json!(""), json!(null)),
            ("array<int>", json!([1, null]), json!([1, null])),
            ("map<string,int>", json!({"K": 1}), json!({"k": 1})),
            ("struct<b:int,c:string>", json!({"B": 1, "d": 2}), json!({"b": 1, "c": null})),
            ("int", json!(null), json!(null)),
        ] {
            assert_eq!(open_x(kind, &value), Ok(wanted), "{kind} {value}");
        }
    }

    #[test]
    fn what_does_not_fit_fails_the_record() {
        for (kind, value) in [
            ("int", json!("abc")),
            ("int", json!(1.5)),
            ("int", json!(3_000_000_000_i64)),
            ("bigint", json!(u64::MAX)),
            ("int", json!([1])),
            ("double", json!("abc")),
            ("boolean", json!([true])),
            ("decimal(3,2)", json!(12.5)),
            ("timestamp", json!("23.11.2026")),
            ("timestamp", json!("2026-11-23T10:00:00+01:00")),
            ("date", json!("23.11.2026")),
            ("map<string,int>", json!([1])),
            ("struct<b:int>", json!("x")),
            ("struct<b:int>", json!({"b": "x"})),
            ("binary", json!("***")),
        ] {
            assert!(open_x(kind, &value).is_err(), "{kind} {value}");
        }
        assert_eq!(
            open_x("struct<b:int>", &json!({"b": "x"})).unwrap_err(),
            "a.b: `x` is no whole number, which `int` takes"
        );
    }

    #[test]
    fn hive_wants_the_type_itself() {
        assert_eq!(hive("int", &json!(1)), Ok(json!(1)));
        assert_eq!(hive("string", &json!(1)), Ok(json!("1")));
        assert_eq!(hive("timestamp", &json!("2026-11-23 10:00:00")), Ok(json!("2026-11-23 10:00:00.000")));
        for (kind, value) in [
            ("int", json!("1")),
            ("boolean", json!("true")),
            ("string", json!({})),
            ("array<int>", json!(1)),
            ("timestamp", json!("2026-11-23T10:00:00Z")),
        ] {
            assert!(hive(kind, &value).is_err(), "{kind} {value}");
        }
        let serde = SerDe::Hive { timestamp_formats: vec!["yyyy-MM-dd'T'HH:mm:ss'Z'".to_owned(), "millis".to_owned()] };
        for value in [json!("2026-11-23T10:00:00Z"), json!(1_795_428_000_000_i64)] {
            let row = row(&[("a", "timestamp")], &serde, Use::Conversion, &json!({ "a": value })).unwrap();
            assert_eq!(row.cells[0].value, "2026-11-23 10:00:00.000");
        }
    }

    #[test]
    fn keys_find_their_columns() {
        let kinds = [("detail_type", "string"), ("ts", "bigint"), ("none", "string")];
        let serde = SerDe::OpenX {
            is_case_insensitive: true,
            dots_to_underscores: true,
            mappings: BTreeMap::from([("ts".to_owned(), "Timestamp".to_owned())]),
        };
        let event = json!({"Detail.Type": "x", "timestamp": 5, "extra": {"a": 1}});
        let row = row(&kinds, &serde, Use::Conversion, &event).unwrap();
        let cells: Vec<_> = row.cells.iter().map(|cell| (cell.key.as_deref(), cell.value.clone())).collect();
        assert_eq!(cells, [(Some("Detail.Type"), json!("x")), (Some("timestamp"), json!(5)), (None, json!(null))]);
        assert_eq!(row.dropped, ["extra"]);
    }

    #[test]
    fn keys_that_differ_in_case_alone_fail_a_record() {
        let told = row(&[("a", "int")], &SerDe::open_x(), Use::Conversion, &json!({"a": 1, "A": 2}));
        assert_eq!(told.unwrap_err(), ": `a` and `A` are the same key in small letters");
        let sensitive =
            SerDe::OpenX { is_case_insensitive: false, dots_to_underscores: false, mappings: BTreeMap::new() };
        let told = row(&[("a", "int")], &sensitive, Use::Conversion, &json!({"a": 1, "A": 2})).unwrap();
        assert_eq!(told.dropped, ["A"]);
    }

    #[test]
    fn a_query_sees_null_where_a_conversion_fails() {
        let row = row(&[("a", "int"), ("b", "string")], &SerDe::open_x(), Use::Query, &json!({"a": "x", "b": 1}));
        let row = row.unwrap();
        assert_eq!(row.cells[0].value, Json::Null);
        assert!(row.cells[0].note.as_deref().unwrap().contains("no whole number"));
        assert_eq!(row.cells[1].value, "1");
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            "[0-9a-zA-Z:.T -]{0,24}".prop_map(Json::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::vec(("[a-dA-D.]{1,2}", inner), 0..4)
                    .prop_map(|all| Json::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn nothing_panics(value in any_json(), at in 0_usize..14) {
            let kinds = ["boolean", "tinyint", "smallint", "int", "bigint", "float", "decimal(38,38)", "decimal(3,0)",
                "char(1)", "binary", "date", "timestamp", "array<map<int,date>>", "struct<a:int,b:struct<c:timestamp>>"];
            for used_by in [Use::Conversion, Use::Query] {
                for serde in [SerDe::open_x(), SerDe::Hive { timestamp_formats: vec!["yyyy".to_owned()] }] {
                    let _ = row(&[("a", kinds[at])], &serde, used_by, &value);
                    let _ = row(&[("a", kinds[at])], &serde, used_by, &json!({"a": value}));
                }
            }
            let told = row(&[("a", "string")], &SerDe::open_x(), Use::Query, &json!({"a": value}));
            prop_assert!(told.is_ok());
        }
    }
}

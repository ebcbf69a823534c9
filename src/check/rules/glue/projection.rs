//! Partition projection: what Athena computes partitions from.

use super::Table;
use crate::check::Context;
use crate::check::known::{boolean, text, text_with_holes};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::template::event_pattern::HOLE;
use crate::template::{Map, Value};

codes! {
    /// The settings of partition projection are incomplete, or do not fit the table.
    ///
    /// With projection Athena takes partitions from the properties of the table and from nothing else: every partition
    /// key needs a type and what belongs to it, and a location template that names all keys. Otherwise queries fail,
    /// or find nothing.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         PartitionKeys: [{ Name: day, Type: string }]
    ///         Parameters: { projection.enabled: "true", projection.day.type: date, projection.day.format: yyyy-MM-dd }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Glue::Table
    ///     Properties:
    ///       CatalogId: !Ref AWS::AccountId
    ///       DatabaseName: shop
    ///       TableInput:
    ///         Name: orders
    ///         PartitionKeys: [{ Name: day, Type: string }]
    ///         Parameters:
    ///           projection.enabled: "true"
    ///           projection.day.type: date
    ///           projection.day.format: yyyy-MM-dd
    ///           projection.day.range: 2026-01-01,NOW
    /// ```
    ///
    /// Source: Athena User Guide, "Set up partition projection" and "Supported types for partition projection".
    PROJECTION = Warning "unusable-partition-projection";
}

/// The kinds of projection, each with the settings that it needs and those that it may have.
///
/// Source: Athena User Guide, "Supported types for partition projection".
const KINDS: &[(&str, &[&str], &[&str])] = &[
    ("date", &["range", "format"], &["interval", "interval.unit"]),
    ("enum", &["values"], &[]),
    ("injected", &[], &[]),
    ("integer", &["range"], &["interval", "digits"]),
];

/// Source: Athena User Guide, "Supported types for partition projection", date type.
const UNITS: &[&str] = &["DAYS", "HOURS", "MILLIS", "MINUTES", "MONTHS", "SECONDS", "WEEKS", "YEARS"];

/// Types of columns whose values Athena can inject.
const TEXTS: &[&str] = &["string", "char", "varchar"];

const ENABLED: &str = "projection.enabled";
const TEMPLATE: &str = "storage.location.template";

pub fn check(context: &Context<'_>, table: &Table<'_>, sink: &mut Sink) {
    let Some(parameters) = table.input.get("Parameters").and_then(Value::as_map) else { return };
    if parameters.get(ENABLED).and_then(boolean) != Some(true) {
        return;
    }
    let mut keys: Vec<(String, Option<String>)> = Vec::new();
    for (_, key) in table.columns(true) {
        match key.get("Name").and_then(text) {
            Some(name) => keys.push((name, key.get("Type").and_then(text))),
            // A key that is known only at deployment may have any setting.
            None => return,
        }
    }
    let all = table.input.get("PartitionKeys").is_none_or(|keys| keys.as_list().is_some());
    if !all {
        return;
    }
    let report = Report { context, table };
    for (name, kind) in &keys {
        check_key(&report, parameters, name, kind.as_deref(), sink);
    }
    for (key, _) in &parameters.0 {
        let Some(rest) = key.text.strip_prefix("projection.").filter(|_| key.text != ENABLED) else { continue };
        if let Some((name, setting)) = split(rest, &keys) {
            check_setting(&report, parameters, key.text.as_str(), name, setting, sink);
        } else {
            let name = rest.split('.').next().unwrap_or(rest);
            let help = closest(name, keys.iter().map(|(key, _)| key.as_str())).map_or_else(
                || "remove it, or add the key to `PartitionKeys`".to_owned(),
                |close| format!("did you mean `{close}`?"),
            );
            report.add(&key.text, format!("`{}` is for no partition key", key.text), help, sink);
        }
    }
    if let Some(template) = parameters.get(TEMPLATE).and_then(text_with_holes) {
        for (name, _) in &keys {
            let lower = template.to_lowercase();
            if !lower.contains(&format!("${{{}}}", name.to_lowercase())) && !template.contains(&format!("{HOLE}}}")) {
                let help = format!("add `${{{name}}}` to the path; in `!Sub` it is `${{!{name}}}`");
                report.add(TEMPLATE, format!("the location template lacks the partition key `{name}`"), help, sink);
            }
        }
    }
}

struct Report<'r, 'a> {
    context: &'r Context<'a>,
    table: &'r Table<'r>,
}

impl Report<'_, '_> {
    fn add(&self, parameter: &str, message: String, help: String, sink: &mut Sink) {
        let path = ["TableInput", "Parameters", parameter];
        self.context.report(sink, &PROJECTION, self.table.resource, &path, message).help(help);
    }
}

/// The key and the setting in `key.setting`; keys may have dots themselves.
fn split<'t>(rest: &'t str, keys: &[(String, Option<String>)]) -> Option<(&'t str, &'t str)> {
    keys.iter().find_map(|(key, _)| {
        let head = rest.get(..key.len()).filter(|head| head.eq_ignore_ascii_case(key))?;
        Some((head, rest.get(key.len()..)?.strip_prefix('.')?))
    })
}

fn setting<'p>(parameters: &'p Map, key: &str, name: &str) -> Option<&'p Value> {
    let wanted = format!("projection.{key}.{name}");
    parameters.0.iter().find(|(key, _)| key.text.eq_ignore_ascii_case(&wanted)).map(|(_, value)| value)
}

fn kind_of(
    parameters: &Map,
    key: &str,
) -> Option<&'static (&'static str, &'static [&'static str], &'static [&'static str])> {
    let kind = setting(parameters, key, "type").and_then(text)?;
    KINDS.iter().find(|(name, ..)| kind.eq_ignore_ascii_case(name))
}

fn check_key(report: &Report<'_, '_>, parameters: &Map, key: &str, column: Option<&str>, sink: &mut Sink) {
    let Some(kind) = setting(parameters, key, "type") else {
        let kinds = alternatives(KINDS.iter().map(|(name, ..)| *name));
        let help = format!("add `projection.{key}.type`: {kinds}");
        report.add(ENABLED, format!("the partition key `{key}` has no projection"), help, sink);
        return;
    };
    let at = format!("projection.{key}.type");
    let Some(given) = text(kind) else { return };
    let Some((name, needed, _)) = kind_of(parameters, key) else {
        let known = || KINDS.iter().map(|(name, ..)| *name);
        let help = closest(&given, known())
            .map_or_else(|| format!("write {}", alternatives(known())), |close| format!("did you mean `{close}`?"));
        report.add(&at, format!("no type of projection `{given}`"), help, sink);
        return;
    };
    for missing in needed.iter().filter(|needed| setting(parameters, key, needed).is_none()) {
        let help = format!("add `projection.{key}.{missing}`");
        report.add(&at, format!("a projection of type `{name}` without `{missing}`"), help, sink);
    }
    if let Some(column) = column.filter(|_| *name == "injected") {
        let base = column.split('(').next().unwrap_or(column).trim().to_lowercase();
        if !TEXTS.contains(&base.as_str()) {
            report.add(
                &at,
                format!("an injected key of type `{column}`"),
                "give the partition key the type `string`".to_owned(),
                sink,
            );
        }
    }
}

fn check_setting(report: &Report<'_, '_>, parameters: &Map, parameter: &str, key: &str, name: &str, sink: &mut Sink) {
    let Some((kind, needed, further)) = kind_of(parameters, key) else { return };
    if name.eq_ignore_ascii_case("type") {
        return;
    }
    let known = || needed.iter().chain(*further).copied();
    if !known().any(|known| name.eq_ignore_ascii_case(known)) {
        let help = match closest(name, known()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => "remove it".to_owned(),
        };
        report.add(parameter, format!("a projection of type `{kind}` has no `{name}`"), help, sink);
        return;
    }
    let Some(value) = setting(parameters, key, name).and_then(text) else { return };
    let whole = |text: &str| text.trim().parse::<i64>().is_ok();
    match name.to_ascii_lowercase().as_str() {
        "range" => {
            let ends: Vec<&str> = value.split(',').collect();
            let [low, high] = ends.as_slice() else {
                report.add(
                    parameter,
                    format!("`{value}` is no range"),
                    "write two ends with a comma between".to_owned(),
                    sink,
                );
                return;
            };
            if *kind == "integer" {
                let numbers = low.trim().parse::<i64>().ok().zip(high.trim().parse::<i64>().ok());
                if numbers.is_none_or(|(low, high)| low > high) {
                    report.add(
                        parameter,
                        format!("`{value}` is no range of whole numbers"),
                        "write the lower and the higher one: `1,100`".to_owned(),
                        sink,
                    );
                }
            } else if let Some(end) = [low, high].into_iter().find(|end| {
                let format = setting(parameters, key, "format").and_then(text);
                format.is_some_and(|format| !fits(end.trim(), &format))
            }) {
                let format = setting(parameters, key, "format").and_then(text).unwrap_or_default();
                report.add(
                    parameter,
                    format!("`{}` does not have the format `{format}`", end.trim()),
                    "write both ends as the format says, or `NOW`".to_owned(),
                    sink,
                );
            } else if low.trim().is_empty() || high.trim().is_empty() {
                report.add(
                    parameter,
                    format!("`{value}` lacks an end"),
                    "write both, for example `2026-01-01,NOW`".to_owned(),
                    sink,
                );
            }
        }
        "values" if value.split(',').any(|value| value.trim().is_empty()) => {
            report.add(
                parameter,
                format!("`{value}` has an empty value"),
                "remove the comma too many".to_owned(),
                sink,
            );
        }
        "interval" | "digits" if !whole(&value) => {
            report.add(parameter, format!("`{value}` is no whole number"), "write a whole number".to_owned(), sink);
        }
        "interval.unit" if !UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(value.trim())) => {
            report.add(
                parameter,
                format!("no unit `{value}`"),
                format!("write {}", alternatives(UNITS.iter().copied())),
                sink,
            );
        }
        _ => {}
    }
}

/// Whether the end of a range of dates may have a format: numbers of as many digits as the format has letters, and the
/// same between them. Formats with names of months or quoted text are not looked into.
///
/// Source: Athena User Guide, "Supported types for partition projection", date type: the ends are dates in `format`, or
/// relative to `NOW`.
fn fits(end: &str, format: &str) -> bool {
    let numeric = |letter: char| "yMdHms".contains(letter);
    let named = format.contains("MMM") || format.chars().any(|letter| letter.is_ascii_alphabetic() && !numeric(letter));
    if end.is_empty() || end.to_ascii_uppercase().contains("NOW") || named || format.contains(['\'', '[']) {
        return true;
    }
    let mut rest = end;
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if !numeric(letter) {
            let Some(after) = rest.strip_prefix(letter) else { return false };
            rest = after;
            continue;
        }
        let mut width = 1;
        while letters.next_if_eq(&letter).is_some() {
            width += 1;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        // One letter alone takes as many digits as there are.
        let taken = if width == 1 { digits } else { width };
        if digits < taken || taken == 0 {
            return false;
        }
        rest = &rest[taken..];
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn ends_of_ranges_have_the_format() {
        for (end, format) in [
            ("2026-01-01", "yyyy-MM-dd"),
            ("NOW-3YEARS", "yyyy-MM-dd"),
            ("2026/1/1/0", "yyyy/M/d/H"),
            ("2026010100", "yyyyMMddHH"),
            ("Jan-2026", "MMM-yyyy"),
        ] {
            assert!(fits(end, format), "{end} {format}");
        }
        for (end, format) in [("2026/01/01", "yyyy-MM-dd"), ("2026-01-01", "yyyy-MM-dd-HH"), ("2026", "yyyy-MM")] {
            assert!(!fits(end, format), "{end} {format}");
        }
    }
}

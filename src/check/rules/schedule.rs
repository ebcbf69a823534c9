//! Schedules: rates, cron expressions and points in time, of EventBridge and of Glue.

use crate::check::Context;
use crate::check::known::{choices, text};
use crate::diagnostics::{Sink, alternatives};
use crate::template::{Resource, Value};

codes! {
    /// A schedule is not what the service takes.
    ///
    /// A rate is a whole number from 1 on with a unit, which rules want in the singular after 1 alone. A cron expression
    /// has six fields (minute, hour, day of the month, month, day of the week, year), and `?` for one of the two days.
    /// Only schedules of EventBridge Scheduler have a point in time; Glue takes only cron expressions.
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::Events::Rule
    ///     Properties: { ScheduleExpression: "cron(0 3 * * *)" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Nightly:
    ///     Type: AWS::Events::Rule
    ///     Properties: { ScheduleExpression: "cron(0 3 * * ? *)" }
    /// ```
    ///
    /// Source: EventBridge API, `PutRule`, `ScheduleExpression`; EventBridge Scheduler API, `CreateSchedule`; EventBridge
    /// User Guide, "Cron and rate expressions"; Glue API, `CreateCrawler`, `Schedule`.
    EXPRESSION = Error "invalid-schedule-expression";
}

/// What a service takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    Rule,
    Scheduler,
    Glue,
}

/// The schedules of types: where they stand, and whose they are.
const PLACES: &[(&str, &[&str], Service)] = &[
    ("AWS::Events::Rule", &["ScheduleExpression"], Service::Rule),
    ("AWS::Scheduler::Schedule", &["ScheduleExpression"], Service::Scheduler),
    ("AWS::Glue::Crawler", &["Schedule", "ScheduleExpression"], Service::Glue),
    ("AWS::Glue::Trigger", &["Schedule"], Service::Glue),
];

/// What a field of a cron expression takes.
struct Field {
    name: &'static str,
    lowest: u32,
    highest: u32,
    /// Names in the place of numbers, from the lowest on.
    names: &'static [&'static str],
    /// The letters and signs of this field alone.
    special: &'static str,
}

/// Source: EventBridge User Guide, "Cron and rate expressions".
const FIELDS: &[Field] = &[
    Field { name: "minute", lowest: 0, highest: 59, names: &[], special: "" },
    Field { name: "hour", lowest: 0, highest: 23, names: &[], special: "" },
    Field { name: "day of the month", lowest: 1, highest: 31, names: &[], special: "?LW" },
    Field {
        name: "month",
        lowest: 1,
        highest: 12,
        names: &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
        special: "",
    },
    Field {
        name: "day of the week",
        lowest: 1,
        highest: 7,
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        special: "?L#",
    },
    Field { name: "year", lowest: 1970, highest: 2199, names: &[], special: "" },
];

const UNITS: &[&str] = &["day", "days", "hour", "hours", "minute", "minutes"];

/// The weeks of a month that `#` counts.
const WEEKS: std::ops::RangeInclusive<u32> = 1..=5;

const SHAPE: &str = "write `cron(0 3 * * ? *)`: minute, hour, day of the month, month, day of the week, year";

/// Checks the schedules of a template.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for (kind, path, service) in PLACES {
        for resource in context.of_type(kind) {
            check_resource(context, resource, path, *service, sink);
        }
    }
}

fn check_resource(context: &Context<'_>, resource: &Resource, path: &[&str], service: Service, sink: &mut Sink) {
    let [first, rest @ ..] = path else { return };
    let mut found: Vec<&Value> = resource.properties.get(first).into_iter().flat_map(choices).collect();
    for key in rest {
        found = found.into_iter().filter_map(|value| value.as_map()?.get(key)).flat_map(choices).collect();
    }
    for value in found {
        let Some(expression) = text(value) else { continue };
        if let Err((message, help)) = parse(&expression, service) {
            let path = format!("Resources/{}/Properties/{}", resource.id, path.join("/"));
            context.report_value(sink, &EXPRESSION, value, &path, message).help(help);
        }
    }
}

/// What is wrong with a schedule, and what to write.
type Problem = (String, String);

fn problem(message: impl Into<String>, help: impl Into<String>) -> Result<(), Problem> {
    Err((message.into(), help.into()))
}

fn parse(expression: &str, service: Service) -> Result<(), Problem> {
    // An empty text is none; it is how templates leave a schedule out.
    if expression.is_empty() {
        return Ok(());
    }
    let inside = |name: &str| expression.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(cron) = inside("cron") {
        return parse_cron(cron);
    }
    match service {
        Service::Glue => problem(format!("`{expression}` is no cron expression"), SHAPE),
        Service::Rule | Service::Scheduler => {
            if let Some(rate) = inside("rate") {
                parse_rate(rate, service)
            } else if let Some(time) = inside("at").filter(|_| service == Service::Scheduler) {
                parse_time(time)
            } else {
                let at = if service == Service::Scheduler { ", `at(2026-11-23T10:00:00)`" } else { "" };
                problem(
                    format!("`{expression}` is no schedule"),
                    format!("write `rate(5 minutes)`{at} or `cron(0 3 * * ? *)`"),
                )
            }
        }
    }
}

fn parse_rate(rate: &str, service: Service) -> Result<(), Problem> {
    let words: Vec<&str> = rate.split_whitespace().collect();
    let [number, unit] = words.as_slice() else {
        return problem(format!("`{rate}` is not a number with a unit"), "write `rate(5 minutes)`");
    };
    let Some(count) = number.parse::<u64>().ok().filter(|count| *count > 0) else {
        return problem(format!("`{number}` is not a whole number from 1 on"), "write `rate(5 minutes)`");
    };
    let one = unit.trim_end_matches('s');
    if !UNITS.contains(unit) {
        return problem(format!("no unit `{unit}`"), format!("write {}", alternatives(UNITS.iter().copied())));
    }
    if service == Service::Rule && (count == 1) == unit.ends_with('s') {
        let meant = if count == 1 { one.to_owned() } else { format!("{one}s") };
        return problem(format!("`{unit}` after {count}"), format!("write `rate({count} {meant})`"));
    }
    Ok(())
}

fn parse_cron(cron: &str) -> Result<(), Problem> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return problem(format!("a cron expression of {} fields, {} are needed", fields.len(), FIELDS.len()), SHAPE);
    }
    for (given, field) in fields.iter().zip(FIELDS) {
        parse_field(given, field)?;
    }
    let [_, _, of_month, _, of_week, _] = fields.as_slice() else { return Ok(()) };
    if *of_month != "?" && *of_week != "?" {
        return problem("both the day of the month and the day of the week", "write `?` for one of the two");
    }
    Ok(())
}

fn parse_field(given: &str, field: &Field) -> Result<(), Problem> {
    let name = field.name;
    let range = format!("{} to {}", field.lowest, field.highest);
    let names = match (field.names.first(), field.names.last()) {
        (Some(first), Some(last)) => format!(" or {first} to {last}"),
        _ => String::new(),
    };
    let wrong =
        |part: &str| problem(format!("`{part}` as the {name}"), format!("write {range}{names}, `*`, `,`, `-` or `/`"));
    for part in given.split(',') {
        let (span, step) = part.split_once('/').map_or((part, None), |(span, step)| (span, Some(step)));
        if step.is_some_and(|step| step.parse::<u32>().map_or(true, |step| step == 0)) {
            return wrong(part);
        }
        if span == "*" || (span == "?" && field.special.contains('?') && given == "?") {
            continue;
        }
        if is_special(span, field) {
            continue;
        }
        let fits = match span.split_once('-') {
            // A range may go over the end, as from Friday to Monday.
            Some((from, to)) => value(from, field).is_some() && value(to, field).is_some(),
            None => value(span, field).is_some(),
        };
        if !fits {
            return wrong(part);
        }
    }
    Ok(())
}

/// The number that a part of a field stands for, if the field has it.
fn value(text: &str, field: &Field) -> Option<u32> {
    if let Some(at) = field.names.iter().position(|name| name.eq_ignore_ascii_case(text)) {
        return u32::try_from(at).ok().map(|at| at + field.lowest);
    }
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && (field.lowest..=field.highest).contains(number))
}

/// Whether a part is the last day, a working day or one of the weekdays of a month.
fn is_special(part: &str, field: &Field) -> bool {
    if field.special.contains('W') {
        return part == "L"
            || part == "LW"
            || part.strip_suffix('W').is_some_and(|day| value(day, field).is_some())
            || part.strip_prefix("L-").is_some_and(|days| value(days, field).is_some());
    }
    if field.special.contains('#') {
        let counted = part.split_once('#').is_some_and(|(day, week)| {
            value(day, field).is_some() && week.parse().is_ok_and(|week| WEEKS.contains(&week))
        });
        return counted || part == "L" || part.strip_suffix('L').is_some_and(|day| value(day, field).is_some());
    }
    false
}

/// A point in time without zone: `2026-11-23T10:00:00`.
fn parse_time(time: &str) -> Result<(), Problem> {
    let number = |range: std::ops::Range<usize>, lowest: u32, highest: u32| {
        let digits = time.get(range).unwrap_or_default();
        digits.bytes().all(|byte| byte.is_ascii_digit())
            && digits.parse().is_ok_and(|number: u32| (lowest..=highest).contains(&number))
    };
    let signs = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')];
    let shaped =
        time.len() == 19 && signs.iter().all(|(at, sign)| time.get(*at..).is_some_and(|rest| rest.starts_with(*sign)));
    let fits = shaped
        && number(0..4, 1970, 9999)
        && number(5..7, 1, 12)
        && number(8..10, 1, 31)
        && number(11..13, 0, 23)
        && number(14..16, 0, 59)
        && number(17..19, 0, 59);
    if fits {
        return Ok(());
    }
    problem(
        format!("`{time}` is no point in time"),
        "write `at(2026-11-23T10:00:00)`; the zone is `ScheduleExpressionTimezone`",
    )
}

#[cfg(test)]
mod tests {
    use super::{Service, parse};

    #[test]
    fn what_the_guides_show_is_taken() {
        for text in [
            "rate(1 minute)",
            "rate(12 hours)",
            "cron(0 10 * * ? *)",
            "cron(15 12 * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0 8 1 * ? *)",
            "cron(0/15 * * * ? *)",
            "cron(0/10 * ? * MON-FRI *)",
            "cron(0/5 8-17 ? * MON-FRI *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 10 L * ? *)",
            "cron(0 10 3W * ? 2026-2030)",
            "cron(0 0 ? JAN,jul 6L 2026/2)",
            "cron(30 0,6,12 ? * FRI-MON *)",
            "",
        ] {
            assert!(parse(text, Service::Rule).is_ok(), "{text}");
        }
        assert!(parse("at(2026-11-23T10:00:00)", Service::Scheduler).is_ok());
        assert!(parse("rate(1 minutes)", Service::Scheduler).is_ok());
    }

    #[test]
    fn what_they_do_not_is_refused() {
        for text in [
            "rate(0 minutes)",
            "rate(1 minutes)",
            "rate(5 minute)",
            "rate(5 weeks)",
            "rate(5)",
            "rate(1.5 hours)",
            "cron(0 3 * * *)",
            "cron(0 3 * * * *)",
            "cron(60 3 * * ? *)",
            "cron(0 24 * * ? *)",
            "cron(0 3 0 * ? *)",
            "cron(0 3 ? * 0 *)",
            "cron(0 3 ? * 8 *)",
            "cron(0 3 ? FOO * *)",
            "cron(*/0 3 * * ? *)",
            "cron(0 3 ? * 2#6 *)",
            "cron(? 3 * * ? *)",
            "at(2026-11-23T10:00:00)",
            "every day",
        ] {
            assert!(parse(text, Service::Rule).is_err(), "{text}");
        }
        for text in [
            "at(2026-13-01T10:00:00)",
            "at(2026-11-23 10:00:00)",
            "at(2026-11-23T10:00:00Z)",
            "at(+026-11-23T10:00:00)",
        ] {
            assert!(parse(text, Service::Scheduler).is_err(), "{text}");
        }
        assert!(parse("rate(1 hour)", Service::Glue).is_err());
    }
}

//! Time patterns: what their letters mean, and which times a reader has to expect.

use super::Projection;
use crate::blueprint::text::Located;
use crate::diagnostics::Sink;

codes! {
    /// A time pattern has a letter that means something else than it seems, or nothing at all.
    ///
    /// Firehose takes the patterns of Java's `DateTimeFormatter`, in which `YYYY` is the year of the week, wrong for
    /// some days around New Year, `DD` the day of the year, `mm` the minute and `hh` the hour from 1 to 12.
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
    ///         - day: { arrival: YYYY-MM-dd }
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
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects"; Java SE, class
    /// `DateTimeFormatter`.
    TIME = Error "misleading-time-pattern";
}

/// Letters of `DateTimeFormatter` that Firehose evaluates, without those that are easily mistaken.
const TIME_LETTERS: &str = "yuMLdHmsSnNAEeaKkQqVzOXxZG";

/// Letters that look like others: the letter, what it is, what was probably meant.
const MISLEADING: &[(char, &str, char)] =
    &[('Y', "the year of the week", 'y'), ('D', "the day of the year", 'd'), ('h', "the hour from 1 to 12", 'H')];

/// The letters of times that come one after the other, from the longest, and how Athena names the steps.
///
/// Source: Athena User Guide, "Supported types for partition projection".
const UNITS: &[(&str, &str)] =
    &[("yuY", "YEARS"), ("ML", "MONTHS"), ("dD", "DAYS"), ("HhKk", "HOURS"), ("m", "MINUTES"), ("sSnNA", "SECONDS")];

/// Which times a reader expects unless `range` says so. Dates of readers are in UTC, so that elsewhere tomorrow has
/// begun already.
const DEFAULT_RANGE: (&str, &str) = ("NOW-10YEARS", "NOW+1DAYS");

/// How a reader enumerates the times of a pattern; in the given range if there is one.
pub fn projection(pattern: &str, range: Option<(String, String)>) -> Projection {
    let unquoted: String = pattern.split('\'').step_by(2).collect();
    let letters: Vec<char> = unquoted.chars().filter(char::is_ascii_alphabetic).collect();
    let Some((_, unit)) = UNITS.iter().rev().find(|(known, _)| letters.iter().any(|letter| known.contains(*letter)))
    else {
        return Projection::None;
    };
    if letters.iter().any(|letter| "yuY".contains(*letter)) {
        let (first, last) = range.unwrap_or((DEFAULT_RANGE.0.to_owned(), DEFAULT_RANGE.1.to_owned()));
        return Projection::Date { format: pattern.to_owned(), first, last, unit };
    }
    // A part of a date by itself is a number.
    let one = letters.iter().all(|letter| *letter == letters[0]);
    let bounds = match letters[0] {
        'M' | 'L' => ("1", "12"),
        'd' => ("1", "31"),
        'H' => ("0", "23"),
        'm' | 's' => ("0", "59"),
        _ => return Projection::None,
    };
    if !one || letters.len() > 2 || pattern.len() != letters.len() {
        return Projection::None;
    }
    let (first, last) = range.unwrap_or((bounds.0.to_owned(), bounds.1.to_owned()));
    Projection::Integer { first, last, digits: (letters.len() > 1).then_some(2) }
}

/// A pattern of `DateTimeFormatter` whose letters are what they seem.
pub fn check(pattern: &Located<String>, sink: &mut Sink) {
    let text = &pattern.value;
    let unquoted: String = text.split('\'').step_by(2).collect();
    let has_hour = unquoted.contains(['H', 'K', 'k', 'h']);
    let mut report = |problem: String, help: String| {
        sink.report(&TIME, pattern.span(), problem).help(help);
    };
    let mut seen = Vec::new();
    for letter in unquoted.chars().filter(char::is_ascii_alphabetic) {
        if seen.contains(&letter) {
            continue;
        }
        seen.push(letter);
        if let Some((_, meaning, meant)) = MISLEADING.iter().find(|(wrong, ..)| *wrong == letter) {
            report(format!("`{letter}` is {meaning}"), format!("write `{}`", text.replace(letter, &meant.to_string())));
        } else if letter == 'm' && !has_hour {
            report("`m` is the minute".to_owned(), format!("write `{}` for the month", text.replace('m', "M")));
        } else if !TIME_LETTERS.contains(letter) {
            report(
                format!("`{letter}` means nothing in a time pattern"),
                "put text that is not part of the time in single quotes".to_owned(),
            );
        }
    }
    if text.matches('\'').count() % 2 == 1 {
        report("a quote is not closed".to_owned(), "close it with `'`".to_owned());
    }
    if text.contains(['{', '}', '!']) {
        report("`!`, `{` and `}` cannot be part of a time pattern".to_owned(), "write the bare pattern".to_owned());
    }
    if unquoted.trim().is_empty() {
        report("this pattern has no time in it".to_owned(), "write for example `yyyy-MM-dd`".to_owned());
    }
}

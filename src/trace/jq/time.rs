//! Times: seconds since 1970, their parts, and texts of them. All are UTC.
//!
//! Source: jq 1.6 manual, "Dates"; POSIX, `strftime` and `strptime`.

use std::fmt::Write as _;

use super::natives::{Fault, Outcome, fail, not_run};
use super::value::Val;

const DAYS: &[&str] = &["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: &[&str] = &[
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

/// Seconds on either side of 1970 that are looked at: some thirty thousand years.
const MOST_SECONDS: f64 = 1e12;

/// The parts of a time, as C names them: months from 0, days of the week from Sunday.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    weekday: i64,
    yearday: i64,
}

/// Days from 1970 to the first of a month. Source: the rule of leap years.
fn days_before(year: i64, month: i64) -> i64 {
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12));
    // Years begin in March, so that a leap day is the last.
    let (shifted, from_march) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    let leaps = shifted.div_euclid(4) - shifted.div_euclid(100) + shifted.div_euclid(400);
    shifted * 365 + leaps + (153 * from_march + 2) / 5 - 719_468
}

impl Parts {
    fn of(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // A year that is not too late, then the one that holds the day.
        let mut year = 1970 + days.div_euclid(366) - i64::from(days < 0);
        while days_before(year + 1, 0) <= days {
            year += 1;
        }
        let month = (0..12).rev().find(|month| days_before(year, *month) <= days).unwrap_or(0);
        Self {
            year,
            month,
            day: days - days_before(year, month) + 1,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: (days + 4).rem_euclid(7),
            yearday: days - days_before(year, 0),
        }
    }

    fn seconds(self) -> i64 {
        let days = days_before(self.year, self.month) + self.day - 1;
        days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second
    }

    fn read(val: &Val, message: &str) -> Result<Self, Fault> {
        let Val::Array(array) = val else { return fail(message) };
        let mut parts = [0; 8];
        for (at, part) in parts.iter_mut().enumerate() {
            let Some(Val::Number(number)) = array.items.get(at) else { return fail(message) };
            if number.is_nan() || number.abs() > 1e6 {
                return not_run("a time far away is not run here");
            }
            #[expect(clippy::cast_possible_truncation, reason = "it is small")]
            let whole = number.trunc() as i64;
            *part = whole;
        }
        let [year, month, day, hour, minute, second, weekday, yearday] = parts;
        Ok(Self { year, month, day, hour, minute, second, weekday, yearday })
    }

    #[expect(clippy::cast_precision_loss, reason = "they are small")]
    fn list(self, fraction: f64) -> Vec<Val> {
        let whole = |part: i64| Val::Number(part as f64);
        vec![
            whole(self.year),
            whole(self.month),
            whole(self.day),
            whole(self.hour),
            whole(self.minute),
            Val::Number(self.second as f64 + fraction),
            whole(self.weekday),
            whole(self.yearday),
        ]
    }

    /// The year and the week of ISO 8601.
    fn iso_week(self) -> (i64, i64) {
        let monday_based = (self.weekday + 6).rem_euclid(7);
        let week = (self.yearday - monday_based + 10).div_euclid(7);
        let weeks_of = |year: i64| {
            let first = (days_before(year, 0) + 3).rem_euclid(7);
            let is_leap = days_before(year + 1, 0) - days_before(year, 0) == 366;
            if first == 3 || (first == 2 && is_leap) { 53 } else { 52 }
        };
        if week < 1 {
            (self.year - 1, weeks_of(self.year - 1))
        } else if week > weeks_of(self.year) {
            (self.year + 1, 1)
        } else {
            (self.year, week)
        }
    }
}

/// The parts of a time in seconds.
pub fn broken_down(on: &Val) -> Outcome {
    let Val::Number(number) = on else { return fail("gmtime() requires numeric inputs") };
    if number.is_nan() || number.abs() > MOST_SECONDS {
        return not_run("a time far away is not run here");
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is small")]
    let parts = Parts::of(number.trunc() as i64);
    Ok(Val::array(parts.list(number - number.floor())))
}

/// The seconds of a time in parts.
pub fn seconds(on: &Val) -> Outcome {
    if !matches!(on, Val::Array(_)) {
        return fail("mktime requires array inputs");
    }
    let seconds = Parts::read(on, "mktime requires parsed datetime inputs")?.seconds();
    if seconds == -1 {
        return fail("invalid gmtime representation");
    }
    #[expect(clippy::cast_precision_loss, reason = "numbers are doubles")]
    Ok(Val::Number(seconds as f64))
}

/// A time as text.
pub fn format(on: &Val, pattern: &Val) -> Outcome {
    const MESSAGE: &str = "strftime/1 requires parsed datetime inputs";
    let broken = match on {
        Val::Number(_) => broken_down(on)?,
        other => other.clone(),
    };
    let parts = Parts::read(&broken, MESSAGE)?;
    let Val::Text(pattern) = pattern else { return fail("strftime/1 requires a string format") };
    let in_range =
        (0..12).contains(&parts.month) && (0..7).contains(&parts.weekday) && (0..10_000).contains(&parts.year);
    if !in_range && pattern.contains('%') && !(0..40_000).contains(&parts.year) {
        return not_run("a time far away is not run here");
    }
    if !(0..12).contains(&parts.month) || !(0..7).contains(&parts.weekday) {
        return not_run("a time with parts that are none is not run here");
    }
    let mut out = String::new();
    write_time(&parts, pattern, &mut out)?;
    if out.is_empty() {
        return fail("strftime/1: unknown system failure");
    }
    Ok(Val::text(out))
}

fn write_time(parts: &Parts, pattern: &str, out: &mut String) -> Result<(), Fault> {
    let month = MONTHS[usize::try_from(parts.month).unwrap_or(0)];
    let day = DAYS[usize::try_from(parts.weekday).unwrap_or(0)];
    let hour12 = if parts.hour % 12 == 0 { 12 } else { parts.hour % 12 };
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            out.push(letter);
            continue;
        }
        let Some(letter) = letters.next() else {
            out.push('%');
            break;
        };
        let two = |out: &mut String, number: i64| write!(out, "{number:02}");
        let written = match letter {
            'A' => write!(out, "{day}"),
            'a' => write!(out, "{}", &day[..3]),
            'B' => write!(out, "{month}"),
            'b' | 'h' => write!(out, "{}", &month[..3]),
            'C' => two(out, parts.year / 100),
            'd' => two(out, parts.day),
            'e' => write!(out, "{:2}", parts.day),
            'G' => write!(out, "{}", parts.iso_week().0),
            'g' => two(out, parts.iso_week().0 % 100),
            'V' => two(out, parts.iso_week().1),
            'H' => two(out, parts.hour),
            'I' => two(out, hour12),
            'j' => write!(out, "{:03}", parts.yearday + 1),
            'k' => write!(out, "{:2}", parts.hour),
            'l' => write!(out, "{hour12:2}"),
            'M' => two(out, parts.minute),
            'm' => two(out, parts.month + 1),
            'n' => out.write_char('\n'),
            'p' => write!(out, "{}", if parts.hour < 12 { "AM" } else { "PM" }),
            'P' => write!(out, "{}", if parts.hour < 12 { "am" } else { "pm" }),
            'S' => two(out, parts.second),
            's' => write!(out, "{}", parts.seconds()),
            't' => write!(out, "\t"),
            'U' => two(out, (parts.yearday + 7 - parts.weekday) / 7),
            'u' => write!(out, "{}", if parts.weekday == 0 { 7 } else { parts.weekday }),
            'W' => two(out, (parts.yearday + 7 - (parts.weekday + 6) % 7) / 7),
            'w' => write!(out, "{}", parts.weekday),
            'Y' => write!(out, "{}", parts.year),
            'y' => two(out, parts.year % 100),
            'Z' => write!(out, "UTC"),
            'z' => write!(out, "+0000"),
            '%' => write!(out, "%"),
            'c' => return_to(parts, "%a %b %e %H:%M:%S %Y", out)?,
            'D' | 'x' => return_to(parts, "%m/%d/%y", out)?,
            'F' => return_to(parts, "%Y-%m-%d", out)?,
            'R' => return_to(parts, "%H:%M", out)?,
            'r' => return_to(parts, "%I:%M:%S %p", out)?,
            'T' | 'X' => return_to(parts, "%H:%M:%S", out)?,
            '-' | '_' | '0'..='9' | '^' | '#' | 'E' | 'O' | '+' => {
                return not_run(format!("`%{letter}` in a time is not run here"));
            }
            other => write!(out, "%{other}"),
        };
        written.map_err(|_| Fault::NotRun("a text that cannot be written".to_owned()))?;
    }
    Ok(())
}

fn return_to(parts: &Parts, pattern: &str, out: &mut String) -> Result<std::fmt::Result, Fault> {
    write_time(parts, pattern, out)?;
    Ok(Ok(()))
}

/// What reading a time found.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each part is found or not")]
struct Reading {
    parts: Parts,
    has_year: bool,
    has_month: bool,
    has_day: bool,
    has_yearday: bool,
    is_afternoon: Option<bool>,
}

/// The parts of a time in a text.
pub fn parse(on: &Val, pattern: &Val) -> Outcome {
    let Val::Text(text) = on else {
        return fail(format!("strptime/1 requires string inputs and arguments, {} given", on.kind()));
    };
    let Val::Text(pattern) = pattern else { return fail("strptime/1 requires string inputs and arguments") };
    let mut reading = Reading::default();
    let Some(rest) = read_time(text, pattern, &mut reading)? else {
        return fail(format!("date \"{text}\" does not match format \"{pattern}\""));
    };
    let mut parts = reading.parts;
    if let Some(is_afternoon) = reading.is_afternoon {
        parts.hour = parts.hour % 12 + if is_afternoon { 12 } else { 0 };
    }
    if !reading.has_year || !(reading.has_yearday || (reading.has_month && reading.has_day)) {
        return not_run("a time without year, month and day is not run here");
    }
    if reading.has_yearday && !(reading.has_month && reading.has_day) {
        parts.month = 0;
        parts.day = parts.yearday + 1;
    }
    let seconds = parts.seconds();
    let found = if reading.has_yearday && !reading.has_month {
        Parts::of(seconds)
    } else {
        // Days that a month does not have stay as they are.
        let days = seconds.div_euclid(86_400);
        Parts { weekday: (days + 4).rem_euclid(7), yearday: days - days_before(parts.year, 0), ..parts }
    };
    let mut list = found.list(0.0);
    if !rest.is_empty() {
        list.push(Val::text(rest));
    }
    Ok(Val::array(list))
}

/// Reads by a pattern; gives what is left of the text, or nothing if it does not match.
fn read_time<'a>(text: &'a str, pattern: &str, reading: &mut Reading) -> Result<Option<&'a str>, Fault> {
    let mut text = text;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_whitespace() {
            text = text.trim_start_matches(|c: char| c.is_ascii_whitespace());
            continue;
        }
        if letter != '%' {
            match text.strip_prefix(letter) {
                Some(rest) => text = rest,
                None => return Ok(None),
            }
            continue;
        }
        let Some(letter) = letters.next() else { return Ok(None) };
        let inner = match letter {
            'T' => Some("%H:%M:%S"),
            'D' => Some("%m/%d/%y"),
            'F' => Some("%Y-%m-%d"),
            'R' => Some("%H:%M"),
            _ => None,
        };
        if let Some(inner) = inner {
            match read_time(text, inner, reading)? {
                Some(rest) => text = rest,
                None => return Ok(None),
            }
            continue;
        }
        match read_part(text, letter, reading)? {
            Some(rest) => text = rest,
            None => return Ok(None),
        }
    }
    Ok(Some(text))
}

fn read_part<'a>(text: &'a str, letter: char, reading: &mut Reading) -> Result<Option<&'a str>, Fault> {
    let number = |digits: usize, least: i64, most: i64| {
        let text = text.trim_start_matches(' ');
        let count = text.bytes().take(digits).take_while(u8::is_ascii_digit).count();
        let number: i64 = text[..count].parse().ok()?;
        (least..=most).contains(&number).then_some((number, &text[count..]))
    };
    let name = |names: &[&str]| {
        names.iter().enumerate().find_map(|(at, name)| {
            let is = |name: &str| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
            let length = if is(name) { name.len() } else { Some(3).filter(|_| is(&name[..3]))? };
            Some((i64::try_from(at).unwrap_or(0), &text[length..]))
        })
    };
    let parts = &mut reading.parts;
    let (slot, found) = match letter {
        'Y' => {
            reading.has_year = true;
            (&mut parts.year, number(4, 0, 9999))
        }
        'y' => {
            reading.has_year = true;
            let found = number(2, 0, 99).map(|(year, rest)| (if year < 69 { 2000 + year } else { 1900 + year }, rest));
            (&mut parts.year, found)
        }
        'm' => {
            reading.has_month = true;
            (&mut parts.month, number(2, 1, 12).map(|(month, rest)| (month - 1, rest)))
        }
        'b' | 'B' | 'h' => {
            reading.has_month = true;
            (&mut parts.month, name(MONTHS))
        }
        'd' | 'e' => {
            reading.has_day = true;
            (&mut parts.day, number(2, 1, 31))
        }
        'j' => {
            reading.has_yearday = true;
            (&mut parts.yearday, number(3, 1, 366).map(|(day, rest)| (day - 1, rest)))
        }
        'H' | 'k' => (&mut parts.hour, number(2, 0, 23)),
        'I' | 'l' => (&mut parts.hour, number(2, 1, 12).map(|(hour, rest)| (hour % 12, rest))),
        'M' => (&mut parts.minute, number(2, 0, 59)),
        'S' => (&mut parts.second, number(2, 0, 61)),
        'a' | 'A' => (&mut parts.weekday, name(DAYS)),
        'p' => {
            let half = text.get(..2).map(str::to_ascii_uppercase);
            let is_afternoon = match half.as_deref() {
                Some("AM") => false,
                Some("PM") => true,
                _ => return Ok(None),
            };
            reading.is_afternoon = Some(is_afternoon);
            return Ok(Some(&text[2..]));
        }
        'n' | 't' => return Ok(Some(text.trim_start_matches(|c: char| c.is_ascii_whitespace()))),
        '%' => return Ok(text.strip_prefix('%')),
        // The zone is read, and means nothing.
        'z' => {
            let text = text.trim_start_matches(' ');
            if let Some(rest) = text.strip_prefix('Z') {
                return Ok(Some(rest));
            }
            let Some(rest) = text.strip_prefix(['+', '-']) else { return Ok(None) };
            let digits = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_digit).count() == 2;
            if !digits(rest) {
                return Ok(None);
            }
            let rest = &rest[2..];
            let minutes = rest.strip_prefix(':').unwrap_or(rest);
            return Ok(Some(if digits(minutes) { &minutes[2..] } else { rest }));
        }
        other => return not_run(format!("`%{other}` in a time is not run here")),
    };
    Ok(found.map(|(number, rest)| {
        *slot = number;
        rest
    }))
}

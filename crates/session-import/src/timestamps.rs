//! Times as other systems write them.

use kernel::Timestamp;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Reads a time, and says whether it had no zone and was taken as UTC: RFC 3339; what SQLite, PostgreSQL,
/// Python and `MySQL` write (`2026-11-20 18:43:00.5+09`); a date alone; the Korean `2026. 11. 20. 오후 6:43:00`;
/// and seconds, milliseconds or microseconds since 1970.
pub(crate) fn read(text: &str) -> Option<(Timestamp, bool)> {
    let text = text.trim();
    if let Some(at) = Timestamp::parse(text) {
        return Some((at, false));
    }
    epoch(text).map(|at| (at, false)).or_else(|| calendar(text))
}

/// Seconds, milliseconds or microseconds since 1970, told apart by their size: each covers 1973 to 5138.
fn epoch(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        let micros = match number {
            100_000_000..100_000_000_000 => number * 1_000_000,
            100_000_000_000..100_000_000_000_000 => number * 1_000,
            100_000_000_000_000..100_000_000_000_000_000 => number,
            _ => return None,
        };
        return Timestamp::from_unix_micros(micros);
    }
    let seconds: f64 = text.parse().ok()?;
    (1e8..1e11).contains(&seconds).then(|| Timestamp::from_unix_micros((seconds * 1e6).round() as i64)).flatten()
}

/// What is left of a text while it is read from its start.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn digits(&mut self, most: usize) -> Option<u32> {
        let length = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        digits.parse().ok()
    }

    fn skip(&mut self, marks: &[char]) -> bool {
        let rest = self.0.trim_start_matches(marks);
        let skipped = rest.len() < self.0.len();
        self.0 = rest;
        skipped
    }

    fn word(&mut self, words: &[&str]) -> bool {
        let found = words.iter().find_map(|word| self.0.strip_prefix(word));
        if let Some(rest) = found {
            self.0 = rest.trim_start();
        }
        found.is_some()
    }
}

fn calendar(text: &str) -> Option<(Timestamp, bool)> {
    const BETWEEN: &[char] = &['-', '/', '.', ' '];
    let mut rest = Rest(text);
    let year = rest.digits(4).filter(|year| *year >= 1000)?;
    let month = rest.skip(BETWEEN).then(|| rest.digits(2))??;
    let day = rest.skip(BETWEEN).then(|| rest.digits(2))??;
    let date = Date::from_calendar_date(year.cast_signed(), Month::try_from(month as u8).ok()?, day as u8).ok()?;
    rest.skip(&['T', 't', ' ', '.', ',']);
    if rest.0.is_empty() {
        return Some((Timestamp::from_offset(date.midnight().assume_utc()), true));
    }
    let mut half = half_of_day(&mut rest);
    let hour = rest.digits(2)?;
    let minute = rest.skip(&[':']).then(|| rest.digits(2))??;
    let second = if rest.skip(&[':']) { rest.digits(2)? } else { 0 };
    let micros = if rest.skip(&['.', ',']) { fraction(&mut rest)? } else { 0 };
    rest.skip(&[' ']);
    half = half.or_else(|| half_of_day(&mut rest));
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        None => hour,
    };
    let time = Time::from_hms_micro(hour as u8, minute as u8, second as u8, micros).ok()?;
    let at = PrimitiveDateTime::new(date, time);
    let (offset, naive) = zone(rest.0)?;
    Some((Timestamp::from_offset(OffsetDateTime::new_in_offset(at.date(), at.time(), offset)), naive))
}

/// Whether it is the afternoon, if the text says so here.
fn half_of_day(rest: &mut Rest<'_>) -> Option<bool> {
    if rest.word(&["오후", "PM", "pm"]) {
        return Some(true);
    }
    rest.word(&["오전", "AM", "am"]).then_some(false)
}

/// Digits behind the point as microseconds; finer ones are dropped.
fn fraction(rest: &mut Rest<'_>) -> Option<u32> {
    let before = rest.0.len();
    let number = rest.digits(6)?;
    let digits = before - rest.0.len();
    while rest.digits(9).is_some() {}
    Some(number * 10_u32.pow(6 - digits as u32))
}

/// The offset that ends a time, and whether there was none. `None` for anything else.
fn zone(text: &str) -> Option<(UtcOffset, bool)> {
    let text = text.trim();
    if text.is_empty() {
        return Some((UtcOffset::UTC, true));
    }
    if ["Z", "z", "UTC", "GMT", "+00:00 UTC", "+0000 UTC"].contains(&text) {
        return Some((UtcOffset::UTC, false));
    }
    if text == "KST" {
        return UtcOffset::from_hms(9, 0, 0).ok().map(|offset| (offset, false));
    }
    let negative = text.starts_with('-');
    let mut rest = Rest(text.strip_prefix(['+', '-'])?);
    let hours = rest.digits(2)? as i8;
    rest.skip(&[':']);
    let minutes = if rest.0.is_empty() { 0 } else { rest.digits(2)? as i8 };
    let sign = if negative { -1 } else { 1 };
    let offset = UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?;
    rest.0.is_empty().then_some((offset, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<(String, bool)> {
        read(text).map(|(at, naive)| (at.to_string(), naive))
    }

    #[test]
    fn the_usual_forms_are_read() {
        for (text, expected, naive) in [
            ("2026-11-20T18:43:00+09:00", "2026-11-20T09:43:00.000000Z", false),
            ("2026-11-20 18:43:00", "2026-11-20T18:43:00.000000Z", true),
            ("2026-11-20T18:43:00.123456", "2026-11-20T18:43:00.123456Z", true),
            ("2026-11-20 18:43:00.5+09", "2026-11-20T09:43:00.500000Z", false),
            ("2026-11-20 18:43:00.123456789+0900", "2026-11-20T09:43:00.123456Z", false),
            ("2026-11-20 18:43:00 UTC", "2026-11-20T18:43:00.000000Z", false),
            ("2026-11-20 18:43 -0330", "2026-11-20T22:13:00.000000Z", false),
            ("2026/11/20 18:43", "2026-11-20T18:43:00.000000Z", true),
            ("2026-11-20", "2026-11-20T00:00:00.000000Z", true),
            ("2026. 11. 20. 오후 6:43:00", "2026-11-20T18:43:00.000000Z", true),
            ("2026. 1. 2. 오전 12:03:04", "2026-01-02T00:03:04.000000Z", true),
            ("2026-11-20 06:43:00 PM", "2026-11-20T18:43:00.000000Z", true),
            ("1795200180", "2026-11-20T18:43:00.000000Z", false),
            ("1795200180123", "2026-11-20T18:43:00.123000Z", false),
            ("1795200180123456", "2026-11-20T18:43:00.123456Z", false),
            ("1795200180.5", "2026-11-20T18:43:00.500000Z", false),
        ] {
            assert_eq!(shown(text), Some((expected.to_owned(), naive)), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesterday",
            "infinity",
            "2026-13-01",
            "2026-02-30",
            "2026-11-20 25:00",
            "20.11.2026",
            "12",
            "2026-11-20 18:43:00 Mars",
            "2026-11-20 13:00 PM",
            "2026-11-20T18",
            "2026-11-20 18:43:00+99:99",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}

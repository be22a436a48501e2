//! One kind of time everywhere: UTC, whole microseconds (what PostgreSQL keeps), six digits as text.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

/// A moment in UTC with microsecond precision. Its text form has always six fraction digits and
/// ends in `Z`, so that texts sort as times do; SQLite compares them as texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// Converts to UTC and drops what is finer than a microsecond.
    pub fn from_offset(at: OffsetDateTime) -> Self {
        let utc = at.to_offset(UtcOffset::UTC);
        let whole = utc.nanosecond() / 1_000 * 1_000;
        Self(utc.replace_nanosecond(whole).unwrap_or(utc))
    }

    /// From microseconds since 1970; `None` when out of the calendar's range (years ±9999).
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).ok().map(Self)
    }

    /// Microseconds since 1970.
    pub fn unix_micros(self) -> i64 {
        (self.0.unix_timestamp_nanos() / 1_000) as i64
    }

    /// The moment as the `time` crate's type.
    pub const fn as_offset(self) -> OffsetDateTime {
        self.0
    }

    /// This moment plus `by`, stopping at the end of the calendar.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_offset(self.0.saturating_add(time::Duration::try_from(by).unwrap_or(time::Duration::MAX)))
    }

    /// This moment less `by`, stopping at the start of the calendar.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self::from_offset(self.0.saturating_sub(time::Duration::try_from(by).unwrap_or(time::Duration::MAX)))
    }

    /// How long after `earlier` this is; zero when it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0 - earlier.0).unwrap_or(Duration::ZERO)
    }

    /// Reads RFC 3339 with any offset; `None` when it is not that.
    pub fn parse(text: &str) -> Option<Self> {
        OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok().map(Self::from_offset)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
        f.write_str(&self.0.format(format).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_six_digits_and_sorts_as_time() {
        let half = Timestamp::parse("2026-11-20T09:00:00.5+09:00").unwrap();
        let whole = Timestamp::parse("2026-11-20T00:00:00Z").unwrap();
        assert_eq!(half.to_string(), "2026-11-20T00:00:00.500000Z");
        assert!(whole < half && whole.to_string() < half.to_string());
    }

    #[test]
    fn nanoseconds_are_dropped_so_that_a_database_returns_what_it_was_given() {
        let at = Timestamp::parse("2026-11-20T00:00:00.123456789Z").unwrap();
        assert_eq!(Timestamp::from_unix_micros(at.unix_micros()), Some(at));
        assert_eq!(at.to_string(), "2026-11-20T00:00:00.123456Z");
    }

    #[test]
    fn durations_never_overflow_the_calendar() {
        let at = Timestamp::parse("2026-11-20T00:00:00Z").unwrap();
        assert!(at.plus(Duration::MAX) > at && at.minus(Duration::MAX) < at);
        assert_eq!(at.since(at.plus(Duration::from_secs(1))), Duration::ZERO);
    }
}

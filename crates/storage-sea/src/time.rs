//! Timestamps as both databases keep them.

use kernel::Timestamp;
use sea_orm::DeriveValueType;
use time::{Duration, OffsetDateTime};

/// A [`Timestamp`] for a column.
///
/// SQLite keeps times as RFC 3339 text with trailing zeros of the fraction cut off, and compares them
/// as text: `…:00.5Z` would sort before `…:00Z`. One nanosecond more than the whole microsecond makes the
/// fraction nine digits always, so that texts sort as times. PostgreSQL keeps microseconds and drops
/// the nanosecond; reading drops it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, DeriveValueType)]
pub(crate) struct Ts(OffsetDateTime);

impl From<Timestamp> for Ts {
    fn from(at: Timestamp) -> Self {
        Self(at.as_offset() + Duration::NANOSECOND)
    }
}

impl From<Ts> for Timestamp {
    fn from(at: Ts) -> Self {
        Self::from_offset(at.0)
    }
}

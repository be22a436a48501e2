//! Time is injected, so that expiry and ordering can be tested without waiting.

use crate::Timestamp;

/// Tells what time it is.
pub trait Clock: Send + Sync {
    /// The present moment, UTC, in whole microseconds.
    fn now(&self) -> Timestamp;
}

/// The machine's clock: the one place that reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the adapter behind the port
    fn now(&self) -> Timestamp {
        Timestamp::from_offset(time::OffsetDateTime::now_utc())
    }
}

//! A clock, ids and secrets that tests steer.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use uuid::Uuid;

use crate::{Clock, IdSource, SecretError, SecretSource, Timestamp};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock at 2026-11-20T00:00:00Z.
    pub fn new() -> Self {
        Self(AtomicI64::new(1_795_132_800_000_000))
    }

    /// Moves time forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    #[allow(clippy::expect_used)] // a test clock far inside the calendar
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.load(Ordering::SeqCst)).expect("a clock within the calendar")
    }
}

/// Ids 1, 2, 3 …: in order of making, and readable in a snapshot.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

impl IdSource for SequentialIds {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1))
    }
}

/// Secrets that are the numbers 1, 2, 3 …: different from each other, and not secret at all.
#[derive(Debug, Default)]
pub struct SequentialSecrets(AtomicU64);

impl SecretSource for SequentialSecrets {
    fn secret(&self) -> Result<[u8; 32], SecretError> {
        let mut secret = [0; 32];
        secret[24..].copy_from_slice(&(self.0.fetch_add(1, Ordering::SeqCst) + 1).to_be_bytes());
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_clock_starts_on_its_day_and_moves_only_when_told() {
        let clock = ManualClock::new();
        assert_eq!(clock.now().to_string(), "2026-11-20T00:00:00.000000Z");
        clock.advance(Duration::from_millis(1500));
        assert_eq!(clock.now().to_string(), "2026-11-20T00:00:01.500000Z");
    }
}

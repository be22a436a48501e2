use std::time::Duration;

use kernel::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);

/// How fast a client may send: so many messages at once, and as many again in every minute (a token bucket).
pub(super) struct Pace {
    most: u32,
    left: f64,
    at: Timestamp,
}

impl Pace {
    pub(super) fn new(per_minute: u32, now: Timestamp) -> Self {
        Self { most: per_minute.max(1), left: f64::from(per_minute.max(1)), at: now }
    }

    /// Lets a message through, or says after how long the next one may come.
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        let per_second = f64::from(self.most) / MINUTE.as_secs_f64();
        self.left = (self.left + now.since(self.at).as_secs_f64() * per_second).min(f64::from(self.most));
        self.at = now;
        if self.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.left) / per_second));
        }
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::Clock;
    use kernel::testing::ManualClock;

    use super::*;

    #[test]
    fn a_minutes_messages_may_come_at_once_and_then_as_many_in_every_minute() {
        let clock = ManualClock::new();
        let mut pace = Pace::new(6, clock.now());
        assert!((0..6).all(|_| pace.take(clock.now()).is_ok()));
        let wait = pace.take(clock.now()).unwrap_err();
        assert_eq!(wait.as_secs(), 10);
        clock.advance(Duration::from_secs(9));
        assert!(pace.take(clock.now()).is_err());
        clock.advance(Duration::from_secs(2));
        assert!(pace.take(clock.now()).is_ok() && pace.take(clock.now()).is_err());
        clock.advance(Duration::from_hours(1));
        assert!((0..6).all(|_| pace.take(clock.now()).is_ok()) && pace.take(clock.now()).is_err());
    }
}

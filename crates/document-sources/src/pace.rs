//! One request at a time, and not too many in a second.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

/// Lets one at a time ask, each request a while after the one before it began.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    last: Mutex<Option<Instant>>,
}

/// The right to ask, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    gap: Duration,
    last: MutexGuard<'a, Option<Instant>>,
}

impl Pace {
    /// `per_second` requests at most, within one in ten seconds and a thousand a second.
    pub(crate) fn new(per_second: f64) -> Self {
        let per_second = if per_second.is_finite() { per_second.clamp(0.1, 1_000.0) } else { 1.0 };
        Self { gap: Duration::from_secs_f64(1.0 / per_second), last: Mutex::new(None) }
    }

    /// Waits until nobody else asks.
    pub(crate) async fn enter(&self) -> Turn<'_> {
        Turn { gap: self.gap, last: self.last.lock().await }
    }
}

impl Turn<'_> {
    /// Waits until the next request may begin: `gap` after the last one, when that is longer than usual.
    pub(crate) async fn next(&mut self, gap: Duration) {
        // A pause too long for the clock is none that anybody asked for.
        if let Some(next) = self.last.and_then(|last| last.checked_add(gap.max(self.gap))) {
            sleep_until(next).await;
        }
        *self.last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(pace: &Pace, gap: u64, takes: u64) -> Instant {
        let mut turn = pace.enter().await;
        turn.next(Duration::from_millis(gap)).await;
        let asked = Instant::now();
        tokio::time::sleep(Duration::from_millis(takes)).await;
        asked
    }

    #[tokio::test(start_paused = true)]
    async fn requests_come_at_their_pace_and_one_at_a_time() {
        let pace = Pace::new(4.0);
        let begin = Instant::now();
        let asked = tokio::join!(ask(&pace, 0, 2_000), ask(&pace, 0, 0), ask(&pace, 0, 0), ask(&pace, 3_000, 0));
        let after = |at: Instant| at.duration_since(begin).as_millis();
        assert_eq!(after(asked.0), 0);
        assert_eq!(after(asked.1), 2_000, "nobody asks while another one does");
        assert_eq!(after(asked.2), 2_250);
        assert_eq!(after(asked.3), 5_250, "a host may ask for more time");
    }

    #[test]
    fn a_pace_that_makes_no_sense_is_brought_within_reason() {
        for (asked, gap) in [(0.0, 10_000), (-3.0, 10_000), (f64::NAN, 1_000), (f64::INFINITY, 1_000), (1e9, 1)] {
            assert_eq!(Pace::new(asked).gap, Duration::from_millis(gap), "{asked}");
        }
    }
}

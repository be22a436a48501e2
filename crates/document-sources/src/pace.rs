//! One request at a time, and not too many in a second.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep_until};

/// Gives turns: one at a time, each a while after the one before it began.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    last: Mutex<Option<Instant>>,
}

/// The right to ask, until it is dropped.
pub(crate) struct Turn<'a>(#[allow(dead_code)] MutexGuard<'a, Option<Instant>>);

impl Pace {
    /// `per_second` turns at most; not more than one in ten seconds and not fewer than a thousand a second.
    pub(crate) fn new(per_second: f64) -> Self {
        let per_second = if per_second.is_finite() { per_second.clamp(0.1, 1_000.0) } else { 1.0 };
        Self { gap: Duration::from_secs_f64(1.0 / per_second), last: Mutex::new(None) }
    }

    /// Waits for a turn, `gap` after the last one when that is longer than the usual.
    pub(crate) async fn turn(&self, gap: Duration) -> Turn<'_> {
        let mut last = self.last.lock().await;
        if let Some(last) = *last {
            sleep_until(last + gap.max(self.gap)).await;
        }
        *last = Some(Instant::now());
        Turn(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_at_their_pace_and_one_at_a_time() {
        let pace = Pace::new(4.0);
        let begin = Instant::now();
        let first = pace.turn(Duration::ZERO).await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
        let waiting = async {
            drop(pace.turn(Duration::ZERO).await);
            begin.elapsed()
        };
        let holding = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            drop(first);
        };
        let (second, ()) = tokio::join!(waiting, holding);
        assert_eq!(second, Duration::from_secs(2), "nobody asks while another one does");
        drop(pace.turn(Duration::ZERO).await);
        assert_eq!(begin.elapsed(), Duration::from_millis(2_250));
        drop(pace.turn(Duration::from_secs(3)).await);
        assert_eq!(begin.elapsed(), Duration::from_millis(5_250), "a host may ask for more time");
    }

    #[test]
    fn a_pace_that_makes_no_sense_is_brought_within_reason() {
        for (asked, gap) in [(0.0, 10_000), (-3.0, 10_000), (f64::NAN, 1_000), (f64::INFINITY, 1_000), (1e9, 1)] {
            assert_eq!(Pace::new(asked).gap, Duration::from_millis(gap), "{asked}");
        }
    }
}

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::{Clock, SessionId, Timestamp};

use super::recent::Recent;
use super::{Reading, Unreadable};

/// How long a slot of the window is, in microseconds.
const SLOT: i64 = 10 * 1_000_000;
/// Slots of the window: five minutes.
const SLOTS: usize = 30;
/// Buckets of a slot's histogram: from 12 µs to 67 s, each 19 % wider than the one before.
const BUCKETS: usize = 91;
/// The bucket whose upper bound is [`PIVOT`].
const PIVOT_BUCKET: i32 = 48;
/// An upper bound that is exact, in microseconds: the threshold of the p95.
const PIVOT: f64 = 50_000.0;
/// Buckets between a bound and its double.
const PER_DOUBLE: f64 = 4.0;
/// With fewer look-ups than this a ratio says nothing.
const FEWEST_LOOK_UPS: u64 = 20;

/// What one server does with sessions, over a sliding window of five minutes.
///
/// Its memory is bounded (about 2 MB), and an operation allocates nothing: it costs a lock that nobody holds for
/// long, an increment, and a look into a table.
pub struct Traffic {
    clock: Arc<dyn Clock>,
    window: Mutex<Window>,
}

/// What was measured over the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrafficFigures {
    /// How much of the window lies behind: less than five minutes after the start, ten seconds at least.
    pub window: Duration,
    /// Operations within it.
    pub operations: u64,
    /// Operations per second, on average.
    pub operations_per_second: f64,
    /// How long 95 % of the operations took at most, in milliseconds; up to 19 % too high, but never on the
    /// wrong side of 50 ms.
    pub p95: Reading,
    /// The share of look-ups whose session had been used within the last hour, in percent.
    pub expected_hit_ratio: Reading,
}

struct Window {
    /// When measuring began.
    begun: i64,
    /// The number of the newest slot, counted from 1970.
    newest: i64,
    slots: Vec<Slot>,
    recent: Recent,
}

#[derive(Clone)]
struct Slot {
    buckets: [u32; BUCKETS],
    longest: i64,
    look_ups: u64,
    hits: u64,
}

const EMPTY: Slot = Slot { buckets: [0; BUCKETS], longest: 0, look_ups: 0, hits: 0 };

impl Traffic {
    /// Begins to measure.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let window = Mutex::new(Window::new(clock.now().unix_micros()));
        Self { clock, window }
    }

    /// Notes an operation, whatever came of it.
    pub fn operation(&self, took: Duration) {
        self.at_present(|window, _| window.slot().operation(took));
    }

    /// Notes that a session was looked up by its id, and found.
    pub fn looked_up(&self, session: SessionId) {
        self.at_present(|window, now| window.looked_up(session, now));
    }

    /// Notes an operation that looked a session up by its id, and found it.
    pub fn found_within(&self, session: SessionId, took: Duration) {
        self.at_present(|window, now| {
            window.slot().operation(took);
            window.looked_up(session, now);
        });
    }

    /// Notes that a session was looked up by its id, and there is none: no cache knows it.
    pub fn missed(&self) {
        self.at_present(|window, _| window.slot().look_ups += 1);
    }

    /// Notes that a session passed by in another way: a cache would have it from now on.
    pub fn passed(&self, session: SessionId) {
        self.at_present(|window, now| {
            window.recent.used(session, now);
        });
    }

    /// The figures of the window that ends now.
    pub fn figures(&self) -> TrafficFigures {
        self.at_present(|window, now| window.figures(now))
    }

    fn at_present<T>(&self, then: impl FnOnce(&mut Window, i64) -> T) -> T {
        let now = self.clock.now();
        let mut window = self.lock();
        window.move_to(now);
        then(&mut window, now.unix_micros())
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Window {
    fn new(now: i64) -> Self {
        Self { begun: now, newest: now.div_euclid(SLOT), slots: vec![EMPTY; SLOTS], recent: Recent::new(now) }
    }

    fn looked_up(&mut self, session: SessionId, now: i64) {
        let hit = self.recent.used(session, now);
        let slot = self.slot();
        slot.look_ups += 1;
        slot.hits += u64::from(hit);
    }

    fn move_to(&mut self, now: Timestamp) {
        let now = now.unix_micros();
        let newest = now.div_euclid(SLOT);
        if newest + 1 < self.newest {
            // The clock was set back: what was measured belongs to no time any more.
            *self = Self::new(now);
        }
        let passed = (newest - self.newest).clamp(0, SLOTS as i64);
        for step in 0..passed {
            let at = self.place(newest - step);
            self.slots[at] = EMPTY;
        }
        self.newest = self.newest.max(newest);
    }

    fn place(&self, number: i64) -> usize {
        number.rem_euclid(self.slots.len() as i64) as usize
    }

    fn slot(&mut self) -> &mut Slot {
        let at = self.place(self.newest);
        &mut self.slots[at]
    }

    /// The time that the slots cover: all of those before, and what has passed of the newest one.
    fn covered(&self, now: i64) -> Duration {
        let of_slots = (SLOTS as i64 - 1) * SLOT + (now - self.newest * SLOT);
        let micros = of_slots.min(now - self.begun).max(SLOT);
        Duration::from_micros(micros.unsigned_abs())
    }

    fn figures(&self, now: i64) -> TrafficFigures {
        let mut all = EMPTY;
        for slot in &self.slots {
            all.add(slot);
        }
        let (window, operations) = (self.covered(now), all.operations());
        TrafficFigures {
            window,
            operations,
            operations_per_second: operations as f64 / window.as_secs_f64(),
            p95: all.p95().map_or(Reading::Unreadable(Unreadable::NoOperations), Reading::Value),
            expected_hit_ratio: all.hit_ratio(),
        }
    }
}

impl Slot {
    fn operation(&mut self, took: Duration) {
        let bucket = &mut self.buckets[bucket(took)];
        *bucket = bucket.saturating_add(1);
        self.longest = self.longest.max(took.as_micros() as i64);
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine = mine.saturating_add(theirs);
        }
        self.longest = self.longest.max(other.longest);
        self.look_ups += other.look_ups;
        self.hits += other.hits;
    }

    fn operations(&self) -> u64 {
        self.buckets.iter().map(|count| u64::from(*count)).sum()
    }

    /// In milliseconds.
    fn p95(&self) -> Option<f64> {
        let mut left = (self.operations() * 95).div_ceil(100);
        if left == 0 {
            return None;
        }
        let reached = self.buckets.iter().position(|count| {
            left = left.saturating_sub(u64::from(*count));
            left == 0
        });
        // Nothing took longer than the longest, however wide its bucket is. The last bucket has no bound.
        let bound = reached.filter(|at| at + 1 < BUCKETS).map_or(f64::INFINITY, upper_bound);
        Some(bound.min(self.longest as f64) / 1_000.0)
    }

    fn hit_ratio(&self) -> Reading {
        if self.look_ups < FEWEST_LOOK_UPS {
            return Reading::Unreadable(Unreadable::TooFewLookUps);
        }
        Reading::Value(self.hits as f64 * 100.0 / self.look_ups as f64)
    }
}

/// The bucket of a duration: the first whose upper bound is not below it.
fn bucket(took: Duration) -> usize {
    let micros = took.as_micros() as f64;
    let at = ((micros / PIVOT).log2() * PER_DOUBLE).ceil() as i32;
    at.saturating_add(PIVOT_BUCKET).clamp(0, BUCKETS as i32 - 1) as usize
}

/// In microseconds.
fn upper_bound(bucket: usize) -> f64 {
    PIVOT * (f64::from(bucket as i32 - PIVOT_BUCKET) / PER_DOUBLE).exp2()
}

#[cfg(test)]
#[path = "traffic_tests.rs"]
mod tests;

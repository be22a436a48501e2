use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many look-ups a cache answered since the start, and how many it could not.
#[derive(Default)]
pub struct CacheCounts {
    hits: Count,
    misses: Count,
}

/// A number, and the metric that follows it, looked up when it is counted first.
#[derive(Default)]
struct Count {
    number: AtomicU64,
    metric: OnceLock<metrics::Counter>,
}

impl Count {
    fn add_one(&self, outcome: &'static str) {
        self.number.fetch_add(1, Ordering::Relaxed);
        let metric = || metrics::counter!("session_cache_lookups_total", "outcome" => outcome);
        self.metric.get_or_init(metric).increment(1);
    }
}

impl CacheCounts {
    /// The share of look-ups that were answered, 0 to 1; `None` before the first one.
    pub fn hit_ratio(&self) -> Option<f64> {
        let (hits, misses) = (self.hits.number.load(Ordering::Relaxed), self.misses.number.load(Ordering::Relaxed));
        (hits + misses > 0).then(|| hits as f64 / (hits + misses) as f64)
    }

    pub(super) fn count(&self, hit: bool) {
        if hit { self.hits.add_one("hit") } else { self.misses.add_one("miss") }
    }
}

//! The stream log of a single process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, Timestamp, TurnId};
use tokio::sync::watch;

use super::TurnEvent;
use crate::ports::{Glance, StreamBatch, StreamLogError, TurnStreamLog};

/// The most one turn's log may hold, in bytes as [`TurnEvent::weight`] counts them. The longest answers of today's
/// models are a tenth of it.
pub const MAX_WEIGHT: usize = 1 << 20;
/// The most that is read at once: what each reader holds for itself while its client is slow.
pub const BATCH_WEIGHT: usize = 1 << 15;

/// Keeps live turns in memory, and finished ones for a while. Readers are woken, never polled.
pub struct MemoryStreamLog {
    clock: Arc<dyn Clock>,
    keep: Duration,
    turns: Mutex<Turns>,
}

/// The logs, and which of them have ended, the earliest first: forgetting costs what is forgotten.
#[derive(Default)]
struct Turns {
    logs: HashMap<TurnId, Arc<TurnLog>>,
    ended: VecDeque<(Timestamp, TurnId)>,
}

#[derive(Default)]
struct TurnLog {
    kept: Mutex<Kept>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Kept {
    /// The events after number `gone`.
    events: VecDeque<TurnEvent>,
    gone: u64,
    weight: usize,
    ended_at: Option<Timestamp>,
}

impl Kept {
    /// Adds an event, and drops the oldest ones for it if it must.
    fn push(&mut self, event: TurnEvent) -> u64 {
        self.weight += event.weight();
        self.events.push_back(event);
        while self.weight > MAX_WEIGHT && self.events.len() > 1 {
            self.weight -= self.events.pop_front().map_or(0, |event| event.weight());
            self.gone += 1;
        }
        self.gone + self.events.len() as u64
    }

    /// What a reader gets who has heard everything up to `after`; `None` while there is nothing new.
    fn batch(&self, after: u64) -> Option<Result<StreamBatch, StreamLogError>> {
        let Some(heard) = after.checked_sub(self.gone) else {
            return Some(Err(StreamLogError::Behind { oldest: self.gone + 1 }));
        };
        let from = usize::try_from(heard).unwrap_or(usize::MAX).min(self.events.len());
        let mut weight = 0;
        let events: Vec<TurnEvent> = self
            .events
            .range(from..)
            .take_while(|event| {
                let fits = weight < BATCH_WEIGHT;
                weight += event.weight();
                fits
            })
            .cloned()
            .collect();
        let ended = self.ended_at.is_some() && from + events.len() == self.events.len();
        (ended || !events.is_empty()).then(|| Ok(StreamBatch { first: self.gone + from as u64 + 1, events, ended }))
    }
}

/// A panic elsewhere cannot leave these plain values half changed, so a poisoned lock is still good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryStreamLog {
    /// A log that forgets a finished turn after `keep`.
    pub fn new(clock: Arc<dyn Clock>, keep: Duration) -> Self {
        Self { clock, keep, turns: Mutex::default() }
    }

    fn find(&self, turn: TurnId) -> Option<Arc<TurnLog>> {
        lock(&self.turns).logs.get(&turn).cloned()
    }

    fn forget_old(&self, turns: &mut Turns) {
        let now = self.clock.now();
        while let Some((_, turn)) = turns.ended.pop_front_if(|(ended, _)| now.since(*ended) >= self.keep) {
            turns.logs.remove(&turn);
        }
    }
}

#[async_trait]
impl TurnStreamLog for MemoryStreamLog {
    async fn open(&self, turn: TurnId) -> Result<(), StreamLogError> {
        let mut turns = lock(&self.turns);
        self.forget_old(&mut turns);
        turns.logs.entry(turn).or_default();
        Ok(())
    }

    async fn append(&self, turn: TurnId, event: TurnEvent) -> Result<u64, StreamLogError> {
        let log = self.find(turn).ok_or(StreamLogError::NotOpen)?;
        let (number, ended) = {
            let mut kept = lock(&log.kept);
            if kept.ended_at.is_some() {
                return Err(StreamLogError::NotOpen);
            }
            if event.ends_turn() {
                kept.ended_at = Some(self.clock.now());
            }
            (kept.push(event), kept.ended_at)
        };
        if let Some(ended) = ended {
            lock(&self.turns).ended.push_back((ended, turn));
        }
        log.changed.send_replace(number);
        Ok(number)
    }

    async fn glance(&self, turn: TurnId, after: u64) -> Result<Glance, StreamLogError> {
        self.forget_old(&mut lock(&self.turns));
        let Some(log) = self.find(turn) else { return Ok(Glance::Unknown) };
        let batch = lock(&log.kept).batch(after);
        batch.map_or(Ok(Glance::Waiting), |batch| batch.map(Glance::Batch))
    }

    async fn read(&self, turn: TurnId, after: u64) -> Result<Option<StreamBatch>, StreamLogError> {
        self.forget_old(&mut lock(&self.turns));
        let Some(log) = self.find(turn) else {
            return Ok(None);
        };
        let mut changed = log.changed.subscribe();
        loop {
            changed.borrow_and_update();
            let batch = lock(&log.kept).batch(after);
            if let Some(batch) = batch {
                return batch.map(Some);
            }
            // The sender lives in `log`, which this future holds: it cannot be gone.
            if changed.changed().await.is_err() {
                return Ok(None);
            }
        }
    }
}

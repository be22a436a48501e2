//! What a process knows of the others that share its storage: whether there are any, and whether it hears of what they
//! write.
//!
//! Each process tells a pulse ten times a second, by the same way as everything else, and hears its own. What others
//! told before a pulse is heard with it. One whose last pulse that it heard is half a second old may have missed
//! something: it trusts nothing that is remembered, and what was remembered before is void when it hears again.
//!
//! A pulse says how its process tells what it writes. While one tells otherwise than this one, which remembers in a
//! cache that the other cannot reach, or by itself what the other announces nowhere, the same holds.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::error_chain;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use crate::ports::{FleetSignal, FleetSignals, Telling};

/// How often a process says that it is there.
const PULSE: Duration = Duration::from_millis(100);
/// Silence after which a process trusts nothing: five pulses. It is the longest that something old can be told after
/// another process wrote, should a notification be that late.
const SILENCE: Duration = Duration::from_millis(500);
/// How long nothing is trusted after a process said that it tells otherwise: it may have died since, while it wrote.
const OTHERWISE: Duration = Duration::from_secs(2);
/// How long another process is reckoned with after its last pulse. More than [`SILENCE`]: who is not reckoned with any
/// more has stopped trusting before.
const REMEMBERED: Duration = Duration::from_secs(10);
/// How long a process that is cut off waits to hear itself say so, once: usually a millisecond.
const ECHO: Duration = Duration::from_millis(15);
/// Keys in one signal: PostgreSQL takes 8,000 bytes, and a key has 36.
const AT_ONCE: usize = 200;

/// The processes that share a storage, as this one sees them.
#[derive(Clone)]
pub struct Fleet(Option<Arc<Inner>>);

struct Inner {
    me: String,
    /// How this process tells what it writes, when it can.
    telling: Telling,
    signals: Arc<dyn FleetSignals>,
    seen: Mutex<Seen>,
    waiting: Mutex<Waiting>,
    /// What the others were told last of whether this process is cut off.
    told_cut_off: tokio::sync::Mutex<CutOff>,
    heard_cut_off: Notify,
}

#[derive(Default)]
struct CutOff {
    told: bool,
    /// When it could not be told.
    failed: Option<Instant>,
}

#[derive(Default)]
struct Seen {
    /// When the last pulse was told that this process heard of itself, and since when it hears without a gap. What
    /// others told before that moment is heard.
    heard: Option<(Instant, Instant)>,
    /// Pulses that were told and not heard yet.
    told: VecDeque<(u64, Instant)>,
    pulses: u64,
    era: u64,
    others: HashMap<String, Instant>,
    /// When another one last said that it tells otherwise.
    otherwise: Option<Instant>,
    /// Whether this one cannot reach the cache that all share.
    cut_off: bool,
}

#[derive(Default)]
struct Waiting {
    keys: Vec<Uuid>,
    told: Vec<oneshot::Sender<bool>>,
    telling: bool,
}

impl Fleet {
    /// A process that shares its storage with nobody.
    pub const fn alone() -> Self {
        Self(None)
    }

    /// One of several processes; `me` is a name that no other one has or had, `telling` how it tells what it writes.
    pub fn of(signals: Arc<dyn FleetSignals>, me: String, telling: Telling) -> Self {
        let inner = Inner {
            me,
            telling,
            signals,
            seen: Mutex::default(),
            waiting: Mutex::default(),
            told_cut_off: <_>::default(),
            heard_cut_off: Notify::new(),
        };
        Self(Some(Arc::new(inner)))
    }

    /// Whether what all the others write is heard of, as far as is known, and has been for so long that all of them
    /// reckon with this process.
    pub fn hears_all(&self) -> bool {
        let Some(inner) = &self.0 else { return true };
        let (seen, now) = (inner.seen(), Instant::now());
        seen.hears(now) && seen.otherwise.is_none_or(|at| now.duration_since(at) > OTHERWISE)
    }

    /// Goes up when something may have been missed: what is remembered from before is worth nothing.
    pub fn era(&self) -> u64 {
        self.0.as_ref().map_or(0, |inner| inner.seen().era)
    }

    /// Says that this process is there, before it writes anything.
    pub async fn join(&self) {
        if let Some(inner) = &self.0 {
            inner.pulse().await;
        }
    }

    /// Tells the others that what has a key is going to be written. `false` when they could not be told.
    pub async fn writing(&self, key: Uuid) -> bool {
        let Some(inner) = &self.0 else { return true };
        if inner.seen().is_alone(Instant::now()) {
            return true;
        }
        let (told, answer) = oneshot::channel();
        if inner.enqueue(key, told) {
            // A task of its own: a caller that goes away leaves nobody untold.
            tokio::spawn(tell_all(Teller { inner: Arc::clone(inner), held: true }));
        }
        answer.await.unwrap_or(false)
    }

    /// Tells the others whether this process can reach the cache that all share; again with every pulse until it is
    /// said otherwise.
    pub async fn cut_off(&self, cut_off: bool) {
        let Some(inner) = &self.0 else { return };
        // Held while it is told: whoever comes meanwhile goes on when the others know.
        let mut last = inner.told_cut_off.lock().await;
        inner.seen().cut_off = cut_off;
        if !cut_off {
            // Nobody waits for it: what cannot be told with this pulse is told with the next.
            if std::mem::take(&mut *last).told {
                tokio::time::timeout(SILENCE, inner.pulse()).await.ok();
            }
            return;
        }
        if last.told {
            return;
        }
        // What could not be told a moment ago is told with a pulse, as soon as one can be.
        if last.failed.is_some_and(|at| at.elapsed() < SILENCE) {
            return;
        }
        let mut echo = std::pin::pin!(inner.heard_cut_off.notified());
        echo.as_mut().enable();
        if tokio::time::timeout(SILENCE, inner.pulse()).await.unwrap_or(false) {
            *last = CutOff { told: true, failed: None };
            // What this process hears the others have heard, or do in the same moment.
            tokio::time::timeout(ECHO, echo).await.ok();
        } else {
            last.failed = Some(Instant::now());
        }
    }

    /// Tells pulses and hears the others, for good: run it beside what remembers. `written` is told of the keys of
    /// what another process is going to write.
    pub async fn run(&self, written: impl Fn(&[Uuid])) {
        let Some(inner) = &self.0 else { return std::future::pending().await };
        let mut signals = inner.signals.hear_fleet();
        let mut pulse = tokio::time::interval(PULSE);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = pulse.tick() => {
                    inner.pulse().await;
                }
                signal = signals.recv() => match signal {
                    Ok(signal) => inner.hear(signal, &written),
                    Err(RecvError::Lagged(_)) => inner.seen().missed(),
                    Err(RecvError::Closed) => return,
                }
            }
        }
    }
}

impl Inner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that this process is there. `false` when it could not be said.
    async fn pulse(&self) -> bool {
        let (number, cut_off) = self.seen().next_pulse(Instant::now());
        let telling = if cut_off { Telling::Nobody } else { self.telling };
        let pulse = FleetSignal::Pulse { from: self.me.clone(), number, telling };
        let told = self.signals.tell_fleet(&pulse).await;
        if let Err(error) = &told {
            tracing::debug!(error = error_chain(error), "other processes could not be told of this one");
        }
        told.is_ok()
    }

    fn hear(&self, signal: FleetSignal, written: impl Fn(&[Uuid])) {
        match signal {
            FleetSignal::Pulse { from, number, telling } if from == self.me => {
                self.seen().heard_myself(number, Instant::now());
                if telling != self.telling {
                    self.heard_cut_off.notify_waiters();
                }
            }
            FleetSignal::Pulse { from, telling, .. } => {
                self.seen().heard(from, telling != self.telling, Instant::now());
            }
            FleetSignal::Interrupted => self.seen().missed(),
            FleetSignal::Writing { from, .. } if from == self.me => {}
            FleetSignal::Writing { from, keys } => {
                written(&keys);
                self.seen().others.insert(from, Instant::now());
            }
        }
    }

    /// Adds a key to what is told next. `true` when nobody is telling: the caller is to begin.
    fn enqueue(&self, key: Uuid, told: oneshot::Sender<bool>) -> bool {
        let mut waiting = self.waiting();
        waiting.keys.push(key);
        waiting.told.push(told);
        !std::mem::replace(&mut waiting.telling, true)
    }

    /// What is told next, and who waits for it; `None` ends the telling.
    fn next(&self) -> Option<(Vec<Uuid>, Vec<oneshot::Sender<bool>>)> {
        let mut waiting = self.waiting();
        let some = waiting.keys.len().min(AT_ONCE);
        waiting.telling = some > 0;
        (some > 0).then(|| (waiting.keys.drain(..some).collect(), waiting.told.drain(..some).collect()))
    }
}

/// The right to tell what waits. When it is dropped at work, with the runtime say, those who wait are told that nobody
/// could be told.
struct Teller {
    inner: Arc<Inner>,
    held: bool,
}

impl Drop for Teller {
    fn drop(&mut self) {
        if self.held {
            let mut waiting = self.inner.waiting();
            waiting.telling = false;
            waiting.keys.clear();
            waiting.told.clear();
        }
    }
}

/// Tells what waits, and what comes meanwhile, many keys at a time.
async fn tell_all(mut teller: Teller) {
    let inner = Arc::clone(&teller.inner);
    while let Some((keys, told)) = inner.next() {
        let signal = FleetSignal::Writing { from: inner.me.clone(), keys };
        let mut outcome = inner.signals.tell_fleet(&signal).await;
        if outcome.is_err() {
            // A connection that was lost is replaced with the next attempt.
            outcome = inner.signals.tell_fleet(&signal).await;
        }
        if let Err(error) = &outcome {
            tracing::warn!(error = error_chain(error), "other processes could not be told of what is written");
        }
        for told in told {
            // Whoever went away needs no answer.
            let _ = told.send(outcome.is_ok());
        }
    }
    // Given back by whoever found nothing more to tell.
    teller.held = false;
}

impl Seen {
    fn hears(&self, now: Instant) -> bool {
        self.heard
            .is_some_and(|(last, since)| now.duration_since(last) < SILENCE && last.duration_since(since) >= SILENCE)
    }

    /// Whether there is surely nobody else. Who does not hear cannot know.
    fn is_alone(&self, now: Instant) -> bool {
        self.hears(now) && self.others.values().all(|last| now.duration_since(*last) > REMEMBERED)
    }

    /// The number of the next pulse, which is told now, and whether this process is cut off.
    fn next_pulse(&mut self, now: Instant) -> (u64, bool) {
        self.pulses += 1;
        self.told.push_back((self.pulses, now));
        // Of those that are never heard no more than could still count.
        while self.told.front().is_some_and(|(_, told)| now.duration_since(*told) > REMEMBERED) {
            self.told.pop_front();
        }
        (self.pulses, self.cut_off)
    }

    /// A pulse that comes late says only that everything before it was heard, not that it is heard now.
    fn heard_myself(&mut self, number: u64, now: Instant) {
        let mut told = None;
        while let Some((_, at)) = self.told.pop_front_if(|(earlier, _)| *earlier <= number) {
            told = Some(at);
        }
        let Some(told) = told else { return };
        if self.heard.is_none_or(|(last, _)| now.duration_since(last) >= SILENCE) {
            self.missed();
        }
        self.heard = Some((told, self.heard.map_or(told, |(_, since)| since)));
        self.others.retain(|_, last| now.duration_since(*last) <= REMEMBERED);
    }

    fn heard(&mut self, from: String, otherwise: bool, now: Instant) {
        self.others.insert(from, now);
        if otherwise {
            self.otherwise = Some(now);
            self.era += 1;
        }
    }

    /// Something may have been missed.
    fn missed(&mut self) {
        self.era += 1;
        self.heard = None;
    }
}

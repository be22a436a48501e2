//! Live streams that every instance can read.
//!
//! The process that answers a turn keeps its log in memory, where its own readers read it, and copies it to Redis for
//! the others: the copy is one more reader. So no answer waits for Redis, and none is lost with it. Who reads a copy
//! that ends before its turn does, because Redis or the process that answered is gone, finds no log any more and is
//! told from the database.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, Timestamp, TurnId};
use redis::{Pipeline, RedisResult, Value};
use session_core::ports::{Glance, StreamBatch, StreamLogError, TurnStreamLog};
use session_core::stream::{BATCH_WEIGHT, MAX_WEIGHT, MemoryStreamLog, TurnEvent};
use tokio::sync::Semaphore;

use crate::link::{Away, RedisLink};
use crate::millis;
use crate::news::News;

/// Events that are read at once at most.
const MAX_EVENTS: usize = 256;
/// How long a copy outlives its last sign of life: as long as a turn's lease.
const ALIVE: Duration = Duration::from_secs(20);
/// Batches that are on their way to Redis at once: enough to keep it busy, and few enough that none is late.
const AT_ONCE: usize = 8;
/// How often a silent turn's copy gets a sign of life, and how long a reader waits before it looks for one.
const SIGN: Duration = Duration::from_secs(5);

/// The logs of this process's turns, copied to Redis, and the copies of all other processes' turns.
#[derive(Clone)]
pub struct RedisStreamLog(Arc<Inner>);

struct Inner {
    own: MemoryStreamLog,
    link: RedisLink,
    news: News,
    clock: Arc<dyn Clock>,
    keep: Duration,
    /// Held while something is copied: no more at once than Redis takes without anybody waiting.
    copying: Semaphore,
}

/// An event as it stands in the copy.
struct Copied {
    number: u64,
    event: TurnEvent,
    bytes: usize,
    /// When the turn ended, with the event that ended it.
    ended_at: Option<Timestamp>,
}

impl RedisStreamLog {
    /// A log that forgets a finished turn after `keep`. It must be made within the runtime that it is to use.
    pub fn new(link: RedisLink, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        let own = MemoryStreamLog::new(Arc::clone(&clock), keep);
        let news = News::start(link.client().clone());
        Self(Arc::new(Inner { own, link, news, clock, keep, copying: Semaphore::new(AT_ONCE) }))
    }
}

impl Inner {
    /// Copies a turn's log to its end. While Redis is away it waits, as long as the log is kept, and then begins anew:
    /// what stands there may lack something in the middle.
    async fn copy_to_the_end(&self, turn: TurnId) {
        while self.copy(turn).await.is_err() {
            tracing::debug!(%turn, "a stream is not copied until redis is back");
            while tokio::time::timeout(SIGN, self.link.well()).await.is_err() {
                if !self.has(turn).await {
                    return;
                }
            }
        }
    }

    /// Whether this process has a turn's log.
    async fn has(&self, turn: TurnId) -> bool {
        !matches!(self.own.glance(turn, u64::MAX).await, Ok(Glance::Unknown))
    }

    /// Copies a turn's log from its beginning until it ends, or Redis is away.
    async fn copy(&self, turn: TurnId) -> Result<(), Away> {
        let (mut after, mut held) = (0, Held::default());
        loop {
            let Ok(read) = tokio::time::timeout(SIGN, self.own.read(turn, after)).await else {
                self.sign(turn).await?;
                continue;
            };
            let batch = match read {
                Ok(Some(batch)) => batch,
                // The copy cannot keep up: it goes on with the oldest that is there.
                Err(StreamLogError::Behind { oldest }) => {
                    after = oldest - 1;
                    continue;
                }
                Ok(None) | Err(_) => return Ok(()),
            };
            after = batch.first + batch.events.len() as u64 - 1;
            self.add(turn, &batch, &mut held).await?;
            if batch.ended {
                return Ok(());
            }
        }
    }

    async fn sign(&self, turn: TurnId) -> Result<(), Away> {
        let key = self.link.keys().stream(turn);
        self.link
            .run_on(async |connection| redis::cmd("PEXPIRE").arg(&key).arg(millis(ALIVE)).exec_async(connection).await)
            .await
    }

    async fn add(&self, turn: TurnId, batch: &StreamBatch, held: &mut Held) -> Result<(), Away> {
        let key = self.link.keys().stream(turn);
        let mut commands = Pipeline::new();
        // All of it or nothing, even if this process dies in the middle: what has no end of life is waited for in vain.
        commands.atomic();
        if held.events.is_empty() {
            commands.cmd("DEL").arg(&key).ignore();
        }
        for (number, event) in (batch.first..).zip(&batch.events) {
            // An event is plain data: it can always be written.
            let json = serde_json::to_string(event).unwrap_or_default();
            let add = commands.cmd("XADD").arg(&key).arg(id(number)).arg("e").arg(&json);
            if event.ends_turn() {
                add.arg("t").arg(self.clock.now().unix_micros());
            }
            add.ignore();
            held.add(number, json.len());
        }
        if let Some(oldest) = held.trim() {
            commands.cmd("XTRIM").arg(&key).arg("MINID").arg(id(oldest)).ignore();
        }
        let lifetime = if batch.ended { self.keep } else { ALIVE };
        commands.cmd("PEXPIRE").arg(&key).arg(millis(lifetime)).ignore();
        commands.cmd("PUBLISH").arg(&key).arg("").ignore();
        // It is never closed.
        let _copying = self.copying.acquire().await;
        self.link.run_on(async |connection| commands.exec_async(connection).await).await
    }

    /// What there is of another process's turn. Without Redis nothing is known of it.
    async fn glance(&self, turn: TurnId, after: u64) -> Result<Glance, StreamLogError> {
        let key = self.link.keys().stream(turn);
        let asked = self.link.run_on(async |connection| -> RedisResult<(Value, Value, Value)> {
            let mut commands = Pipeline::new();
            let from = id(after.saturating_add(1));
            commands.cmd("XRANGE").arg(&key).arg(from).arg("+").arg("COUNT").arg(MAX_EVENTS);
            commands.cmd("XRANGE").arg(&key).arg("-").arg("+").arg("COUNT").arg(1);
            commands.cmd("XREVRANGE").arg(&key).arg("+").arg("-").arg("COUNT").arg(1);
            commands.query_async(connection).await
        });
        let Ok((rest, oldest, newest)) = asked.await else { return Ok(Glance::Unknown) };
        let (Some(rest), Some(oldest), Some(newest)) = (read(rest), read(oldest), read(newest)) else {
            tracing::warn!(%turn, "the copy of a stream is not understood");
            return Ok(Glance::Unknown);
        };
        let (Some(oldest), Some(newest)) = (oldest.first(), newest.first()) else { return Ok(Glance::Unknown) };
        if newest.ended_at.is_some_and(|ended| self.clock.now().since(ended) >= self.keep) {
            return Ok(Glance::Unknown);
        }
        if after.saturating_add(1) < oldest.number {
            return Err(StreamLogError::Behind { oldest: oldest.number });
        }
        Ok(seen(rest, newest, after))
    }

    async fn read(&self, turn: TurnId, after: u64) -> Result<Option<StreamBatch>, StreamLogError> {
        // What comes while it is looked is heard.
        let mut listener = self.news.listen(self.link.keys().stream(turn), self.link.patience()).await;
        loop {
            match self.glance(turn, after).await? {
                Glance::Unknown => return Ok(None),
                Glance::Batch(batch) => return Ok(Some(batch)),
                Glance::Waiting => listener.news(SIGN).await,
            }
        }
    }
}

/// What a reader gets that has heard everything up to `after`.
fn seen(rest: Vec<Copied>, newest: &Copied, after: u64) -> Glance {
    let (first, mut bytes) = (rest.first().map_or(after.saturating_add(1), |copied| copied.number), 0);
    let fits = |copied: &Copied| {
        let fits = bytes < BATCH_WEIGHT;
        bytes += copied.bytes;
        fits
    };
    let some: Vec<Copied> = rest.into_iter().take_while(fits).collect();
    let last = some.last().map_or(after, |copied| copied.number);
    let ended = newest.ended_at.is_some() && last >= newest.number;
    if some.is_empty() && !ended {
        return Glance::Waiting;
    }
    Glance::Batch(StreamBatch { first, events: some.into_iter().map(|copied| copied.event).collect(), ended })
}

/// The numbers and bytes of what a copy holds.
#[derive(Default)]
struct Held {
    events: VecDeque<(u64, usize)>,
    bytes: usize,
}

impl Held {
    fn add(&mut self, number: u64, bytes: usize) {
        self.events.push_back((number, bytes));
        self.bytes += bytes;
    }

    /// Drops the oldest ones of what is too much, by their JSON; answers the number of the oldest that stays, if any was dropped.
    fn trim(&mut self) -> Option<u64> {
        let before = self.events.len();
        while self.bytes > MAX_WEIGHT && self.events.len() > 1 {
            self.bytes -= self.events.pop_front().map_or(0, |(_, bytes)| bytes);
        }
        self.events.front().map(|(number, _)| *number).filter(|_| self.events.len() < before)
    }
}

fn id(number: u64) -> String {
    format!("{number}-0")
}

/// The entries of a stream; `None` when they are none of ours.
fn read(entries: Value) -> Option<Vec<Copied>> {
    let entries: Vec<(String, Vec<(String, String)>)> = redis::from_redis_value(entries).ok()?;
    entries.into_iter().map(|(id, fields)| copied(&id, &fields)).collect()
}

fn copied(id: &str, fields: &[(String, String)]) -> Option<Copied> {
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let json = field("e")?;
    let ended_at = match field("t") {
        Some(micros) => Some(Timestamp::from_unix_micros(micros.parse().ok()?)?),
        None => None,
    };
    let number = id.split_once('-')?.0.parse().ok()?;
    Some(Copied { number, event: serde_json::from_str(json).ok()?, bytes: json.len(), ended_at })
}

#[async_trait]
impl TurnStreamLog for RedisStreamLog {
    async fn open(&self, turn: TurnId) -> Result<(), StreamLogError> {
        let known = self.0.has(turn).await;
        self.0.own.open(turn).await?;
        if !known {
            let inner = Arc::clone(&self.0);
            tokio::spawn(async move { inner.copy_to_the_end(turn).await });
        }
        Ok(())
    }

    async fn append(&self, turn: TurnId, event: TurnEvent) -> Result<u64, StreamLogError> {
        self.0.own.append(turn, event).await
    }

    async fn glance(&self, turn: TurnId, after: u64) -> Result<Glance, StreamLogError> {
        match self.0.own.glance(turn, after).await? {
            Glance::Unknown => self.0.glance(turn, after).await,
            known => Ok(known),
        }
    }

    async fn read(&self, turn: TurnId, after: u64) -> Result<Option<StreamBatch>, StreamLogError> {
        match self.0.own.read(turn, after).await? {
            None => self.0.read(turn, after).await,
            known => Ok(known),
        }
    }
}

//! Entries of what is remembered, whatever they hold.

use std::sync::Arc;
use std::time::Duration;

use kernel::Clock;
use redis::aio::MultiplexedConnection;
use redis::{ParsingError, Pipeline, RedisResult, Value, from_redis_value};
use session_core::cache::{CacheLifetimes, jittered};
use session_core::ports::CacheTicket;

use crate::link::{Place, RedisLink};
use crate::scripts::Settling;

/// Remembers sessions and users' contexts in Redis.
#[derive(Clone)]
pub struct RedisCache {
    pub(crate) link: RedisLink,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lifetimes: CacheLifetimes,
}

/// What an entry says that can be trusted.
pub(crate) struct Entry {
    pub(crate) value: Option<String>,
    /// In place of a value, where there is none.
    pub(crate) absent: Option<String>,
    pub(crate) details: Details,
}

/// What a session's entry says beside the session. Nothing, when it was not asked for.
#[derive(Default)]
pub(crate) struct Details {
    /// The revision that the messages belong to, and the messages that were asked for.
    pub(crate) messages_of: Option<u64>,
    pub(crate) messages: Vec<String>,
    /// The revision that the figures belong to, and the figures.
    pub(crate) figures_of: Option<u64>,
    pub(crate) figures: [Option<u64>; 4],
}

/// An entry, and what says whether it can be trusted.
struct Reading {
    entry: Entry,
    written_in: Option<String>,
    epoch: Option<String>,
    writers: Option<u64>,
}

impl RedisCache {
    /// A cache over a link.
    pub fn new(link: RedisLink, clock: Arc<dyn Clock>, lifetimes: CacheLifetimes) -> Self {
        Self { link, clock, lifetimes }
    }

    /// What an entry says, with so many of its messages and all other details, or without any. `None` when nothing is
    /// known, or somebody writes it.
    pub(crate) async fn entry(&self, place: &Place, messages: Option<usize>) -> Option<Entry> {
        let read = self.link.read_on(async |connection| query(connection, place, messages).await);
        match read.await.ok()? {
            Ok(Reading { entry, written_in, epoch, writers }) => {
                let good = epoch.is_some() && written_in == epoch && writers.unwrap_or(0) == 0;
                good.then_some(entry)
            }
            Err(error) => {
                self.discard(place, &error).await;
                None
            }
        }
    }

    /// The right to keep what is read next, if nobody has it and nobody writes.
    pub(crate) async fn reserve(&self, place: &Place) -> Option<CacheTicket> {
        let ticket = CacheTicket::generate(self.link.ids());
        let reserved = self.link.read_on(async |connection| {
            let (own, _) = ticket.parts();
            self.link.scripts().reserve(connection, place, own).await
        });
        let epoch = reserved.await.ok().flatten()?;
        Some(ticket.carrying(&epoch))
    }

    /// Something that should not be under a key: it is removed, and nothing is known.
    pub(crate) async fn discard(&self, place: &Place, what: &str) {
        metrics::counter!("redis_garbage_total").increment(1);
        tracing::warn!(key = place.entry, what, "what redis remembers is not understood and is removed");
        let removed = self.link.run_on(async |connection| {
            redis::cmd("DEL").arg(&place.entry).arg(&place.list).exec_async(connection).await
        });
        // Without Redis there is nothing to remove.
        removed.await.ok();
    }

    /// Says that an entry is going to be written.
    pub(crate) async fn mark(&self, place: &Place) -> CacheTicket {
        let ticket = CacheTicket::generate(self.link.ids());
        let (own, _) = ticket.parts();
        let mark = async || {
            let marked = self.link.run_on(async |connection| self.link.scripts().mark(connection, place, own).await);
            marked.await.ok()
        };
        if let Some(epoch) = mark().await {
            return ticket.clone().carrying(&epoch);
        }
        // It may have been the thread's own connection alone that was gone.
        if self.link.is_well()
            && let Some(epoch) = mark().await
        {
            return ticket.clone().carrying(&epoch);
        }
        self.link.cannot_tell(own, place.clone()).await;
        // Redis may have come back before it was known that there is something to tell.
        match mark().await {
            Some(epoch) => ticket.clone().carrying(&epoch),
            None => ticket,
        }
    }

    /// Says what came of a write.
    pub(crate) async fn settle(&self, place: &Place, settling: &Settling<'_>) {
        // Before Redis is told: a link that is made just now marks no write that is over.
        self.link.is_over(settling.ticket);
        let settled =
            self.link.run_on(async |connection| self.link.scripts().settle(connection, place, settling).await);
        // A write that is not said to be over leaves the entry unknown, which is right.
        settled.await.ok();
    }

    pub(crate) fn jittered(&self, lifetime: Duration) -> Duration {
        // Redis takes no time to live of zero.
        jittered(lifetime, self.link.ids()).max(Duration::from_millis(1))
    }
}

/// Asks for an entry. What Redis answers but cannot be taken for what was asked for is told as such; an error is one of
/// the connection or the server.
async fn query(
    connection: &mut MultiplexedConnection,
    place: &Place,
    messages: Option<usize>,
) -> RedisResult<Result<Reading, String>> {
    let mut commands = Pipeline::new();
    commands.cmd("HMGET").arg(&place.entry).arg(&["e", "w", "s", "n"]);
    if let Some(messages) = messages {
        commands.cmd("HMGET").arg(&place.entry).arg(&["hr", "sr", "c0", "c1", "c2", "c3"]);
        // What is not asked for is a range that is always empty.
        let first = if messages == 0 { 1 } else { -i64::try_from(messages).unwrap_or(i64::MAX) };
        commands.cmd("LRANGE").arg(&place.list).arg(first).arg(if messages == 0 { 0 } else { -1 });
    }
    // Last: what was written in this epoch before it was asked for is good now.
    commands.cmd("GET").arg(&place.epoch);
    let answers: Vec<Value> = match commands.query_async(connection).await {
        Ok(answers) => answers,
        Err(error) if error.code() == Some("WRONGTYPE") => return Ok(Err("a key of another type".into())),
        Err(error) => return Err(error),
    };
    Ok(understood(answers, messages.is_some()).map_err(|error| error.to_string()))
}

fn understood(answers: Vec<Value>, with_details: bool) -> Result<Reading, ParsingError> {
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or(Value::Nil);
    let (written_in, writers, value, absent) = from_redis_value(next())?;
    let details = if with_details {
        let (messages_of, figures_of, c0, c1, c2, c3) = from_redis_value(next())?;
        let messages = from_redis_value(next())?;
        Details { messages_of, messages, figures_of, figures: [c0, c1, c2, c3] }
    } else {
        Details::default()
    };
    let epoch = from_redis_value(next())?;
    Ok(Reading { entry: Entry { value, absent, details }, written_in, epoch, writers })
}

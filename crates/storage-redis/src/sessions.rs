//! Sessions and what was said last in them, remembered for all instances.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, SessionId, StoreId};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisResult};
use serde::de::DeserializeOwned;
use session_core::cache::{CacheLifetimes, jittered};
use session_core::model::{Message, Session, SessionStats};
use session_core::ports::{CacheTicket, Found, RECENT_MESSAGES, Recalled, Recent, SessionCache, Written};

use crate::link::{Place, RedisLink};
use crate::scripts::Settling;

/// In place of a store, where no store has the session.
const ANY_STORE: &str = "*";

/// Remembers sessions and users' contexts in Redis.
#[derive(Clone)]
pub struct RedisCache {
    pub(crate) link: RedisLink,
    clock: Arc<dyn Clock>,
    pub(crate) lifetimes: CacheLifetimes,
}

/// What the fields of a session's entry say, in the order in which they are asked for.
type Fields = (Option<String>, Option<String>, Option<u64>, Option<u64>, Option<String>);
type Figures = (Option<u64>, Option<u64>, Option<u64>, Option<u64>, Option<u64>, Option<u64>);

impl RedisCache {
    /// A cache over a link.
    pub fn new(link: RedisLink, clock: Arc<dyn Clock>, lifetimes: CacheLifetimes) -> Self {
        Self { link, clock, lifetimes }
    }

    fn place(&self, id: SessionId) -> Place {
        let keys = self.link.keys();
        Place { entry: keys.session(id), list: keys.chat(id), epoch: keys.epoch() }
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

    async fn read(&self, place: &Place, messages: usize, more: bool) -> Option<(Fields, Figures, Vec<String>)> {
        let read = self.link.read_on(async |connection| {
            let mut commands = Pipeline::new();
            commands.cmd("HMGET").arg(&place.entry).arg(&["e", "s", "r", "w", "n"]);
            if more {
                commands.cmd("HMGET").arg(&place.entry).arg(&["hr", "sr", "c0", "c1", "c2", "c3"]);
                // What is not asked for is a range that is always empty.
                let first = if messages == 0 { 1 } else { -i64::try_from(messages).unwrap_or(i64::MAX) };
                commands.cmd("LRANGE").arg(&place.list).arg(first).arg(if messages == 0 { 0 } else { -1 });
            }
            // Last: what was written in this epoch before it was asked for is good now.
            commands.cmd("GET").arg(&place.epoch);
            query(commands, connection, more).await
        });
        match read.await.ok()? {
            Ok((fields, figures, list, epoch)) => {
                let good = epoch.is_some() && fields.0 == epoch && fields.3.unwrap_or(0) == 0;
                good.then_some((fields, figures, list))
            }
            Err(error) => {
                self.discard(place, &error).await;
                None
            }
        }
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
        self.link.cannot_tell(own, place.clone()).await;
        // Redis may have come back before it was known that there is something to tell.
        match mark().await {
            Some(epoch) => ticket.clone().carrying(&epoch),
            None => ticket,
        }
    }

    pub(crate) fn settling<'a>(&self, ttl: Duration, what: &'static str) -> Settling<'a> {
        Settling {
            ticket: "",
            epoch: "",
            what,
            revision: 0,
            value: "",
            ttl,
            history_ttl: self.jittered(self.lifetimes.history),
            messages: RECENT_MESSAGES,
            message: "",
            figures: [0; 4],
        }
    }

    pub(crate) fn jittered(&self, lifetime: Duration) -> Duration {
        // Redis takes no time to live of zero.
        jittered(lifetime, self.link.ids()).max(Duration::from_millis(1))
    }

    pub(crate) async fn settle(&self, place: &Place, settling: &Settling<'_>) {
        let settled =
            self.link.run_on(async |connection| self.link.scripts().settle(connection, place, settling).await);
        // A write that is not said to be over leaves the session unknown, which is right.
        settled.await.ok();
    }
}

type Answer = Result<(Fields, Figures, Vec<String>, Option<String>), String>;

/// Carries out the commands of a reading. What Redis answers but cannot be taken for what was asked for is told as such;
/// an error is one of the connection or the server.
async fn query(commands: Pipeline, connection: &mut MultiplexedConnection, more: bool) -> RedisResult<Answer> {
    let answers: Vec<redis::Value> = match commands.query_async(connection).await {
        Ok(answers) => answers,
        Err(error) if error.code() == Some("WRONGTYPE") => return Ok(Err("a key of another type".into())),
        Err(error) => return Err(error),
    };
    Ok(understood(answers, more).map_err(|error| error.to_string()))
}

fn understood(
    answers: Vec<redis::Value>,
    more: bool,
) -> Result<(Fields, Figures, Vec<String>, Option<String>), redis::ParsingError> {
    let mut answers = answers.into_iter();
    let mut next = || answers.next().unwrap_or(redis::Value::Nil);
    let fields = redis::from_redis_value(next())?;
    let (figures, list) =
        if more { (redis::from_redis_value(next())?, redis::from_redis_value(next())?) } else { Default::default() };
    Ok((fields, figures, list, redis::from_redis_value(next())?))
}

fn parsed<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn written<T: serde::Serialize>(value: &T) -> Option<String> {
    // These have no keys that JSON could not take; one that cannot be written is not kept.
    serde_json::to_string(value).ok()
}

fn figures(stats: &SessionStats) -> [u64; 4] {
    [stats.messages, stats.total_tokens, stats.timed_answers, stats.response_ms]
}

/// The figures of an entry, if they are of its revision.
fn stats_at(
    revision: u64,
    (_, of, messages, total_tokens, timed_answers, response_ms): &Figures,
) -> Option<SessionStats> {
    if *of != Some(revision) {
        return None;
    }
    let stats = SessionStats {
        messages: (*messages)?,
        total_tokens: (*total_tokens)?,
        timed_answers: (*timed_answers)?,
        response_ms: (*response_ms)?,
    };
    Some(stats)
}

/// The messages of a list, if they are those of the session as it is.
fn messages_of(session: &Session, list: &[String]) -> Option<Vec<Message>> {
    let messages: Vec<Message> = list.iter().map(|text| parsed(text)).collect::<Option<_>>()?;
    let last = messages.last().map_or(0, |message| message.sequence);
    (last == session.last_sequence).then_some(messages)
}

#[async_trait]
impl SessionCache for RedisCache {
    async fn recall(&self, id: SessionId) -> Recalled {
        let place = self.place(id);
        if let Some(((_, session, _, _, absent), ..)) = self.read(&place, 0, false).await {
            match (session.as_deref().map(parsed::<Session>), absent) {
                (Some(Some(session)), _) if session.id == id => return Recalled::Session(Box::new(session)),
                (Some(_), _) => self.discard(&place, "a session that cannot be read").await,
                (None, Some(store)) if store == ANY_STORE => return Recalled::Absent(None),
                (None, Some(store)) => match StoreId::new(store) {
                    Ok(store) => return Recalled::Absent(Some(store)),
                    Err(_) => self.discard(&place, "a store that is none").await,
                },
                (None, None) => {}
            }
        }
        Recalled::Missing(self.reserve(&place).await)
    }

    async fn recall_recent(&self, id: SessionId, messages: usize) -> Option<Recent> {
        let place = self.place(id);
        let (fields, figures, list) = self.read(&place, messages, true).await?;
        let session = fields.1.as_deref().and_then(parsed::<Session>).filter(|session| session.id == id)?;
        let of_this = figures.0 == Some(session.revision);
        let newest = if of_this && messages > 0 { messages_of(&session, &list) } else { None };
        let stats = stats_at(session.revision, &figures);
        Some(Recent { session, messages: newest, stats })
    }

    async fn keep(&self, id: SessionId, ticket: &CacheTicket, found: Found<'_>) -> bool {
        let place = self.place(id);
        let (ttl, field, value, revision) = match found {
            Found::Session(session) => {
                let Some(ttl) = self.lifetimes.of_session(session, self.clock.now()) else { return false };
                let Some(value) = written(session) else { return false };
                (ttl, "s", value, session.revision)
            }
            Found::Absent(store) => {
                (self.lifetimes.absent, "n", store.map_or(ANY_STORE, StoreId::as_str).to_owned(), 0)
            }
        };
        let ttl = self.jittered(ttl);
        let kept = self.link.run_on(async |connection| {
            let what = (field, value.as_str(), revision);
            self.link.scripts().fill(connection, &place, ticket.parts(), what, ttl).await
        });
        kept.await.unwrap_or(false)
    }

    async fn keep_recent(
        &self,
        id: SessionId,
        revision: u64,
        messages: Option<&[Message]>,
        stats: Option<&SessionStats>,
    ) {
        let place = self.place(id);
        let newest = messages.map(|messages| &messages[messages.len().saturating_sub(RECENT_MESSAGES)..]);
        let newest: Option<Vec<String>> = newest.and_then(|messages| messages.iter().map(written).collect());
        let ttl = self.jittered(self.lifetimes.history);
        let kept = self.link.run_on(async |connection| {
            let (newest, figures) = (newest.as_deref(), stats.map(figures));
            self.link.scripts().keep_recent(connection, &place, (revision, ttl), newest, figures).await
        });
        // What is not kept is read again.
        kept.await.ok();
    }

    async fn writing(&self, id: SessionId) -> CacheTicket {
        self.mark(&self.place(id)).await
    }

    async fn wrote(&self, id: SessionId, ticket: Option<CacheTicket>, written_as: Written<'_>) {
        let place = self.place(id);
        let (own, epoch) = ticket.as_ref().map_or(("", ""), CacheTicket::parts);
        let told = ticket.is_none() || !epoch.is_empty();
        let (session, said, what) = match written_as {
            Written::Unchanged => (None, None, "unchanged"),
            Written::Doubtful => (None, None, "doubtful"),
            Written::New(session) => (Some(session), None, "new"),
            Written::Changed(session, said) => (Some(session), said, "changed"),
        };
        let ttl = session.map(|session| self.lifetimes.of_session(session, self.clock.now()));
        let value = session.map(written);
        let message = said.map(written);
        // What cannot be kept, or of which Redis does not know since when it was written, is not known any more.
        let unkept = matches!(ttl, Some(None)) || matches!(value, Some(None)) || matches!(message, Some(None));
        let what = if unkept || (!told && what != "unchanged") { "doubtful" } else { what };
        let mut added = SessionStats::default();
        if let Some(said) = said {
            added.count(said);
        }
        let (value, message) = (value.flatten().unwrap_or_default(), message.flatten().unwrap_or_default());
        let ttl = self.jittered(ttl.flatten().unwrap_or_default());
        let revision = session.map_or(0, |session| session.revision);
        let settling = Settling {
            ticket: own,
            epoch,
            revision,
            value: &value,
            message: &message,
            figures: figures(&added),
            ..self.settling(ttl, what)
        };
        // Before Redis is told: a link that is made just now marks no write that is over.
        self.link.is_over(own);
        self.settle(&place, &settling).await;
    }
}

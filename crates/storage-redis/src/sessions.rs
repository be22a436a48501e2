//! Sessions and what was said last in them, remembered for all instances.

use std::time::Duration;

use async_trait::async_trait;
use kernel::{SessionId, StoreId};
use serde::de::DeserializeOwned;
use session_core::model::{Message, Session, SessionStats};
use session_core::ports::{CacheTicket, Found, RECENT_MESSAGES, Recalled, Recent, SessionCache, Written};

use crate::cache::{Details, RedisCache};
use crate::link::Place;
use crate::scripts::{Outcome, Settling};

/// In place of a store, where no store has the session.
const ANY_STORE: &str = "*";

impl RedisCache {
    fn place(&self, id: SessionId) -> Place {
        let keys = self.link.keys();
        Place { entry: keys.session(id), list: Some(keys.chat(id)), epoch: keys.epoch() }
    }
}

fn parsed<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

fn json<T: serde::Serialize>(value: &T) -> Option<String> {
    // These have no keys that JSON could not take; one that cannot be written is not kept.
    serde_json::to_string(value).ok()
}

fn figures(stats: &SessionStats) -> [u64; 4] {
    [stats.messages, stats.total_tokens, stats.timed_answers, stats.response_ms]
}

/// The figures of an entry, if they are those of the session as it is.
fn stats_of(session: &Session, details: &Details) -> Option<SessionStats> {
    if details.figures_of != Some(session.revision) {
        return None;
    }
    let [messages, total_tokens, timed_answers, response_ms] = details.figures;
    Some(SessionStats {
        messages: messages?,
        total_tokens: total_tokens?,
        timed_answers: timed_answers?,
        response_ms: response_ms?,
    })
}

/// The messages of an entry, if they are those of the session as it is.
fn messages_of(session: &Session, details: &Details) -> Option<Vec<Message>> {
    if details.messages_of != Some(session.revision) {
        return None;
    }
    let messages: Vec<Message> = details.messages.iter().map(|text| parsed(text)).collect::<Option<_>>()?;
    let last = messages.last().map_or(0, |message| message.sequence);
    (last == session.last_sequence).then_some(messages)
}

/// What is told to Redis of a write: what came of it, the session with the time it may be kept, and the message.
#[derive(Default)]
struct Told {
    outcome: Outcome,
    session: String,
    ttl: Duration,
    message: String,
}

impl RedisCache {
    /// What Redis is told of a write; what cannot be kept is not known any more.
    fn told(&self, written: Written<'_>) -> Told {
        let (outcome, session, said) = match written {
            Written::Unchanged => (Outcome::Unchanged, None, None),
            Written::Doubtful => (Outcome::Doubtful, None, None),
            Written::New(session) => (Outcome::New, Some(session), None),
            Written::Changed(session, said) => (Outcome::Changed, Some(session), said),
        };
        let kept = || {
            let Some(session) = session else { return Some((String::new(), Duration::ZERO, String::new())) };
            let ttl = self.lifetimes.of_session(session, self.clock.now())?;
            Some((json(session)?, ttl, said.map_or(Some(String::new()), json)?))
        };
        match kept() {
            Some((session, ttl, message)) => Told { outcome, session, ttl, message },
            None => Told::default(),
        }
    }
}

#[async_trait]
impl SessionCache for RedisCache {
    async fn recall(&self, id: SessionId) -> Recalled {
        let place = self.place(id);
        if let Some(entry) = self.entry(&place, None).await {
            match (entry.value.as_deref().map(parsed::<Session>), entry.absent) {
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

    async fn revision(&self, id: SessionId) -> Option<u64> {
        self.revision_of(self.link.keys().session(id)).await
    }

    async fn recall_recent(&self, id: SessionId, messages: usize) -> Option<Recent> {
        let entry = self.entry(&self.place(id), Some(messages)).await?;
        let session = entry.value.as_deref().and_then(parsed::<Session>).filter(|session| session.id == id)?;
        let newest = if messages > 0 { messages_of(&session, &entry.details) } else { None };
        let stats = stats_of(&session, &entry.details);
        Some(Recent { session, messages: newest, stats })
    }

    async fn keep(&self, id: SessionId, ticket: &CacheTicket, found: Found<'_>) -> bool {
        let place = self.place(id);
        let (ttl, field, value, revision) = match found {
            Found::Session(session) => {
                let Some(ttl) = self.lifetimes.of_session(session, self.clock.now()) else { return false };
                let Some(value) = json(session) else { return false };
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
        let newest: Option<Vec<String>> = newest.and_then(|messages| messages.iter().map(json).collect());
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

    async fn wrote(&self, id: SessionId, ticket: Option<CacheTicket>, written: Written<'_>) {
        let (own, epoch) = ticket.as_ref().map_or(("", ""), CacheTicket::parts);
        let told = self.told(written);
        // Of what Redis does not know since when it was written, nothing is known any more.
        let untold = ticket.is_some() && epoch.is_empty() && told.outcome != Outcome::Unchanged;
        let mut added = SessionStats::default();
        if let Written::Changed(_, Some(said)) = written {
            added.count(said);
        }
        let revision = match written {
            Written::New(session) | Written::Changed(session, _) => session.revision,
            Written::Unchanged | Written::Doubtful => 0,
        };
        let settling = Settling {
            ticket: own,
            epoch,
            outcome: if untold { Outcome::Doubtful } else { told.outcome },
            revision,
            value: &told.session,
            ttl: self.jittered(told.ttl),
            history_ttl: self.jittered(self.lifetimes.history),
            messages: RECENT_MESSAGES,
            message: &told.message,
            figures: figures(&added),
        };
        self.settle(&self.place(id), &settling).await;
    }
}

//! The repositories of sessions and turns, with a cache before them.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, TurnId, UserId};

use super::CacheCounts;
use super::flights::{Boarding, Flights, arrival};
use crate::model::{ClosedTurn, Lease, Message, NewTurn, Session, SessionStats, Turn, TurnClosing, TurnOpening};
use crate::ports::{
    CacheTicket, Found, MessageRange, Recalled, Recent, SessionCache, SessionCursor, SessionFilter, SessionRepository,
    TurnRepository, Written,
};

type Key = (StoreId, SessionId);

/// Sessions and turns of a storage, found in a cache where it knows them. Every write goes through it: it says so to
/// the cache before and after.
#[derive(Clone)]
pub struct CachedSessions {
    sessions: Arc<dyn SessionRepository>,
    pub(super) turns: Arc<dyn TurnRepository>,
    pub(super) cache: Arc<dyn SessionCache>,
    flights: Flights<Key, Option<Session>>,
    counts: Arc<CacheCounts>,
}

impl CachedSessions {
    /// A cache before a storage.
    pub fn new(
        sessions: Arc<dyn SessionRepository>,
        turns: Arc<dyn TurnRepository>,
        cache: Arc<dyn SessionCache>,
    ) -> Self {
        Self { sessions, turns, cache, flights: Flights::default(), counts: Arc::default() }
    }

    /// How often the cache knew the answer.
    pub fn counts(&self) -> &Arc<CacheCounts> {
        &self.counts
    }

    /// A session that the cache does not know. Those who ask for one at the same time read it once, if nothing was
    /// written meanwhile: only then what was read is as good for those who asked later.
    async fn load(
        &self,
        store: &StoreId,
        id: SessionId,
        ticket: Option<CacheTicket>,
    ) -> Result<Option<Session>, RepositoryError> {
        let key = (store.clone(), id);
        let Some(ticket) = ticket else {
            if let Some(flight) = self.flights.under_way(&key)
                && let Some(found) = arrival(flight).await
            {
                return Ok(found);
            }
            return self.sessions.find(store, id).await;
        };
        match self.flights.board(key) {
            Boarding::Passenger(flight) => match arrival(flight).await {
                Some(found) => Ok(found),
                None => self.sessions.find(store, id).await,
            },
            Boarding::Pilot(flight) => {
                let session = self.sessions.find(store, id).await?;
                let found = session.as_ref().map_or(Found::Absent(Some(store)), Found::Session);
                if self.cache.keep(id, &ticket, found).await {
                    flight.land(session.clone());
                }
                Ok(session)
            }
        }
    }

    /// Has a session written, with the cache knowing of it.
    async fn write<T>(
        &self,
        id: SessionId,
        write: impl Future<Output = Result<T, RepositoryError>> + Send,
        written: impl for<'a> Fn(&'a T) -> Written<'a> + Send,
    ) -> Result<T, RepositoryError> {
        let ticket = self.cache.writing(id).await;
        let outcome = write.await;
        self.wrote(id, ticket, outcome.as_ref().map(written)).await;
        outcome
    }

    async fn wrote(&self, id: SessionId, ticket: CacheTicket, outcome: Result<Written<'_>, &RepositoryError>) {
        match outcome {
            Ok(written) => self.cache.wrote(id, Some(ticket), written).await,
            // What is cached may be why it was refused.
            Err(RepositoryError::Stale | RepositoryError::Conflict) => {
                self.cache.wrote(id, Some(ticket), Written::Doubtful).await;
            }
            // It may have been written, or be written yet: the session stays unknown until the write is surely over.
            Err(_) => {}
        }
    }
}

/// What an update makes of a session that was known at the revision it was made from: nobody wrote in between, and
/// what an update does not write stays.
fn updated(before: Session, update: &Session) -> Option<Session> {
    (before.revision == update.revision).then(|| Session {
        title: update.title.clone(),
        metadata: update.metadata.clone(),
        business: update.business.clone(),
        privacy: update.privacy,
        state: update.state,
        expires_at: update.expires_at,
        ended_at: update.ended_at,
        deleted_at: update.deleted_at,
        revision: before.revision + 1,
        ..before
    })
}

#[async_trait]
impl SessionRepository for CachedSessions {
    async fn find(&self, store: &StoreId, id: SessionId) -> Result<Option<Session>, RepositoryError> {
        let recalled = self.cache.recall(id).await;
        self.counts.count(!matches!(recalled, Recalled::Missing(_)));
        match recalled {
            Recalled::Session(session) => Ok((session.store == *store).then_some(*session)),
            Recalled::Absent(from) if from.as_ref().is_none_or(|from| from == store) => Ok(None),
            Recalled::Absent(_) => self.sessions.find(store, id).await,
            Recalled::Missing(ticket) => self.load(store, id, ticket).await,
        }
    }

    async fn is_at(&self, id: SessionId, revision: u64) -> bool {
        let known = self.cache.revision(id).await == Some(revision);
        // Who does not know asks on, and that is counted.
        if known {
            self.counts.count(true);
        }
        known
    }

    async fn store_of(&self, id: SessionId) -> Result<Option<StoreId>, RepositoryError> {
        let ticket = match self.cache.recall(id).await {
            Recalled::Session(session) => return Ok(Some(session.store)),
            Recalled::Absent(None) => return Ok(None),
            Recalled::Absent(_) => None,
            Recalled::Missing(ticket) => ticket,
        };
        let store = self.sessions.store_of(id).await?;
        match (&store, ticket) {
            (None, Some(ticket)) => drop(self.cache.keep(id, &ticket, Found::Absent(None)).await),
            // Whoever asks for the store is going to ask for the session in it.
            (Some(store), ticket @ Some(_)) => drop(self.load(store, id, ticket).await?),
            _ => {}
        }
        Ok(store)
    }

    async fn insert(&self, session: &Session) -> Result<(), RepositoryError> {
        self.sessions.insert(session).await?;
        self.cache.wrote(session.id, None, Written::New(session)).await;
        Ok(())
    }

    async fn update(&self, session: &Session) -> Result<(), RepositoryError> {
        let before = self.cache.recall(session.id).await;
        let ticket = self.cache.writing(session.id).await;
        let outcome = self.sessions.update(session).await;
        let updated = match before {
            Recalled::Session(before) => updated(*before, session),
            Recalled::Absent(_) | Recalled::Missing(_) => None,
        };
        let written = updated.as_ref().map_or(Written::Doubtful, |updated| Written::Changed(updated, None));
        self.wrote(session.id, ticket, outcome.as_ref().map(|()| written)).await;
        outcome
    }

    async fn touch(
        &self,
        store: &StoreId,
        user: Option<UserId>,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        self.write(id, self.sessions.touch(store, user, id, now, expires_at), |touched| {
            touched.as_ref().map_or(Written::Unchanged, |session| Written::Changed(session, None))
        })
        .await
    }

    async fn find_live(
        &self,
        store: &StoreId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        self.sessions.find_live(store, user, now).await
    }

    async fn page(
        &self,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: PageLimit,
    ) -> Result<Page<Session, SessionCursor>, RepositoryError> {
        self.sessions.page(filter, after, limit).await
    }

    async fn count_active(&self, store: &StoreId, now: Timestamp) -> Result<u64, RepositoryError> {
        self.sessions.count_active(store, now).await
    }
}

#[async_trait]
impl TurnRepository for CachedSessions {
    async fn open_turn(&self, turn: &NewTurn) -> Result<TurnOpening, RepositoryError> {
        let again = turn.again.is_some();
        self.write(turn.session, self.turns.open_turn(turn), move |opening| match opening {
            TurnOpening::Opened(opened) => Written::Changed(&opened.session, (!again).then_some(&opened.question)),
            _ => Written::Unchanged,
        })
        .await
    }

    async fn close_turn(&self, turn: &ClosedTurn) -> Result<TurnClosing, RepositoryError> {
        self.write(turn.session, self.turns.close_turn(turn), |closing| match closing {
            TurnClosing::Closed { answer: Some(answer), session } => Written::Changed(session, Some(answer)),
            _ => Written::Unchanged,
        })
        .await
    }

    async fn find_turn(&self, store: &StoreId, id: TurnId) -> Result<Option<Turn>, RepositoryError> {
        self.turns.find_turn(store, id).await
    }

    async fn find_request(
        &self,
        store: &StoreId,
        session: SessionId,
        client_message_id: &str,
    ) -> Result<Option<Turn>, RepositoryError> {
        self.turns.find_request(store, session, client_message_id).await
    }

    async fn find_open(&self, store: &StoreId, session: SessionId) -> Result<Option<Turn>, RepositoryError> {
        self.turns.find_open(store, session).await
    }

    async fn find_message(&self, store: &StoreId, id: MessageId) -> Result<Option<Message>, RepositoryError> {
        self.turns.find_message(store, id).await
    }

    async fn messages(
        &self,
        store: &StoreId,
        session: SessionId,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Page<Message, u64>, RepositoryError> {
        self.page_of(store, session, range, limit).await
    }

    async fn renew_lease(&self, store: &StoreId, id: TurnId, lease_until: Timestamp) -> Result<Lease, RepositoryError> {
        self.turns.renew_lease(store, id, lease_until).await
    }

    async fn request_cancel(
        &self,
        store: &StoreId,
        id: TurnId,
        at: Timestamp,
    ) -> Result<Option<Turn>, RepositoryError> {
        self.turns.request_cancel(store, id, at).await
    }

    async fn stats(&self, store: &StoreId, session: SessionId) -> Result<SessionStats, RepositoryError> {
        let known = self.cache.recall_recent(session, 0).await.filter(|recent| recent.session.store == *store);
        match known {
            Some(Recent { stats: Some(stats), .. }) => Ok(stats),
            Some(recent) => {
                let stats = self.turns.stats(store, session).await?;
                self.cache.keep_recent(session, recent.session.revision, None, Some(&stats)).await;
                Ok(stats)
            }
            None => self.turns.stats(store, session).await,
        }
    }

    async fn interrupt_stale(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        self.turns.interrupt_stale(now).await
    }
}

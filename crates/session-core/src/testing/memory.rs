//! One in-memory storage that behaves as the databases do.

mod feedback;
mod search;
mod shares;
mod user_contexts;
mod whole;

pub use whole::WholeSession;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, SessionId, ShareId, StoreId, Timestamp, TurnId, UserId};

use crate::model::{
    ClosedTurn, Feedback, Lease, Message, NewTurn, OpenedTurn, Session, SessionState, SessionStats, ShareAccess,
    ShareLink, Turn, TurnClosing, TurnOpening, TurnState, UserContext,
};
use crate::ports::{
    MessageRange, Purged, SessionCursor, SessionFilter, SessionMaintenance, SessionRepository, TurnRepository,
};

/// Sessions, turns, messages, feedback, share links and user contexts in memory.
#[derive(Default)]
pub struct MemorySessions(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    sessions: BTreeMap<SessionId, Session>,
    turns: BTreeMap<TurnId, Turn>,
    messages: BTreeMap<(SessionId, u64), Message>,
    feedback: BTreeMap<(MessageId, Option<UserId>), Feedback>,
    shares: BTreeMap<ShareId, ShareLink>,
    accesses: Vec<(ShareId, ShareAccess)>,
    user_contexts: BTreeMap<(StoreId, UserId), UserContext>,
    leaders: BTreeMap<String, (String, Timestamp)>,
}

impl MemorySessions {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn session(&self, store: &StoreId, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id).filter(|session| session.store == *store)
    }

    fn message(&self, store: &StoreId, id: MessageId) -> Option<&Message> {
        let message = self.messages.values().find(|message| message.id == id)?;
        self.session(store, message.session).map(|_| message)
    }

    fn obstacle(&self, new: &NewTurn) -> Option<TurnOpening> {
        let of_session = || self.turns.values().filter(|turn| turn.session == new.session);
        let same = of_session()
            .filter(|_| new.client_message_id.is_some())
            .find(|turn| turn.client_message_id == new.client_message_id);
        let open = of_session().find(|turn| turn.state == TurnState::Open);
        new.obstacle(self.session(&new.store, new.session), same, open)
    }

    fn interrupt(&mut self, now: Timestamp, which: impl Fn(&Turn) -> bool) -> u64 {
        let mut count = 0;
        for turn in self.turns.values_mut() {
            if turn.state == TurnState::Open && turn.lease_until <= now && which(turn) {
                turn.state = TurnState::Interrupted;
                turn.closed_at = Some(now);
                count += 1;
            }
        }
        count
    }
}

#[async_trait]
impl SessionRepository for MemorySessions {
    async fn is_at(&self, _: SessionId, _: u64) -> bool {
        false
    }

    async fn find(&self, store: &StoreId, id: SessionId) -> Result<Option<Session>, RepositoryError> {
        Ok(self.tables().session(store, id).cloned())
    }

    async fn store_of(&self, id: SessionId) -> Result<Option<StoreId>, RepositoryError> {
        Ok(self.tables().sessions.get(&id).map(|session| session.store.clone()))
    }

    async fn insert(&self, session: &Session) -> Result<(), RepositoryError> {
        let mut tables = self.tables();
        if tables.sessions.contains_key(&session.id) {
            return Err(RepositoryError::Conflict);
        }
        tables.sessions.insert(session.id, session.clone());
        Ok(())
    }

    async fn update(&self, session: &Session) -> Result<(), RepositoryError> {
        let mut tables = self.tables();
        let stored = tables
            .sessions
            .get_mut(&session.id)
            .filter(|stored| stored.store == session.store && stored.revision == session.revision);
        let stored = stored.ok_or(RepositoryError::Stale)?;
        stored.title.clone_from(&session.title);
        stored.metadata.clone_from(&session.metadata);
        stored.business.clone_from(&session.business);
        stored.privacy = session.privacy;
        stored.state = session.state;
        stored.expires_at = session.expires_at;
        stored.ended_at = session.ended_at;
        stored.deleted_at = session.deleted_at;
        stored.revision += 1;
        Ok(())
    }

    async fn touch(
        &self,
        store: &StoreId,
        user: Option<UserId>,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        let mut tables = self.tables();
        let live = tables.sessions.get_mut(&id).filter(|session| {
            session.store == *store
                && user.as_ref().is_none_or(|user| *user == session.user)
                && session.state_at(now) == SessionState::Active
        });
        Ok(live.map(|session| {
            session.touch(now, expires_at);
            session.clone()
        }))
    }

    async fn find_live(
        &self,
        store: &StoreId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Session>, RepositoryError> {
        let tables = self.tables();
        let live = tables.sessions.values().filter(|session| {
            session.store == *store && session.user == *user && session.state_at(now) == SessionState::Active
        });
        Ok(live.max_by_key(|session| (session.last_active_at, session.id)).cloned())
    }

    async fn page(
        &self,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: PageLimit,
    ) -> Result<Page<Session, SessionCursor>, RepositoryError> {
        let tables = self.tables();
        let mut found: Vec<Session> = tables
            .sessions
            .values()
            .filter(|session| session.store == filter.store)
            .filter(|session| filter.user.as_ref().is_none_or(|user| *user == session.user))
            .filter(|session| match filter.state {
                Some(state) => session.state_at(filter.now) == state,
                None => session.state != SessionState::Deleted,
            })
            .filter(|session| after.is_none_or(|at| (session.last_active_at, session.id) < (at.last_active_at, at.id)))
            .cloned()
            .collect();
        found.sort_by_key(|session| std::cmp::Reverse((session.last_active_at, session.id)));
        found.truncate(limit.get() + 1);
        Ok(Page::from_overfetch(found, limit, |session| SessionCursor {
            last_active_at: session.last_active_at,
            id: session.id,
        }))
    }

    async fn count_active(&self, store: &StoreId, now: Timestamp) -> Result<u64, RepositoryError> {
        let tables = self.tables();
        let active = |session: &&Session| session.store == *store && session.state_at(now) == SessionState::Active;
        Ok(tables.sessions.values().filter(active).count() as u64)
    }
}

#[async_trait]
impl TurnRepository for MemorySessions {
    async fn open_turn(&self, new: &NewTurn) -> Result<TurnOpening, RepositoryError> {
        let mut tables = self.tables();
        if let Some(obstacle) = tables.obstacle(new) {
            return Ok(obstacle);
        }
        tables.interrupt(new.opened_at, |turn| turn.session == new.session);
        let Some(session) = tables.sessions.get_mut(&new.session) else {
            return Ok(TurnOpening::SessionMissing);
        };
        session.take_question(new);
        let session = session.clone();
        let turn = new.turn();
        let question = new.message(session.last_sequence);
        tables.turns.insert(turn.id, turn.clone());
        if new.again.is_none() {
            tables.messages.insert((session.id, question.sequence), question.clone());
        }
        Ok(TurnOpening::Opened(Box::new(OpenedTurn { turn, session, question })))
    }

    async fn close_turn(&self, closed: &ClosedTurn) -> Result<TurnClosing, RepositoryError> {
        let mut tables = self.tables();
        let found = tables
            .turns
            .get(&closed.turn)
            .filter(|turn| (&turn.store, turn.session) == (&closed.store, closed.session))
            .cloned();
        let Some(turn) = found else {
            return Ok(TurnClosing::Missing);
        };
        if !turn.takes(closed) {
            return Ok(TurnClosing::AlreadyClosed(turn));
        }
        let Some(session) = tables.sessions.get_mut(&turn.session) else {
            return Ok(TurnClosing::Missing);
        };
        let message = closed.answer.as_ref().map(|answer| {
            session.take_answer(answer, closed.closed_at);
            answer.message(&turn, session.last_sequence, closed.closed_at)
        });
        let session = Box::new(session.clone());
        if let Some(message) = &message {
            tables.messages.insert((turn.session, message.sequence), message.clone());
        }
        let answer = message.as_ref().map(|message| message.id);
        tables.turns.insert(turn.id, Turn { state: closed.state, answer, closed_at: Some(closed.closed_at), ..turn });
        Ok(TurnClosing::Closed { answer: message.map(Box::new), session })
    }

    async fn find_turn(&self, store: &StoreId, id: TurnId) -> Result<Option<Turn>, RepositoryError> {
        Ok(self.tables().turns.get(&id).filter(|turn| turn.store == *store).cloned())
    }

    async fn find_request(
        &self,
        store: &StoreId,
        session: SessionId,
        client_message_id: &str,
    ) -> Result<Option<Turn>, RepositoryError> {
        let tables = self.tables();
        let holds = |turn: &&Turn| {
            turn.store == *store
                && turn.session == session
                && turn.client_message_id.as_deref() == Some(client_message_id)
        };
        Ok(tables.turns.values().find(holds).cloned())
    }

    async fn find_open(&self, store: &StoreId, session: SessionId) -> Result<Option<Turn>, RepositoryError> {
        let is_open = |turn: &&Turn| turn.store == *store && turn.session == session && turn.state == TurnState::Open;
        Ok(self.tables().turns.values().find(is_open).cloned())
    }

    async fn find_message(&self, store: &StoreId, id: MessageId) -> Result<Option<Message>, RepositoryError> {
        Ok(self.tables().message(store, id).cloned())
    }

    async fn messages(
        &self,
        store: &StoreId,
        session: SessionId,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Page<Message, u64>, RepositoryError> {
        let tables = self.tables();
        if tables.session(store, session).is_none() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let bounds = match range {
            MessageRange::Latest => 0..u64::MAX,
            MessageRange::Before(end) => 0..end,
            MessageRange::After(start) => start.saturating_add(1)..u64::MAX,
        };
        let all = tables.messages.range((session, bounds.start)..(session, bounds.end)).map(|(_, message)| message);
        let take = limit.get() + 1;
        if matches!(range, MessageRange::After(_)) {
            return Ok(Page::from_overfetch(all.take(take).cloned().collect(), limit, |m| m.sequence));
        }
        let mut page = Page::from_overfetch(all.rev().take(take).cloned().collect(), limit, |m: &Message| m.sequence);
        page.items.reverse();
        Ok(page)
    }

    async fn renew_lease(&self, store: &StoreId, id: TurnId, lease_until: Timestamp) -> Result<Lease, RepositoryError> {
        let mut tables = self.tables();
        let open = tables.turns.get_mut(&id).filter(|turn| turn.store == *store && turn.state == TurnState::Open);
        Ok(open.map_or(Lease::Lost, |turn| {
            turn.lease_until = turn.lease_until.max(lease_until);
            if turn.cancel_requested_at.is_some() { Lease::CancelRequested } else { Lease::Held }
        }))
    }

    async fn request_cancel(
        &self,
        store: &StoreId,
        id: TurnId,
        at: Timestamp,
    ) -> Result<Option<Turn>, RepositoryError> {
        let mut tables = self.tables();
        let found = tables.turns.get_mut(&id).filter(|turn| turn.store == *store);
        Ok(found.map(|turn| {
            if turn.state == TurnState::Open {
                turn.cancel_requested_at.get_or_insert(at);
            }
            turn.clone()
        }))
    }

    async fn stats(&self, store: &StoreId, session: SessionId) -> Result<SessionStats, RepositoryError> {
        let tables = self.tables();
        if tables.session(store, session).is_none() {
            return Ok(SessionStats::default());
        }
        let messages = || tables.messages.range((session, 0)..=(session, u64::MAX)).map(|(_, message)| message);
        let mut stats = SessionStats::default();
        messages().for_each(|message| stats.count(message));
        Ok(stats)
    }

    async fn interrupt_stale(&self, now: Timestamp) -> Result<u64, RepositoryError> {
        Ok(self.tables().interrupt(now, |_| true))
    }
}

#[async_trait]
impl SessionMaintenance for MemorySessions {
    async fn lead(&self, job: &str, owner: &str, now: Timestamp, until: Timestamp) -> Result<bool, RepositoryError> {
        let mut tables = self.tables();
        let taken = tables.leaders.get(job).is_some_and(|(leader, term)| leader != owner && *term > now);
        if !taken {
            tables.leaders.insert(job.to_owned(), (owner.to_owned(), until));
        }
        Ok(!taken)
    }

    async fn expire(&self, now: Timestamp, limit: u32) -> Result<u64, RepositoryError> {
        let mut tables = self.tables();
        let over = tables
            .sessions
            .values_mut()
            .filter(|session| session.state == SessionState::Active && session.state_at(now) == SessionState::Expired);
        let mut count = 0;
        for session in over.take(limit as usize) {
            session.state = SessionState::Expired;
            session.revision += 1;
            count += 1;
        }
        Ok(count)
    }

    async fn purge(&self, before: Timestamp, limit: u32) -> Result<Purged, RepositoryError> {
        let mut tables = self.tables();
        let due = |session: &Session| {
            session.state == SessionState::Deleted && session.deleted_at.is_some_and(|deleted| deleted < before)
        };
        let sessions: Vec<SessionId> = tables.sessions.values().filter(|s| due(s)).map(|s| s.id).collect();
        let doomed = tables.messages.keys().filter(|(session, _)| sessions.contains(session));
        let doomed: Vec<_> = doomed.take(limit as usize).copied().collect();
        for key in &doomed {
            tables.messages.remove(key);
        }
        let left = |session: &SessionId| tables.messages.keys().any(|(of, _)| of == session);
        let empty: Vec<SessionId> =
            sessions.iter().filter(|session| !left(session)).take(limit as usize).copied().collect();
        for session in &empty {
            tables.sessions.remove(session);
            tables.turns.retain(|_, turn| turn.session != *session);
            tables.remove_shares(*session);
        }
        let more = empty.len() < sessions.len();
        Ok(Purged { sessions: empty.len() as u64, messages: doomed.len() as u64, more })
    }
}

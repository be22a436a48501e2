use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, IdSource, Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, UserId};

use crate::SessionError;
use crate::model::{NewSession, Session, SessionChange, SessionState};
use crate::ports::{SessionCursor, SessionFilter, SessionRepository};

/// The session a question goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The session, live when it was looked up.
    pub session: Session,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// The most hours a session is extended by at once: a year.
const MAX_EXTENSION_HOURS: u64 = 8_760;
/// How often a change is tried again that another one came in between of.
const CHANGE_TRIES: u32 = 5;

/// How long sessions live after their last use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// In stores without a time of their own.
    pub usual: Duration,
    /// In these stores.
    pub by_store: BTreeMap<StoreId, Duration>,
}

impl From<Duration> for SessionLifetimes {
    fn from(usual: Duration) -> Self {
        Self { usual, by_store: BTreeMap::new() }
    }
}

/// A session as a validation found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Validated {
    /// Whether it is live; then it was touched and the request counted.
    pub valid: bool,
    /// The session as it is now.
    pub session: Session,
}

/// The life of sessions: begin, find, use, change, extend, end, delete, list.
#[derive(Clone)]
pub struct SessionService {
    sessions: Arc<dyn SessionRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    lifetimes: SessionLifetimes,
}

impl SessionService {
    /// A service whose sessions live as `lifetimes` says; a `Duration` is the same time for all stores.
    pub fn new(
        sessions: Arc<dyn SessionRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        lifetimes: impl Into<SessionLifetimes>,
    ) -> Self {
        Self { sessions, clock, ids, lifetimes: lifetimes.into() }
    }

    /// How long a session of the store lives after its last use.
    pub fn ttl(&self, store: &StoreId) -> Duration {
        self.lifetimes.by_store.get(store).copied().unwrap_or(self.lifetimes.usual)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`SessionError::InvalidTitle`]; storage errors.
    pub async fn create(&self, new: NewSession) -> Result<Session, SessionError> {
        if let Some(title) = &new.title {
            Session::check_title(title)?;
        }
        let ttl = self.ttl(&new.store);
        let session = Session::begin(new, &*self.clock, &*self.ids, ttl);
        self.sessions.insert(&session).await?;
        Ok(session)
    }

    /// Finds a session in any state but deleted. With `user` given, another user's is not found either.
    ///
    /// # Errors
    /// [`SessionError::NotFound`]; storage errors.
    pub async fn get(&self, store: &StoreId, user: Option<&UserId>, id: SessionId) -> Result<Session, SessionError> {
        let found = self.sessions.find(store, id).await?;
        found
            .filter(|session| session.state != SessionState::Deleted)
            .filter(|session| user.is_none_or(|user| *user == session.user))
            .ok_or(SessionError::NotFound)
    }

    /// The store of a session that is known by its id alone. It says nothing of who may see the session:
    /// ask on with the store it gives.
    ///
    /// # Errors
    /// [`SessionError::NotFound`]; storage errors.
    pub async fn store_of(&self, id: SessionId) -> Result<StoreId, SessionError> {
        self.sessions.store_of(id).await?.ok_or(SessionError::NotFound)
    }

    /// The live session of a user, the one used last.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find_live(&self, store: &StoreId, user: &UserId) -> Result<Option<Session>, SessionError> {
        Ok(self.sessions.find_live(store, user, self.clock.now()).await?)
    }

    /// The session a question without a session id goes to: the user's live one, else a new one.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn live_or_new(&self, new: NewSession) -> Result<Resolved, SessionError> {
        match self.find_live(&new.store, &new.user).await? {
            Some(session) => Ok(Resolved { session, is_new: false }),
            None => Ok(Resolved { session: self.create(new).await?, is_new: true }),
        }
    }

    /// Uses a session: touches and counts it in one statement when it is live, and says whether it is.
    ///
    /// # Errors
    /// [`SessionError::NotFound`]; storage errors.
    pub async fn validate(
        &self,
        store: &StoreId,
        user: Option<&UserId>,
        id: SessionId,
    ) -> Result<Validated, SessionError> {
        let now = self.clock.now();
        let expires_at = now.plus(self.ttl(store));
        if let Some(session) = self.sessions.touch(store, user.cloned(), id, now, expires_at).await? {
            return Ok(Validated { valid: true, session });
        }
        Ok(Validated { valid: false, session: self.get(store, user, id).await? })
    }

    /// Finds a session that can be talked in.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Expired`], [`SessionError::Ended`]; storage errors.
    pub async fn live(&self, store: &StoreId, user: Option<&UserId>, id: SessionId) -> Result<Session, SessionError> {
        let session = self.get(store, user, id).await?;
        session.require_live(self.clock.now())?;
        Ok(session)
    }

    /// Lets a live session expire `hours` later than it would.
    ///
    /// # Errors
    /// [`SessionError::InvalidExtension`] unless 1 to 8,760; as [`live`](Self::live).
    pub async fn extend(
        &self,
        store: &StoreId,
        user: Option<&UserId>,
        id: SessionId,
        hours: u64,
    ) -> Result<Session, SessionError> {
        if !(1..=MAX_EXTENSION_HOURS).contains(&hours) {
            return Err(SessionError::InvalidExtension { max: MAX_EXTENSION_HOURS });
        }
        let by = Duration::from_secs(hours * 3_600);
        self.changed(store, user, id, |session, now| {
            session.require_live(now)?;
            session.expires_at = session.expires_at.plus(by);
            Ok(true)
        })
        .await
    }

    /// Ends a session; one that was ended before stays as it is. Its messages stay.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::Expired`]; storage errors.
    pub async fn end(&self, store: &StoreId, user: Option<&UserId>, id: SessionId) -> Result<Session, SessionError> {
        self.changed(store, user, id, |session, now| match session.require_live(now) {
            Ok(()) => {
                session.state = SessionState::Ended;
                session.ended_at = Some(now);
                Ok(true)
            }
            Err(SessionError::Ended) => Ok(false),
            Err(other) => Err(other),
        })
        .await
    }

    /// Hides a session, in whatever state it is. Upkeep removes it for good later.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], also when it was deleted before; storage errors.
    pub async fn delete(&self, store: &StoreId, user: Option<&UserId>, id: SessionId) -> Result<(), SessionError> {
        let deleted = self.changed(store, user, id, |session, now| {
            session.state = SessionState::Deleted;
            session.deleted_at = Some(now);
            Ok(true)
        });
        deleted.await.map(|_| ())
    }

    /// Changes title, metadata, business fields or privacy, whether the session is live or not.
    ///
    /// # Errors
    /// [`SessionError::NotFound`], [`SessionError::InvalidTitle`], [`SessionError::InvalidBusiness`];
    /// storage errors.
    pub async fn change(
        &self,
        store: &StoreId,
        user: Option<&UserId>,
        id: SessionId,
        change: &SessionChange,
    ) -> Result<Session, SessionError> {
        self.changed(store, user, id, |session, _| session.apply(change).map(|()| true)).await
    }

    /// Reads, decides, writes; again when somebody wrote in between. `decide` says whether to write.
    async fn changed(
        &self,
        store: &StoreId,
        user: Option<&UserId>,
        id: SessionId,
        decide: impl Fn(&mut Session, Timestamp) -> Result<bool, SessionError> + Send + Sync,
    ) -> Result<Session, SessionError> {
        let mut tries = CHANGE_TRIES;
        loop {
            let mut session = self.get(store, user, id).await?;
            if !decide(&mut session, self.clock.now())? {
                return Ok(session);
            }
            tries -= 1;
            match self.sessions.update(&session).await {
                Ok(()) => {
                    session.revision += 1;
                    return Ok(session);
                }
                Err(RepositoryError::Stale) if tries > 0 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Lists a store's sessions, the one used last first.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn list(
        &self,
        store: StoreId,
        user: Option<UserId>,
        state: Option<SessionState>,
        after: Option<SessionCursor>,
        limit: PageLimit,
    ) -> Result<Page<Session, SessionCursor>, SessionError> {
        let filter = SessionFilter { store, user, state, now: self.clock.now() };
        Ok(self.sessions.page(&filter, after, limit).await?)
    }

    /// How many sessions are active now.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn count_active(&self, store: &StoreId) -> Result<u64, SessionError> {
        Ok(self.sessions.count_active(store, self.clock.now()).await?)
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::{ManualClock, SequentialIds};

    use super::*;
    use crate::ports::MockSessionRepository;
    use crate::testing::{MemorySessions, samples};

    const HOUR: Duration = Duration::from_hours(1);

    fn service(sessions: Arc<dyn SessionRepository>) -> (SessionService, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new());
        (SessionService::new(sessions, clock.clone(), Arc::new(SequentialIds::default()), HOUR), clock)
    }

    #[tokio::test]
    async fn a_user_comes_back_to_the_live_session_and_gets_a_new_one_after_expiry() {
        let (service, clock) = service(Arc::new(MemorySessions::default()));
        let first = service.live_or_new(samples::new_session("kim")).await.unwrap();
        assert!(first.is_new);
        clock.advance(HOUR / 2);
        let again = service.live_or_new(samples::new_session("kim")).await.unwrap();
        assert_eq!((again.session.id, again.is_new), (first.session.id, false));
        clock.advance(HOUR);
        let later = service.live_or_new(samples::new_session("kim")).await.unwrap();
        assert!(later.is_new && later.session.id != first.session.id);
    }

    #[tokio::test]
    async fn another_users_session_is_not_found() {
        let (service, _) = service(Arc::new(MemorySessions::default()));
        let session = service.create(samples::new_session("kim")).await.unwrap();
        let lee = UserId::new("lee").unwrap();
        let refused = service.get(&session.store, Some(&lee), session.id).await;
        assert!(matches!(refused, Err(SessionError::NotFound)));
        assert!(service.get(&session.store, None, session.id).await.is_ok());
    }

    #[tokio::test]
    async fn a_blank_or_endless_title_is_refused_before_anything_is_stored() {
        let (service, _) = service(Arc::new(MockSessionRepository::new()));
        for title in ["  ".to_owned(), "가".repeat(201), "a\0".to_owned()] {
            let new = NewSession { title: Some(title), ..samples::new_session("kim") };
            assert!(matches!(service.create(new).await, Err(SessionError::InvalidTitle)));
        }
    }

    #[tokio::test]
    async fn a_storage_failure_is_told_as_such() {
        let mut sessions = MockSessionRepository::new();
        sessions.expect_find().returning(|_, _| Err(RepositoryError::unavailable("down")));
        let (service, _) = service(Arc::new(sessions));
        let id = samples::session("kim").id;
        let failed = service.get(&samples::store(), None, id).await;
        assert!(matches!(failed, Err(SessionError::Repository(RepositoryError::Unavailable(_)))));
    }
}

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, IdSource, Page, PageLimit, SessionId, StoreId, UserId};

use crate::SessionError;
use crate::model::{NewSession, Session, SessionState};
use crate::ports::{SessionCursor, SessionFilter, SessionRepository};

/// The session a question goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The session, live when it was looked up.
    pub session: Session,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// Begins, finds and lists sessions.
#[derive(Clone)]
pub struct SessionService {
    sessions: Arc<dyn SessionRepository>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    ttl: Duration,
}

impl SessionService {
    /// A service whose sessions live for `ttl` after their last use.
    pub fn new(
        sessions: Arc<dyn SessionRepository>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        ttl: Duration,
    ) -> Self {
        Self { sessions, clock, ids, ttl }
    }

    /// How long a session lives after its last use.
    pub const fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Begins a session.
    ///
    /// # Errors
    /// [`SessionError::InvalidTitle`]; storage errors.
    pub async fn create(&self, new: NewSession) -> Result<Session, SessionError> {
        if let Some(title) = &new.title {
            let fits = !title.trim().is_empty() && title.chars().count() <= Session::MAX_TITLE_CHARS;
            if !fits || title.chars().any(char::is_control) {
                return Err(SessionError::InvalidTitle);
            }
        }
        let session = Session::begin(new, &*self.clock, &*self.ids, self.ttl);
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

    /// The session a question without a session id goes to: the user's live one, else a new one.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn live_or_new(&self, new: NewSession) -> Result<Resolved, SessionError> {
        let live = self.sessions.find_live(&new.store, &new.user, self.clock.now()).await?;
        match live {
            Some(session) => Ok(Resolved { session, is_new: false }),
            None => Ok(Resolved { session: self.create(new).await?, is_new: true }),
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
    use kernel::RepositoryError;
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

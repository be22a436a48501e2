use async_trait::async_trait;
use kernel::{Page, PageLimit, RepositoryError, SessionId, StoreId, Timestamp, UserId};

use crate::model::{Session, SessionState};

/// Which sessions a list shows. Deleted ones only when asked for by state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFilter {
    /// The store.
    pub store: StoreId,
    /// Only this user's.
    pub user: Option<UserId>,
    /// Only those in this state at `now`.
    pub state: Option<SessionState>,
    /// The moment that expiry is judged at.
    pub now: Timestamp,
}

/// Where a list of sessions goes on: after this one, which was used last at `last_active_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCursor {
    /// The last session's last use.
    pub last_active_at: Timestamp,
    /// The last session.
    pub id: SessionId,
}

/// Keeps sessions. Every method is atomic and, but for [`store_of`](Self::store_of), scoped to one store.
///
/// Contract: an id of another store is unknown; an equal id is `Conflict`; an update against another
/// revision is `Stale` and changes nothing.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Finds a session in any state.
    async fn find(&self, store: &StoreId, id: SessionId) -> Result<Option<Session>, RepositoryError>;

    /// Whether a session is known to be at a revision, without asking the storage; `false` says nothing. Nor does it say
    /// who may see the session: it is for those who were told what it was at that revision.
    async fn is_at(&self, id: SessionId, revision: u64) -> bool;

    /// The store of a session in any state: the one look-up that is not scoped. It is for interfaces that
    /// know a session by its id alone, and gives nothing but the scope that everything else asks for.
    async fn store_of(&self, id: SessionId) -> Result<Option<StoreId>, RepositoryError>;

    /// Stores a new session.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] when the id exists.
    async fn insert(&self, session: &Session) -> Result<(), RepositoryError>;

    /// Writes title, metadata, business fields, privacy, state, `expires_at`, `ended_at` and `deleted_at`
    /// if the stored revision is `session.revision`, and raises it by one. Counters are never written here.
    ///
    /// # Errors
    /// [`RepositoryError::Stale`] when the revision differs or the session is gone.
    async fn update(&self, session: &Session) -> Result<(), RepositoryError>;

    /// Uses a session that is active and not expired at `now`, in one statement: counts the request,
    /// sets `last_active_at`, moves `expires_at` on to the given moment (never back) and raises the
    /// revision. With `user` given, only that user's. `None`, and nothing changed, when there is no such
    /// session or it is not live.
    async fn touch(
        &self,
        store: &StoreId,
        user: Option<UserId>,
        id: SessionId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<Option<Session>, RepositoryError>;

    /// The user's session that was used last among those active and not expired at `now`.
    async fn find_live(
        &self,
        store: &StoreId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Option<Session>, RepositoryError>;

    /// Lists sessions, the one used last first, ties by descending id.
    async fn page(
        &self,
        filter: &SessionFilter,
        after: Option<SessionCursor>,
        limit: PageLimit,
    ) -> Result<Page<Session, SessionCursor>, RepositoryError>;

    /// Counts sessions active and not expired at `now`.
    async fn count_active(&self, store: &StoreId, now: Timestamp) -> Result<u64, RepositoryError>;
}

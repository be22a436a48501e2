use async_trait::async_trait;
use kernel::{PageLimit, RepositoryError, SessionId, StoreId, Timestamp};

use crate::model::{ShareAccess, ShareLink, TokenHash};

/// Keeps the links that share sessions, and who read through them when. Every method is atomic and, but
/// for [`open`](Self::open), scoped to one store.
///
/// Contract: a link goes with its session when that is removed for good, and its accesses with it.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ShareRepository: Send + Sync {
    /// Stores a new link. `false` when the store has no such session, or it is deleted.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] when the id or the hash exists.
    async fn insert(&self, link: &ShareLink) -> Result<bool, RepositoryError>;

    /// Finds the link with this hash if it is live at `access.at` and its session is not deleted, and keeps
    /// the access. It is not scoped: whoever has the token may read, and nobody can guess it. `None`, and
    /// nothing kept, when there is no such link.
    async fn open(&self, hash: &TokenHash, access: &ShareAccess) -> Result<Option<ShareLink>, RepositoryError>;

    /// Takes back every link of a session that was not taken back before. Answers how many.
    async fn revoke(&self, store: &StoreId, session: SessionId, at: Timestamp) -> Result<u64, RepositoryError>;

    /// The latest accesses through any link of a session, the last one first.
    async fn accesses(
        &self,
        store: &StoreId,
        session: SessionId,
        limit: PageLimit,
    ) -> Result<Vec<ShareAccess>, RepositoryError>;
}

use async_trait::async_trait;
use kernel::{RepositoryError, StoreId, Timestamp, UserId};

use crate::model::{UserContext, UserContextChange};

/// Keeps what stores remember of their users. Every method is atomic and scoped to one store.
///
/// Contract: a user that nothing is kept of is `None`, in every store but the one that was written to; each
/// change that is acknowledged raises the revision by exactly one, under any concurrency.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserContextStore: Send + Sync {
    /// Finds the context of a user.
    async fn find(&self, store: &StoreId, user: &UserId) -> Result<Option<UserContext>, RepositoryError>;

    /// Writes a context whole, as [`UserContextChange::over`] says, and gives what is kept now. Limits are the
    /// caller's to check.
    ///
    /// # Errors
    /// [`RepositoryError::Stale`], and nothing changed, when another revision is expected than there is.
    async fn put(&self, change: &UserContextChange, at: Timestamp) -> Result<UserContext, RepositoryError>;

    /// Removes the context of a user for good: it begins with revision 1 again. `false` when nothing was kept.
    async fn remove(&self, store: &StoreId, user: &UserId) -> Result<bool, RepositoryError>;
}

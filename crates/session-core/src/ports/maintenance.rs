use async_trait::async_trait;
use kernel::{RepositoryError, Timestamp};

/// What one batch removed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Sessions.
    pub sessions: u64,
    /// Messages of theirs, and of sessions that are not empty yet.
    pub messages: u64,
    /// Whether something is left to remove.
    pub more: bool,
}

/// Upkeep of all stores' sessions. A batch is one transaction, small enough to hold its locks briefly.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionMaintenance: Send + Sync {
    /// Makes `owner` the only one to do `job` until `until`, or says that another one is at it: `false`
    /// while somebody else's time is not over at `now`. The same owner may ask again to stay.
    async fn lead(&self, job: &str, owner: &str, now: Timestamp, until: Timestamp) -> Result<bool, RepositoryError>;

    /// Marks at most `limit` active sessions as expired whose time was over at `now`. Answers how many.
    async fn expire(&self, now: Timestamp, limit: u32) -> Result<u64, RepositoryError>;

    /// Removes for good at most `limit` messages, and the emptied sessions, of sessions that were deleted
    /// before `before`, with all that belongs to them.
    async fn purge(&self, before: Timestamp, limit: u32) -> Result<Purged, RepositoryError>;
}

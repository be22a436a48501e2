use std::time::Duration;

use async_trait::async_trait;
use kernel::{RepositoryError, Timestamp};

use super::Reading;

/// Whoever used an active session within this time counts as being here.
pub const CONCURRENT: Duration = Duration::from_mins(15);
/// How far back monthly users and complaints are counted: 30 days.
pub const MONTH: Duration = Duration::from_hours(30 * 24);

/// What the storage knows of the load. The figures are of all stores together, because a database and its
/// cache serve them all; they are counts, and nothing of any store or person can be told from them.
///
/// Contract: a user of two stores is two users. A session is in the figures from its last use up to and with
/// the moment at which the time given is over.
#[async_trait]
pub trait AdvisorFacts: Send + Sync {
    /// Distinct users who have a session that is active and not expired at `now` and was used within
    /// [`CONCURRENT`] before.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the database cannot be reached.
    async fn concurrent_users(&self, now: Timestamp) -> Result<u64, RepositoryError>;

    /// Distinct users who have a session, in any state, that was used last within [`MONTH`] before `now`.
    /// Sessions that were removed for good are not counted. It reads the entries of that month.
    ///
    /// # Errors
    /// As [`concurrent_users`](Self::concurrent_users).
    async fn monthly_users(&self, now: Timestamp) -> Result<u64, RepositoryError>;

    /// Verdicts given within [`MONTH`] before `now` that are low (a thumb down, or 1 or 2 of 5) and whose
    /// comment [says that answers are slow](super::is_speed_complaint). Only the newest thousand low verdicts
    /// with a comment are read.
    ///
    /// # Errors
    /// As [`concurrent_users`](Self::concurrent_users).
    async fn speed_complaints(&self, now: Timestamp) -> Result<u64, RepositoryError>;
}

/// How busy the database is.
#[async_trait]
pub trait DatabaseCpu: Send + Sync {
    /// The processor time that the database takes, in percent of all cores of the machine, 0 to 100, over a
    /// sampling time of its own choice of a second at most.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the database cannot be reached. That it cannot be read is no error.
    async fn percent(&self) -> Result<Reading, RepositoryError>;
}

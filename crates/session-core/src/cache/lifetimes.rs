use std::time::Duration;

use kernel::{IdSource, Timestamp};

use super::weights;
use crate::model::{Session, SessionState};

/// A write that is not over by then never will be: its process died, or was cut off in the middle. Statements and the
/// wait for a connection and for locks are bounded by far less.
pub const ABANDONED: Duration = Duration::from_mins(2);
/// How long whoever read something may take to keep it.
pub const FILLING: Duration = Duration::from_secs(2);

/// How long what is remembered is good for, if nothing happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLifetimes {
    /// A session.
    pub session: Duration,
    /// What was said last in it.
    pub history: Duration,
    /// What is known of a user.
    pub context: Duration,
    /// That there is no such session or user.
    pub absent: Duration,
}

impl Default for CacheLifetimes {
    /// A session and its messages as long as a session usually lives, a user's context for a week, and that something
    /// is not there for half a minute.
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self { session: day, history: day, context: 7 * day, absent: Duration::from_secs(30) }
    }
}

/// The most that a session may weigh without its messages, in bytes: reading a heavier one from a cache would make those
/// wait who come after it, and a few would push many others out.
const HEAVY: usize = 64 << 10;

impl CacheLifetimes {
    /// How long a session may be remembered from `now` on: a live one not beyond its time, for upkeep writes it then
    /// and tells no cache; a deleted one not at all, for upkeep removes it; nor one with more than 64 KiB of metadata.
    pub fn of_session(&self, session: &Session, now: Timestamp) -> Option<Duration> {
        let lifetime = match session.state {
            SessionState::Active => self.session.min(session.expires_at.since(now)),
            SessionState::Ended | SessionState::Expired => self.session,
            SessionState::Deleted => Duration::ZERO,
        };
        (lifetime > Duration::ZERO && weights::of_session(session) <= HEAVY).then_some(lifetime)
    }
}

/// A lifetime up to a tenth shorter, each time another: what was kept at the same time is not forgotten at the same
/// time.
pub fn jittered(lifetime: Duration, ids: &dyn IdSource) -> Duration {
    let chance = (ids.uuid().as_u128() % 1024) as u32;
    lifetime.saturating_sub(lifetime / 10 * chance / 1024)
}

//! Repositories that tell how long their calls take and which sessions they touch, and change nothing else.

mod sessions;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, RepositoryError, SessionId};

pub use sessions::MeasuredSessions;
pub use turns::MeasuredTurns;

/// Hears of what is done with sessions. It is called in the middle of every question: it must not wait, nor
/// take more than a microsecond or so.
pub trait SessionMeter: Send + Sync {
    /// A session query took so long, whatever came of it.
    fn operation(&self, took: Duration);
    /// A session was looked up by its id, in a way that a cache could have answered. `found` is `false`
    /// when there is no such session.
    fn looked_up(&self, session: SessionId, found: bool);
    /// Both at once: a session was looked up and found, and it took so long.
    fn found_within(&self, session: SessionId, took: Duration) {
        self.operation(took);
        self.looked_up(session, true);
    }
    /// A session was written, or found in a way that no cache could have answered.
    fn passed(&self, session: SessionId);
}

/// A meter and the clock to measure by.
#[derive(Clone)]
pub struct Measuring {
    meter: Arc<dyn SessionMeter>,
    clock: Arc<dyn Clock>,
}

impl Measuring {
    /// Measures by `clock`, whose microseconds are the finest that is told, and tells `meter`.
    pub const fn new(meter: Arc<dyn SessionMeter>, clock: Arc<dyn Clock>) -> Self {
        Self { meter, clock }
    }

    /// Makes a call. One that is dropped before it has an answer is not told.
    async fn timed<T>(
        &self,
        call: impl Future<Output = Result<T, RepositoryError>> + Send,
    ) -> Result<T, RepositoryError> {
        let begun = self.clock.now();
        let answer = call.await;
        self.meter.operation(self.clock.now().since(begun));
        answer
    }
}

#[cfg(test)]
mod tests;

//! Keeping the turns that are answered at once within limits.

use std::sync::Arc;
use std::time::Duration;

use kernel::{RepositoryError, error_chain};
use session_core::ports::{LiveStream, SlotTaking, StreamLimit, StreamLimits, StreamSlots};

use crate::{ChatError, ChatPorts, ChatSettings};

/// How long a turn waits for whoever counts. Past it the turn goes on uncounted: limits protect, they are not what
/// answers are made of.
const PATIENCE: Duration = Duration::from_secs(1);

/// The place of one turn among those that are answered at once. Where nothing is limited it costs nothing.
#[derive(Clone)]
pub(crate) struct TurnSlot {
    slots: Arc<dyn StreamSlots>,
    limits: StreamLimits,
    lease: Duration,
    stream: LiveStream,
    taken: bool,
}

impl TurnSlot {
    /// A slot that is not taken yet.
    pub(crate) fn new(ports: &ChatPorts, settings: &ChatSettings, stream: LiveStream) -> Self {
        Self {
            slots: Arc::clone(&ports.slots),
            limits: settings.streams,
            lease: settings.lease(),
            stream,
            taken: false,
        }
    }

    /// Whose it is.
    pub(crate) const fn stream(&self) -> &LiveStream {
        &self.stream
    }

    /// Takes the slot, unless it is taken; answers the limit that is reached. What cannot be counted is let through.
    pub(crate) async fn take(&mut self) -> Option<StreamLimit> {
        if self.taken || self.limits.is_unlimited() {
            return None;
        }
        match bounded(self.slots.take(&self.stream, self.limits, self.lease)).await {
            Ok(SlotTaking::Full(limit)) => return Some(limit),
            Ok(SlotTaking::Taken) => {}
            Err(error) => self.report(&error, "live streams could not be counted"),
        }
        self.taken = true;
        None
    }

    /// Says that the turn is still being answered.
    pub(crate) async fn hold(&self) {
        if self.taken
            && let Err(error) = bounded(self.slots.hold(&self.stream, self.lease)).await
        {
            self.report(&error, "a live stream could not be held");
        }
    }

    /// Gives the slot back, if it was taken.
    pub(crate) async fn release(&mut self) {
        if self.taken
            && let Err(error) = bounded(self.slots.release(&self.stream)).await
        {
            self.report(&error, "a live stream could not be released, it counts until its lease is over");
        }
        self.taken = false;
    }

    /// The refusal by a limit.
    pub(crate) fn refused(&self, limit: StreamLimit) -> ChatError {
        let name = match limit {
            StreamLimit::PerUser => "user",
            StreamLimit::PerStore => "store",
        };
        metrics::counter!("streams_refused_total", "limit" => name).increment(1);
        ChatError::TooManyStreams { limit, allowed: self.limits.of(limit) }
    }

    fn report(&self, error: &RepositoryError, what: &str) {
        tracing::warn!(turn = %self.stream.turn, error = error_chain(error), "{what}");
    }
}

async fn bounded<T>(counting: impl Future<Output = Result<T, RepositoryError>>) -> Result<T, RepositoryError> {
    match tokio::time::timeout(PATIENCE, counting).await {
        Ok(counted) => counted,
        Err(late) => Err(RepositoryError::unavailable(late)),
    }
}

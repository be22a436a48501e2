//! Keeping the end of a turn, whatever becomes of the database.

use std::time::Duration;

use kernel::RepositoryError;
use session_core::model::{ClosedTurn, Message, TurnClosing};
use session_core::ports::SpoolError;

use crate::ChatPorts;

/// How long to wait before each further try to commit a turn while the storage is unavailable.
const RETRIES: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(500)];
/// After so long the turn goes to the spool: whoever asked is waiting for its end.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where the end of a turn is.
#[derive(Debug)]
pub(crate) enum Kept {
    /// In the database, with its sequence number.
    Stored { answer: Option<Box<Message>>, session_message_count: u64 },
    /// In the spool.
    Spooled,
    /// Nowhere: somebody else had closed the turn.
    ClosedBefore,
}

/// Why the end of a turn could not be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    #[error("the storage refused the turn")]
    Refused(#[source] RepositoryError),
    #[error("the storage is away and the spool failed")]
    Spool(#[source] SpoolError),
}

impl ChatPorts {
    /// Closes the turn in the storage, or, while that is away, in the spool.
    pub(crate) async fn keep(&self, closed: &ClosedTurn) -> Result<Kept, KeepError> {
        match tokio::time::timeout(PATIENCE, self.store(closed)).await {
            Ok(Ok(TurnClosing::Closed { answer, session })) => {
                Ok(Kept::Stored { answer, session_message_count: session.message_count })
            }
            Ok(Ok(TurnClosing::AlreadyClosed(_) | TurnClosing::Missing)) => Ok(Kept::ClosedBefore),
            // Timed out in the middle: it may be stored after all. The replay finds that out.
            Ok(Err(RepositoryError::Unavailable(_))) | Err(_) => self.spool(closed).await,
            Ok(Err(error)) => Err(KeepError::Refused(error)),
        }
    }

    async fn store(&self, closed: &ClosedTurn) -> Result<TurnClosing, RepositoryError> {
        let mut waits = RETRIES.iter();
        loop {
            match self.turns.close_turn(closed).await {
                Err(RepositoryError::Unavailable(cause)) => match waits.next() {
                    Some(wait) => tokio::time::sleep(*wait).await,
                    None => return Err(RepositoryError::Unavailable(cause)),
                },
                other => return other,
            }
        }
    }

    async fn spool(&self, closed: &ClosedTurn) -> Result<Kept, KeepError> {
        let late = ClosedTurn { late: true, ..closed.clone() };
        self.spool.append(&late).await.map_err(KeepError::Spool)?;
        metrics::counter!("turn_spooled_total").increment(1);
        metrics::gauge!("turn_spool_depth").set(self.spool.depth() as f64);
        tracing::warn!(turn = %closed.turn, "the storage is away, a turn was kept in the emergency spool");
        Ok(Kept::Spooled)
    }
}

//! Bringing home what was answered while the database was gone.

use kernel::{RepositoryError, error_chain};
use session_core::model::{ClosedTurn, TurnClosing};
use session_core::ports::SpooledTurns;

use crate::{ChatError, ChatService};

/// What a replay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Turns that are in the database now.
    pub stored: u64,
    /// Turns that were there already: an earlier replay was cut off before it could forget them.
    pub known: u64,
    /// Turns the database would not take; they are set aside, not lost.
    pub refused: u64,
    /// Records that could not be read.
    pub damaged: u64,
}

impl ChatService {
    /// Stores what the spool holds, in order and each turn once; a database that is still away leaves it
    /// all as it is. To be called before abandoned turns are closed, at start and from time to time.
    ///
    /// # Errors
    /// [`ChatError::Repository`] when the database is away; [`ChatError::Spool`] when the spool fails.
    pub async fn replay_spool(&self) -> Result<Replayed, ChatError> {
        let _one_at_a_time = self.replaying.lock().await;
        let SpooledTurns { turns, through, damaged } = self.ports.spool.pending().await?;
        let mut replayed = Replayed { damaged, ..Replayed::default() };
        for turn in &turns {
            match self.replay(turn).await? {
                Outcome::Stored => replayed.stored += 1,
                Outcome::Known => replayed.known += 1,
                Outcome::Refused(why) => {
                    tracing::error!(turn = %turn.turn, error = why, "a spooled turn was refused and set aside");
                    self.ports.spool.set_aside(turn, &why).await?;
                    replayed.refused += 1;
                }
            }
        }
        if !turns.is_empty() || damaged > 0 {
            self.ports.spool.forget(through).await?;
            tracing::warn!(?replayed, "the emergency spool was replayed");
        }
        metrics::counter!("turn_spool_replayed_total").increment(replayed.stored);
        metrics::gauge!("turn_spool_depth").set(self.ports.spool.depth() as f64);
        Ok(replayed)
    }

    async fn replay(&self, turn: &ClosedTurn) -> Result<Outcome, ChatError> {
        Ok(match self.ports.turns.close_turn(turn).await {
            Ok(TurnClosing::Closed { .. }) => Outcome::Stored,
            Ok(TurnClosing::AlreadyClosed(stored)) => match &turn.answer {
                Some(answer) if stored.answer != Some(answer.id) => {
                    Outcome::Refused("the turn was closed with another answer".into())
                }
                _ => Outcome::Known,
            },
            Ok(TurnClosing::Missing) => Outcome::Refused("the turn is not known".into()),
            Err(away @ RepositoryError::Unavailable(_)) => return Err(away.into()),
            Err(error) => Outcome::Refused(error_chain(&error)),
        })
    }
}

enum Outcome {
    Stored,
    Known,
    Refused(String),
}

use std::time::Duration;

use kernel::{StoreId, TurnId};
use session_core::model::{Turn, TurnState};

use crate::{ChatError, ChatService};

/// How long a cancel waits to tell how the turn ended.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks for the end of a turn of another process.
const POLL: Duration = Duration::from_millis(50);

impl ChatService {
    /// Stops a turn: the model's answer is dropped, what was said is kept, marked interrupted. Answers the
    /// turn as it ended; a turn that was over before stays as it is. A turn that another process answers
    /// stops when that one hears of it; when that takes too long, the turn is answered still open.
    ///
    /// # Errors
    /// [`ChatError::UnknownTurn`] when the store has no such turn; storage errors.
    pub async fn cancel(&self, store: &StoreId, turn: TurnId) -> Result<Turn, ChatError> {
        let mut turn = self.ports.turns.find_turn(store, turn).await?.ok_or(ChatError::UnknownTurn)?;
        if turn.state != TurnState::Open {
            return Ok(turn);
        }
        self.ask_to_stop(&turn).await?;
        let give_up = tokio::time::Instant::now() + PATIENCE;
        loop {
            turn = self.ports.turns.find_turn(store, turn.id).await?.ok_or(ChatError::UnknownTurn)?;
            if turn.state != TurnState::Open || tokio::time::Instant::now() >= give_up {
                return Ok(turn);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Lets whoever answers the turn know: by the storage, and at once when it is this process.
    pub(crate) async fn ask_to_stop(&self, turn: &Turn) -> Result<(), ChatError> {
        self.ports.turns.request_cancel(&turn.store, turn.id, self.ports.clock.now()).await?;
        self.live.cancel(turn.id);
        Ok(())
    }
}

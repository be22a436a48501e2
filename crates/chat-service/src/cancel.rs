use std::time::Duration;

use kernel::{StoreId, TurnId};
use session_core::model::{Turn, TurnState};
use session_core::ports::TurnSignal;
use tokio::time::Instant;

use crate::{ChatError, ChatService};

/// How long a cancel waits to tell how the turn ended.
const PATIENCE: Duration = Duration::from_secs(5);

impl ChatService {
    /// Stops a turn: the model's answer is dropped, what was said is kept, marked interrupted. Answers the
    /// turn as it ended; a turn that was over before stays as it is. A turn that another process answers
    /// stops when that one hears of it; when that takes too long, the turn is answered still open.
    ///
    /// # Errors
    /// [`ChatError::UnknownTurn`] when the store has no such turn; storage errors.
    pub async fn cancel(&self, store: &StoreId, turn: TurnId) -> Result<Turn, ChatError> {
        let turn = self.ports.turns.find_turn(store, turn).await?.ok_or(ChatError::UnknownTurn)?;
        if turn.state != TurnState::Open {
            return Ok(turn);
        }
        self.ask_to_stop(&turn).await?;
        self.until_closed(turn, Some(Instant::now() + PATIENCE)).await
    }

    /// Lets whoever answers the turn know: by the storage, and at once, where the process can be told.
    pub(crate) async fn ask_to_stop(&self, turn: &Turn) -> Result<(), ChatError> {
        self.ports.turns.request_cancel(&turn.store, turn.id, self.ports.clock.now()).await?;
        if !self.live.cancel(turn.id) {
            self.ports.signal(TurnSignal::Stop(turn.id)).await;
        }
        Ok(())
    }
}

//! What processes that share a storage let each other know, and waiting for the end of a turn.

use std::time::Duration;

use kernel::{TurnId, error_chain};
use session_core::model::{Turn, TurnState};
use session_core::ports::TurnSignal;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use crate::{ChatError, ChatPorts, ChatService};

/// How long a turn is not looked at again while nothing is heard of it, at first and at most: a signal may have been
/// lost, or have come just after whoever was to say the end had asked whether anybody waits.
const UNHEARD: Duration = Duration::from_millis(100);
const UNHEARD_LONG: Duration = Duration::from_secs(1);

impl ChatPorts {
    /// Tells a signal. What is not told costs time, nothing else.
    pub(crate) async fn signal(&self, signal: TurnSignal) {
        if let Err(error) = self.signals.tell(signal).await {
            tracing::warn!(?signal, error = error_chain(&error), "other processes could not be told of a turn");
        }
    }
}

impl ChatService {
    /// Does what other processes ask of the turns that this one answers: run it beside the service, once. Without it they
    /// are done a few seconds later, when the turns give signs of life.
    pub async fn listen(&self) {
        let mut signals = self.ports.signals.hear();
        loop {
            match signals.recv().await {
                Ok(TurnSignal::Stop(turn)) => drop(self.live.cancel(turn)),
                Ok(TurnSignal::Await(turn)) => drop(self.live.await_end(turn)),
                Ok(TurnSignal::Closed(_)) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Waits until a turn is closed, or its lease is over (then whoever answered it is dead), or until `give_up`.
    /// Answers the turn as it is then.
    pub(crate) async fn until_closed(&self, mut turn: Turn, give_up: Option<Instant>) -> Result<Turn, ChatError> {
        let mut signals = self.ports.signals.hear();
        if turn.state == TurnState::Open && !self.live.await_end(turn.id) {
            self.ports.signal(TurnSignal::Await(turn.id)).await;
        }
        let mut pause = UNHEARD;
        loop {
            turn = self.ports.turns.find_turn(&turn.store, turn.id).await?.ok_or(ChatError::UnknownTurn)?;
            let late = give_up.is_some_and(|give_up| Instant::now() >= give_up);
            let now = self.ports.clock.now();
            if turn.state != TurnState::Open || now >= turn.lease_until || late {
                return Ok(turn);
            }
            // Nobody waits for a dead turn longer than its lease.
            let again = Instant::now() + pause.min(turn.lease_until.since(now));
            pause = (2 * pause).min(UNHEARD_LONG);
            let again = give_up.map_or(again, |give_up| again.min(give_up));
            // Closed or not heard of: it is looked at in either case.
            drop(tokio::time::timeout_at(again, closed(&mut signals, turn.id)).await);
        }
    }
}

async fn closed(signals: &mut Receiver<TurnSignal>, turn: TurnId) {
    loop {
        match signals.recv().await {
            Ok(TurnSignal::Closed(closed)) if closed == turn => return,
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            // Nobody is left who could tell.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

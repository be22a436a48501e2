//! Which turns this process is answering, how each is stopped, and how all are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::TurnId;
use tokio::sync::watch;

/// Counts live turns and tells them when to stop.
#[derive(Debug, Clone)]
pub(crate) struct LiveTurns {
    count: watch::Sender<usize>,
    stage: watch::Sender<Stage>,
    turns: Arc<Mutex<HashMap<TurnId, Known>>>,
}

/// A turn that this process is answering.
#[derive(Debug)]
struct Known {
    stop: watch::Sender<bool>,
    /// Whether another process waits for its end.
    awaited: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Open,
    Draining,
    Stopping,
}

/// Held while a turn is answered.
#[derive(Debug)]
pub(crate) struct LiveTurn(watch::Sender<usize>);

impl Drop for LiveTurn {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
        metrics::gauge!("turns_live").decrement(1.0);
    }
}

/// How a turn hears that it is to stop. While this lives, [`LiveTurns::cancel`] finds the turn.
#[derive(Debug)]
pub(crate) struct CancelSignal {
    turn: TurnId,
    live: LiveTurns,
    asked: watch::Receiver<bool>,
}

impl CancelSignal {
    /// Waits until somebody asks for the turn to be stopped.
    pub(crate) async fn asked(&self) {
        let mut asked = self.asked.clone();
        if asked.wait_for(|asked| *asked).await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for CancelSignal {
    fn drop(&mut self) {
        self.live.turns().remove(&self.turn);
    }
}

impl LiveTurns {
    pub(crate) fn new() -> Self {
        Self {
            count: watch::Sender::new(0),
            stage: watch::Sender::new(Stage::Open),
            turns: Arc::new(Mutex::new(HashMap::new())),
        }
    }

    /// Begins a turn; `None` when no more are taken.
    pub(crate) fn begin(&self) -> Option<LiveTurn> {
        // Counted first, so that a drain that begins now waits for this turn.
        self.count.send_modify(|count| *count += 1);
        metrics::gauge!("turns_live").increment(1.0);
        let live = LiveTurn(self.count.clone());
        (*self.stage.borrow() == Stage::Open).then_some(live)
    }

    /// Makes a turn one that can be stopped.
    pub(crate) fn register(&self, turn: TurnId) -> CancelSignal {
        let (stop, asked) = watch::channel(false);
        self.turns().insert(turn, Known { stop, awaited: false });
        CancelSignal { turn, live: self.clone(), asked }
    }

    /// Asks a turn of this process to stop; `false` when there is no such turn.
    pub(crate) fn cancel(&self, turn: TurnId) -> bool {
        self.turns().get(&turn).is_some_and(|known| known.stop.send(true).is_ok())
    }

    /// Has the end of a turn of this process told; `false` when there is no such turn.
    pub(crate) fn await_end(&self, turn: TurnId) -> bool {
        self.turns().get_mut(&turn).map(|known| known.awaited = true).is_some()
    }

    /// Whether somebody waits for the end of a turn.
    pub(crate) fn is_awaited(&self, turn: TurnId) -> bool {
        self.turns().get(&turn).is_some_and(|known| known.awaited)
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.stage.borrow() > Stage::Open
    }

    /// Waits until no more turns are taken.
    pub(crate) async fn draining(&self) {
        self.reached(Stage::Draining).await;
    }

    /// Waits until live turns are to stop at once.
    pub(crate) async fn stopping(&self) {
        self.reached(Stage::Stopping).await;
    }

    async fn reached(&self, wanted: Stage) {
        let mut stage = self.stage.subscribe();
        // The sender is held by `self`: waiting cannot fail.
        let _ = stage.wait_for(|stage| *stage >= wanted).await;
    }

    /// Takes no more turns, lets live ones finish for `grace`, then stops them, and waits until each has
    /// been closed, at most `grace` again. Answers how many are left.
    pub(crate) async fn drain(&self, grace: Duration) -> usize {
        self.stage.send_replace(Stage::Draining);
        if self.idle(grace).await {
            return 0;
        }
        self.stage.send_replace(Stage::Stopping);
        self.idle(grace).await;
        *self.count.borrow()
    }

    async fn idle(&self, within: Duration) -> bool {
        let mut count = self.count.subscribe();
        tokio::time::timeout(within, count.wait_for(|count| *count == 0)).await.is_ok()
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<TurnId, Known>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

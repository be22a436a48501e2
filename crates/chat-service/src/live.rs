//! Which turns this process is answering, and how it stops.

use std::time::Duration;

use tokio::sync::watch;

/// Counts live turns and tells them when to stop.
#[derive(Debug, Clone)]
pub(crate) struct LiveTurns {
    count: watch::Sender<usize>,
    stage: watch::Sender<Stage>,
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

impl LiveTurns {
    pub(crate) fn new() -> Self {
        Self { count: watch::Sender::new(0), stage: watch::Sender::new(Stage::Open) }
    }

    /// Begins a turn; `None` when no more are taken.
    pub(crate) fn begin(&self) -> Option<LiveTurn> {
        // Counted first, so that a drain that begins now waits for this turn.
        self.count.send_modify(|count| *count += 1);
        metrics::gauge!("turns_live").increment(1.0);
        let live = LiveTurn(self.count.clone());
        (*self.stage.borrow() == Stage::Open).then_some(live)
    }

    pub(crate) fn is_draining(&self) -> bool {
        *self.stage.borrow() > Stage::Open
    }

    /// Waits until live turns are to stop at once.
    pub(crate) async fn stopping(&self) {
        let mut stage = self.stage.subscribe();
        // The sender is held by `self`: waiting cannot fail.
        let _ = stage.wait_for(|stage| *stage == Stage::Stopping).await;
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
}

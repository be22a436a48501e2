//! What a running server does beside answering.

use std::time::Duration;

use chat_service::{ChatError, ChatService};
use kernel::{RepositoryError, error_chain};
use metrics_exporter_prometheus::PrometheusHandle;
use session_core::ports::TurnSpool;
use session_core::{Maintenance, MaintenanceReport};
use tokio::time::{Interval, MissedTickBehavior};

/// How often the metrics' buffers are folded when nobody scrapes.
const FOLD: Duration = Duration::from_secs(5);
/// How often the spool is looked at; costs nothing while it is empty.
const REPLAY: Duration = Duration::from_secs(1);
/// How often turns are looked for whose process is gone: with the lease, the longest they block a session.
const SWEEP: Duration = Duration::from_secs(5);

/// Everything upkeep works with.
pub(crate) struct Upkeep {
    pub(crate) chat: ChatService,
    pub(crate) spool: std::sync::Arc<dyn TurnSpool>,
    pub(crate) maintenance: Maintenance,
    pub(crate) metrics: PrometheusHandle,
    /// How often sessions are expired and removed.
    pub(crate) cleanup: Duration,
}

impl Upkeep {
    /// Brings home what an earlier run left behind, before the first question. `alone` says that no other
    /// process uses the sessions.
    ///
    /// # Errors
    /// Storage errors.
    pub(crate) async fn begin(&self, alone: bool) -> Result<(), ChatError> {
        // The spool first: what it holds is the end of turns that would be closed as abandoned.
        self.chat.replay_spool().await?;
        while self.spool.depth() > 0 {
            // A long outage is told in parts.
            self.chat.replay_spool().await?;
        }
        let abandoned = self.chat.interrupt_abandoned(alone).await?;
        if abandoned > 0 {
            tracing::info!(turns = abandoned, "turns of an earlier run were closed as interrupted");
        }
        Ok(())
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(self) {
        tokio::join!(self.chat.listen(), self.keep_up());
    }

    async fn keep_up(&self) {
        let (mut fold, mut replay, mut sweep) = (every(FOLD), every(REPLAY), every(SWEEP));
        let mut cleanup = every(self.cleanup);
        loop {
            tokio::select! {
                _ = fold.tick() => self.metrics.run_upkeep(),
                _ = replay.tick() => self.replay().await,
                _ = sweep.tick() => self.sweep().await,
                _ = cleanup.tick() => note(self.maintenance.run().await),
            }
        }
    }

    async fn replay(&self) {
        if self.spool.depth() == 0 {
            return;
        }
        match self.chat.replay_spool().await {
            Ok(_) => {}
            Err(ChatError::Repository(RepositoryError::Unavailable(_))) => {
                tracing::debug!(turns = self.spool.depth(), "the database is still away, the spool waits");
            }
            Err(error) => tracing::error!(error = error_chain(&error), "the spool could not be replayed"),
        }
    }

    async fn sweep(&self) {
        // A turn whose end is in the spool is not abandoned.
        if self.spool.depth() > 0 {
            return;
        }
        match self.chat.interrupt_abandoned(false).await {
            Ok(0) => {}
            Ok(turns) => tracing::warn!(turns, "abandoned turns were closed as interrupted"),
            Err(error) => tracing::error!(error = error_chain(&error), "abandoned turns could not be closed"),
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = tokio::time::interval(period);
    // After a pause there is nothing to catch up with.
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn note(run: Result<MaintenanceReport, RepositoryError>) {
    let report = match run {
        Ok(report) => report,
        Err(error) => {
            metrics::counter!("session_maintenance_runs_total", "outcome" => "failed").increment(1);
            tracing::error!(error = error_chain(&error), "sessions could not be kept up");
            return;
        }
    };
    let outcome = if report.led { "done" } else { "left_to_another" };
    metrics::counter!("session_maintenance_runs_total", "outcome" => outcome).increment(1);
    metrics::counter!("sessions_expired_total").increment(report.expired);
    metrics::counter!("sessions_purged_total").increment(report.purged_sessions);
    metrics::counter!("messages_purged_total").increment(report.purged_messages);
    if report.led {
        metrics::histogram!("session_maintenance_longest_batch_seconds").record(report.longest_batch.as_secs_f64());
    }
    if report.expired + report.purged_sessions + report.purged_messages > 0 {
        tracing::info!(?report, "sessions were expired or removed");
    }
}

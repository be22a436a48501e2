use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, RepositoryError, Timestamp};

use crate::ports::SessionMaintenance;

/// The job's name in the storage's leases.
const JOB: &str = "session-maintenance";
/// How long one instance leads without saying so again; far more than a batch takes.
const TERM: Duration = Duration::from_mins(1);
/// A batch that took longer is followed by a smaller one, so that no lock is held for 100 ms.
const SLOW: Duration = Duration::from_millis(40);
/// The smallest and the largest batch, in rows.
const BATCH: std::ops::RangeInclusive<u32> = 10..=1_000;
/// The first batch, in rows.
const FIRST: u32 = 100;

/// What upkeep does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceSettings {
    /// How long a deleted session is kept before it is removed for good.
    pub keep_deleted: Duration,
    /// This process among the instances.
    pub owner: String,
    /// How long to let others work between two batches.
    pub pause: Duration,
}

/// What one run of upkeep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MaintenanceReport {
    /// Whether this instance led; another one did the work otherwise.
    pub led: bool,
    /// Sessions marked as expired.
    pub expired: u64,
    /// Sessions removed for good.
    pub purged_sessions: u64,
    /// Messages removed for good.
    pub purged_messages: u64,
    /// Transactions it took.
    pub batches: u64,
    /// The longest of them.
    pub longest_batch: Duration,
}

/// Expires and removes sessions, a batch at a time, on one instance at a time.
#[derive(Clone)]
pub struct Maintenance {
    storage: Arc<dyn SessionMaintenance>,
    clock: Arc<dyn Clock>,
    settings: MaintenanceSettings,
}

/// How a run goes: what it did so far and the size of its next batch.
struct Run {
    report: MaintenanceReport,
    batch: u32,
}

impl Maintenance {
    /// Upkeep of one storage.
    pub const fn new(
        storage: Arc<dyn SessionMaintenance>,
        clock: Arc<dyn Clock>,
        settings: MaintenanceSettings,
    ) -> Self {
        Self { storage, clock, settings }
    }

    /// Does what is due, unless another instance is at it.
    ///
    /// # Errors
    /// Storage errors; what was done before stays done, and the next run goes on.
    pub async fn run(&self) -> Result<MaintenanceReport, RepositoryError> {
        let mut run = Run { report: MaintenanceReport::default(), batch: FIRST };
        if !self.lead().await? {
            return Ok(run.report);
        }
        run.report.led = true;
        let now = self.clock.now();
        loop {
            let begun = self.clock.now();
            let expired = self.storage.expire(now, run.batch).await?;
            run.report.expired += expired;
            let full = expired >= u64::from(run.batch);
            run.took(self.clock.now().since(begun));
            if !full {
                break;
            }
            if !self.go_on().await? {
                return Ok(run.report);
            }
        }
        let before = now.minus(self.settings.keep_deleted);
        while self.purge(&mut run, before).await? {
            if !self.go_on().await? {
                break;
            }
        }
        Ok(run.report)
    }

    /// Whether more is to be removed.
    async fn purge(&self, run: &mut Run, before: Timestamp) -> Result<bool, RepositoryError> {
        let begun = self.clock.now();
        let purged = self.storage.purge(before, run.batch).await?;
        run.report.purged_sessions += purged.sessions;
        run.report.purged_messages += purged.messages;
        run.took(self.clock.now().since(begun));
        Ok(purged.more)
    }

    /// Pauses, and says whether this instance still leads.
    async fn go_on(&self) -> Result<bool, RepositoryError> {
        tokio::time::sleep(self.settings.pause).await;
        self.lead().await
    }

    async fn lead(&self) -> Result<bool, RepositoryError> {
        let now = self.clock.now();
        self.storage.lead(JOB, &self.settings.owner, now, now.plus(TERM)).await
    }
}

impl Run {
    fn took(&mut self, time: Duration) {
        self.report.batches += 1;
        self.report.longest_batch = self.report.longest_batch.max(time);
        let next = if time > SLOW { self.batch / 2 } else { self.batch * 2 };
        self.batch = next.clamp(*BATCH.start(), *BATCH.end());
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::ManualClock;

    use super::*;
    use crate::ports::{MockSessionMaintenance, Purged};

    fn maintenance(storage: MockSessionMaintenance, clock: Arc<ManualClock>) -> Maintenance {
        let settings =
            MaintenanceSettings { keep_deleted: Duration::from_hours(24), owner: "a".into(), pause: Duration::ZERO };
        Maintenance::new(Arc::new(storage), clock, settings)
    }

    #[tokio::test]
    async fn an_instance_that_does_not_lead_changes_nothing() {
        let mut storage = MockSessionMaintenance::new();
        storage.expect_lead().once().returning(|_, _, _, _| Ok(false));
        let report = maintenance(storage, Arc::new(ManualClock::new())).run().await.unwrap();
        assert_eq!(report, MaintenanceReport::default());
    }

    #[tokio::test]
    async fn a_slow_batch_is_followed_by_smaller_ones_and_a_fast_one_by_larger_ones() {
        let clock = Arc::new(ManualClock::new());
        let mut storage = MockSessionMaintenance::new();
        storage.expect_lead().returning(|_, _, _, _| Ok(true));
        let sizes = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (seen, hands) = (Arc::clone(&sizes), Arc::clone(&clock));
        storage.expect_expire().returning(move |_, limit| {
            let mut seen = seen.lock().unwrap();
            seen.push(limit);
            hands.advance(Duration::from_millis(if seen.len() < 3 { 90 } else { 1 }));
            Ok(if seen.len() < 5 { u64::from(limit) } else { 0 })
        });
        storage.expect_purge().once().returning(|_, _| Ok(Purged::default()));
        let report = maintenance(storage, clock).run().await.unwrap();
        assert_eq!(*sizes.lock().unwrap(), [100, 50, 25, 50, 100]);
        assert_eq!((report.expired, report.longest_batch), (225, Duration::from_millis(90)));
    }

    #[tokio::test]
    async fn a_leader_that_loses_its_term_stops_after_its_batch() {
        let mut storage = MockSessionMaintenance::new();
        let mut terms = 0;
        storage.expect_lead().returning(move |_, _, _, _| {
            terms += 1;
            Ok(terms == 1)
        });
        storage.expect_expire().once().returning(|_, limit| Ok(u64::from(limit)));
        let report = maintenance(storage, Arc::new(ManualClock::new())).run().await.unwrap();
        assert_eq!((report.led, report.expired, report.purged_messages), (true, 100, 0));
    }
}

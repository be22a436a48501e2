use std::sync::Arc;

use kernel::{Clock, RepositoryError};

use super::{Advice, AdvisorFacts, CacheUse, DatabaseCpu, Figures, Reading, Traffic, Trigger, TriggerKind};

/// What advice is built from.
#[derive(Clone)]
pub struct AdvisorPorts {
    /// What the storage knows.
    pub facts: Arc<dyn AdvisorFacts>,
    /// How busy the database is.
    pub cpu: Arc<dyn DatabaseCpu>,
    /// What this server does with sessions.
    pub traffic: Arc<Traffic>,
    /// The cache in use and what it does. It is asked each time, and must cost nothing.
    pub cache: Arc<dyn Fn() -> CacheUse + Send + Sync>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Measures, and tells whether adding Redis would pay.
#[derive(Clone)]
pub struct Advisor {
    ports: AdvisorPorts,
}

impl Advisor {
    /// An advisor over its ports.
    pub const fn new(ports: AdvisorPorts) -> Self {
        Self { ports }
    }

    /// Measures now. It takes about as long as the sampling of the processor does.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the database cannot be reached.
    pub async fn advise(&self) -> Result<Advice, RepositoryError> {
        let AdvisorPorts { facts, cpu, traffic, cache, clock } = &self.ports;
        let now = clock.now();
        let (busy, counts) = futures::join!(cpu.percent(), async {
            let concurrent = facts.concurrent_users(now).await?;
            let monthly = facts.monthly_users(now).await?;
            Ok::<_, RepositoryError>((concurrent, monthly, facts.speed_complaints(now).await?))
        });
        let (busy, (concurrent, monthly, complaints)) = (busy?, counts?);
        let traffic = traffic.figures();
        let count = |count: u64| Reading::Value(count as f64);
        let reading = |kind| match kind {
            TriggerKind::ConcurrentUsers => count(concurrent),
            TriggerKind::MonthlyUsers => count(monthly),
            TriggerKind::SessionQueryP95 => traffic.p95,
            TriggerKind::SessionOperations => Reading::Value(traffic.operations_per_second),
            TriggerKind::DatabaseCpu => busy,
            TriggerKind::SpeedComplaints => count(complaints),
            TriggerKind::ExpectedHitRatio => traffic.expected_hit_ratio,
        };
        let triggers = TriggerKind::ALL.map(|kind| Trigger { kind, reading: reading(kind) }).to_vec();
        Ok(Advice::on(Figures { measured_at: now, window: traffic.window, cache: cache(), triggers }))
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::ManualClock;

    use super::*;
    use crate::advisor::{Unreadable, Verdict};
    use crate::testing::{FixedCpu, FixedFacts};

    fn advisor(facts: FixedFacts, cpu: FixedCpu) -> Advisor {
        let clock = Arc::new(ManualClock::new());
        Advisor::new(AdvisorPorts {
            facts: Arc::new(facts),
            cpu: Arc::new(cpu),
            traffic: Arc::new(Traffic::new(clock.clone())),
            cache: Arc::new(|| CacheUse::NONE),
            clock,
        })
    }

    #[tokio::test]
    async fn every_figure_is_read_once_and_judged() {
        let facts = FixedFacts { concurrent: 201, monthly: 1_001, complaints: 4, down: false };
        let cpu = FixedCpu(Reading::Unreadable(Unreadable::RemoteServer));
        let advice = advisor(facts, cpu).advise().await.unwrap();
        let kinds: Vec<TriggerKind> = advice.figures.triggers.iter().map(|trigger| trigger.kind).collect();
        assert_eq!(kinds, TriggerKind::ALL);
        let fired: Vec<TriggerKind> =
            advice.figures.triggers.iter().filter(|trigger| trigger.fires()).map(|trigger| trigger.kind).collect();
        assert_eq!(fired, [TriggerKind::ConcurrentUsers, TriggerKind::MonthlyUsers]);
        assert_eq!(advice.verdict, Verdict::WorthAdding);
    }

    #[tokio::test]
    async fn a_storage_that_is_away_gives_no_advice() {
        let facts = FixedFacts { down: true, ..FixedFacts::default() };
        let advice = advisor(facts, FixedCpu(Reading::Value(1.0))).advise().await;
        assert!(matches!(advice, Err(RepositoryError::Unavailable(_))), "{advice:?}");
    }
}

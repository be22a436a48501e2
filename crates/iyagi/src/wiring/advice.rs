use std::sync::Arc;
use std::time::Duration;

use chat_analytics::advisor::{Advisor, AdvisorFacts, AdvisorPorts, CacheUse, DatabaseCpu, Traffic};
use kernel::SessionId;
use session_core::measured::{Measuring, SessionMeter};
use storage_sqlite::SqliteCpu;

use super::{MainDatabase, Storage, clock};

/// Advice on the sessions of a storage, of which `traffic` is measured.
pub(super) fn advisor(
    storage: &Storage,
    facts: Arc<dyn AdvisorFacts>,
    traffic: Arc<Traffic>,
    cache: Arc<dyn Fn() -> CacheUse + Send + Sync>,
) -> Advisor {
    let cpu: Arc<dyn DatabaseCpu> = match &storage.main {
        MainDatabase::Postgres(postgres) => Arc::new(postgres.clone()),
        MainDatabase::Sqlite(_) => Arc::new(SqliteCpu),
    };
    Advisor::new(AdvisorPorts { facts, cpu, traffic, cache, clock: clock() })
}

/// Measures into `traffic` and into the metrics.
pub(super) fn measuring(traffic: &Arc<Traffic>) -> Measuring {
    let seconds = metrics::histogram!("session_query_seconds");
    Measuring::new(Arc::new(Meter { traffic: Arc::clone(traffic), seconds }), clock())
}

struct Meter {
    traffic: Arc<Traffic>,
    /// Looked up in the registry once, not at each query.
    seconds: metrics::Histogram,
}

impl SessionMeter for Meter {
    fn operation(&self, took: Duration) {
        self.seconds.record(took.as_secs_f64());
        self.traffic.operation(took);
    }

    fn looked_up(&self, session: SessionId, found: bool) {
        if found { self.traffic.looked_up(session) } else { self.traffic.missed() }
    }

    fn found_within(&self, session: SessionId, took: Duration) {
        self.seconds.record(took.as_secs_f64());
        self.traffic.found_within(session, took);
    }

    fn passed(&self, session: SessionId) {
        self.traffic.passed(session);
    }
}

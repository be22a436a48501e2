use std::time::Duration;

use api_actix::{DatabaseHealth, DatabaseLook, TableLook};
use async_trait::async_trait;
use kernel::RepositoryError;
use metrics::gauge;
use storage_sea::{Counting, DatabaseFacts, PoolFacts, TableRows};

use super::MainDatabase;

/// How long a look at the database may take.
const LOOK: Duration = Duration::from_secs(3);

/// How the database is.
pub(crate) struct StorageHealth {
    main: MainDatabase,
}

impl StorageHealth {
    pub(super) const fn new(main: MainDatabase) -> Self {
        Self { main }
    }

    async fn facts(&self) -> Result<DatabaseFacts, RepositoryError> {
        match &self.main {
            MainDatabase::Postgres(postgres) => postgres.facts(Counting::Cheap).await,
            MainDatabase::Sqlite(sqlite) => sqlite.facts(Counting::Cheap).await,
        }
    }

    /// Sets the metrics of this process's connections.
    pub(crate) fn record_connections(&self) {
        let PoolFacts { size, idle, max } = match &self.main {
            MainDatabase::Postgres(postgres) => postgres.pool_facts(),
            MainDatabase::Sqlite(sqlite) => sqlite.pool_facts(),
        };
        for (state, count) in [("idle", idle), ("in_use", size.saturating_sub(idle)), ("max", max)] {
            gauge!("db_connections_total", "state" => state).set(f64::from(count));
        }
    }
}

#[async_trait]
impl DatabaseHealth for StorageHealth {
    async fn look(&self) -> Result<DatabaseLook, RepositoryError> {
        let facts = tokio::time::timeout(LOOK, self.facts()).await.map_err(RepositoryError::unavailable)??;
        Ok(DatabaseLook {
            backend: facts.backend,
            version: facts.version,
            latency: facts.latency,
            pool: (facts.pool.size, facts.pool.idle, facts.pool.max),
            migrations: (facts.migrations.applied.len(), facts.migrations.pending.len()),
            rows: facts.rows.iter().map(table).collect(),
        })
    }
}

fn table(rows: &TableRows) -> TableLook {
    TableLook { name: content_name(&rows.table), rows: rows.rows, estimated: rows.estimated }
}

/// What a table holds: `chat_sessions` holds `sessions`, `document_chunks` holds `documentChunks`.
pub(crate) fn content_name(table: &str) -> String {
    let words = table.strip_prefix("chat_").unwrap_or(table).split('_').enumerate();
    let word = |(at, word): (usize, &str)| match word.split_at_checked(1) {
        Some((first, rest)) if at > 0 => format!("{}{rest}", first.to_uppercase()),
        _ => word.to_owned(),
    };
    words.map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_called_by_what_is_in_them() {
        for (table, name) in [
            ("chat_sessions", "sessions"),
            ("document_chunks", "documentChunks"),
            ("job_leases", "jobLeases"),
            ("tasks", "tasks"),
        ] {
            assert_eq!(content_name(table), name);
        }
    }
}

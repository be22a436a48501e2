//! A PostgreSQL database of another system, to import from.

use async_trait::async_trait;
use kernel::RepositoryError;
use sea_orm::{AccessMode, IsolationLevel, SqlxPostgresConnector, TransactionTrait};
use session_import::Row;
use session_import::ports::{CursorId, Query, Source, SourceRow};
use storage_sea::{Snapshot, keyed, quoted, repository_error};

use crate::connect::{self, PostgresOptions};
use crate::options;

/// Rows that are read at once.
const PAGE: u32 = 500;

/// A database that is only read, as it was when reading began.
#[derive(Debug)]
pub struct PostgresSource {
    /// Read-only: all cursors see the same state.
    snapshot: Snapshot,
    cursors: usize,
}

impl PostgresSource {
    /// Connects. No statement is limited in time: reading a whole table takes as long as it takes.
    ///
    /// # Errors
    /// As [`PostgresStorage::open`](crate::PostgresStorage::open).
    pub async fn open(url: &str) -> Result<Self, RepositoryError> {
        let told = PostgresOptions {
            pool_max: 1,
            idle_timeout: None,
            instance: "import".to_owned(),
            ..PostgresOptions::new(url)
        };
        let read = options::read(&told)?;
        let database = read.get_database().unwrap_or_else(|| read.get_username());
        let origin = format!("postgres://{}:{}/{database}", read.get_host(), read.get_port());
        let pool = connect::open(&told).await?;
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        let transaction = connection
            .begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly))
            .await
            .map_err(repository_error)?;
        Ok(Self { snapshot: Snapshot::new(origin, transaction), cursors: 0 })
    }
}

/// The statement that declares a cursor. Keys are compared as text, since two tables may hold the same key
/// in columns of different types; the collation orders by bytes. `row_to_json` keeps `json` columns as
/// they are written, even what `jsonb` could not hold.
fn declaration(cursor: usize, query: &Query) -> String {
    let (key, from) = keyed(query, "::text");
    format!(
        "DECLARE import_cursor_{cursor} NO SCROLL CURSOR FOR \
         SELECT {key}::text COLLATE \"C\" AS key, row_to_json(t)::text AS content FROM {from} ORDER BY 1 NULLS FIRST"
    )
}

#[async_trait]
impl Source for PostgresSource {
    fn origin(&self) -> &str {
        self.snapshot.origin()
    }

    async fn identity(&mut self) -> Result<String, RepositoryError> {
        self.snapshot.identity().await
    }

    async fn columns(&mut self, table: &str) -> Result<Option<Vec<String>>, RepositoryError> {
        let sql = "SELECT attname::text AS name FROM pg_attribute \
                   WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
        self.snapshot.names(sql, quoted(table)).await
    }

    async fn count(&mut self, table: &str) -> Result<u64, RepositoryError> {
        self.snapshot.count(table).await
    }

    async fn open(&mut self, query: &Query) -> Result<CursorId, RepositoryError> {
        let cursor = self.cursors;
        self.snapshot.run(&declaration(cursor, query)).await?;
        self.cursors += 1;
        Ok(CursorId(cursor))
    }

    async fn fetch(&mut self, cursor: CursorId) -> Result<Vec<SourceRow>, RepositoryError> {
        let fetch = format!("FETCH FORWARD {PAGE} FROM import_cursor_{}", cursor.0);
        let rows = self.snapshot.rows(&fetch, vec![]).await?;
        rows.iter()
            .map(|row| {
                let key = row.try_get("", "key").map_err(repository_error)?;
                let content: String = row.try_get("", "content").map_err(repository_error)?;
                Ok(SourceRow { key, row: Row::read(content.as_bytes()) })
            })
            .collect()
    }
}

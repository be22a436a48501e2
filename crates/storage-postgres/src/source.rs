//! A PostgreSQL database of another system, to import from.

use async_trait::async_trait;
use kernel::RepositoryError;
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, IsolationLevel, QueryResult, SqlxPostgresConnector, Statement,
    TransactionTrait,
};
use session_import::Row;
use session_import::ports::{CursorId, Key, Query, Source, SourceRow};
use storage_sea::{database_identity, repository_error};

use crate::connect::{self, PostgresOptions};
use crate::options;

/// Rows that are read at once.
const PAGE: u32 = 500;

/// A database that is only read, as it was when reading began.
#[derive(Debug)]
pub struct PostgresSource {
    origin: String,
    /// Open for as long as the source is, and read-only: all cursors see the same state.
    transaction: DatabaseTransaction,
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
        Ok(Self { origin, transaction, cursors: 0 })
    }

    async fn rows(&mut self, sql: String, values: Vec<sea_orm::Value>) -> Result<Vec<QueryResult>, RepositoryError> {
        let backend = self.transaction.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        self.transaction.query_all_raw(statement).await.map_err(repository_error)
    }
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The statement that declares a cursor. Keys are compared as text, since two tables may hold the same key
/// in columns of different types; the collation orders by bytes. `row_to_json` keeps `json` columns as
/// they are written, even what `jsonb` could not hold.
fn declaration(cursor: usize, query: &Query) -> String {
    let table = quoted(&query.table);
    let (key, from) = match &query.key {
        Key::Column(column) => (format!("t.{}", quoted(column)), format!("{table} t")),
        Key::Through { column, table: other, id, key } => (
            format!("o.{}", quoted(key)),
            format!("{table} t LEFT JOIN {} o ON o.{}::text = t.{}::text", quoted(other), quoted(id), quoted(column)),
        ),
    };
    format!(
        "DECLARE import_cursor_{cursor} NO SCROLL CURSOR FOR \
         SELECT {key}::text COLLATE \"C\" AS key, row_to_json(t)::text AS content FROM {from} ORDER BY 1 NULLS FIRST"
    )
}

#[async_trait]
impl Source for PostgresSource {
    fn origin(&self) -> &str {
        &self.origin
    }

    async fn identity(&mut self) -> Result<String, RepositoryError> {
        database_identity(&self.transaction).await
    }

    async fn columns(&mut self, table: &str) -> Result<Option<Vec<String>>, RepositoryError> {
        let sql = "SELECT attname::text AS name FROM pg_attribute \
                   WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
        let rows = self.rows(sql.to_owned(), vec![quoted(table).into()]).await?;
        let names = rows.iter().map(|row| row.try_get("", "name")).collect::<Result<Vec<String>, _>>();
        let names = names.map_err(repository_error)?;
        Ok((!names.is_empty()).then_some(names))
    }

    async fn count(&mut self, table: &str) -> Result<u64, RepositoryError> {
        let rows = self.rows(format!("SELECT count(*) AS n FROM {}", quoted(table)), vec![]).await?;
        let counted = rows.first().map(|row| row.try_get::<i64>("", "n")).transpose().map_err(repository_error)?;
        Ok(counted.unwrap_or_default().cast_unsigned())
    }

    async fn open(&mut self, query: &Query) -> Result<CursorId, RepositoryError> {
        let cursor = self.cursors;
        self.transaction.execute_unprepared(&declaration(cursor, query)).await.map_err(repository_error)?;
        self.cursors += 1;
        Ok(CursorId(cursor))
    }

    async fn fetch(&mut self, cursor: CursorId) -> Result<Vec<SourceRow>, RepositoryError> {
        let rows = self.rows(format!("FETCH FORWARD {PAGE} FROM import_cursor_{}", cursor.0), vec![]).await?;
        rows.iter()
            .map(|row| {
                let key = row.try_get("", "key").map_err(repository_error)?;
                let content: String = row.try_get("", "content").map_err(repository_error)?;
                Ok(SourceRow { key, row: Row::read(content.as_bytes()) })
            })
            .collect()
    }
}

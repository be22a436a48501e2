//! An SQLite file of another system, to import from.

use std::path::Path;

use async_trait::async_trait;
use kernel::RepositoryError;
use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::{SqlxSqliteConnector, TransactionTrait};
use session_import::Row;
use session_import::ports::{CursorId, Query, Source, SourceRow};
use storage_sea::{Snapshot, keyed, quoted, repository_error};

/// Rows that are read at once.
const PAGE: u32 = 500;

/// A file that is only read, as it was when reading began.
#[derive(Debug)]
pub struct SqliteSource {
    /// All cursors see the same state of the file.
    snapshot: Snapshot,
    /// The last row that each cursor gave.
    cursors: Vec<i64>,
}

impl SqliteSource {
    /// Opens a file that must exist.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when it cannot be opened or is no SQLite file.
    pub async fn open(file: &Path) -> Result<Self, RepositoryError> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true).disable_statement_logging();
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.connect_with(options).await.map_err(RepositoryError::unavailable)?;
        let connection = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
        let transaction = connection.begin().await.map_err(repository_error)?;
        let path = std::fs::canonicalize(file).map_err(RepositoryError::unavailable)?;
        let snapshot = Snapshot::new(format!("sqlite:{}", path.display()), transaction);
        // The first statement is what fails on a file of another kind, and what fixes the state that is read.
        snapshot.count("sqlite_schema").await?;
        Ok(Self { snapshot, cursors: Vec::new() })
    }
}

/// A text as SQL writes it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A value as JSON can hold it: bytes become `\x` and hexadecimal digits, and infinity becomes text.
fn plain(column: &str) -> String {
    format!(
        "CASE WHEN typeof({column}) = 'blob' THEN '\\x' || lower(hex({column})) \
         WHEN typeof({column}) = 'real' AND abs({column}) > 1.7e308 THEN CAST({column} AS TEXT) ELSE {column} END"
    )
}

/// The statement that puts the rows of a table in order, once: paging over the copy costs the same however
/// long the table is, which sorting for each page would not.
fn ordered_copy(cursor: usize, query: &Query, columns: &[String]) -> String {
    let values: Vec<String> =
        columns.iter().map(|name| format!("{}, {}", literal(name), plain(&format!("t.{}", quoted(name))))).collect();
    let (key, from) = keyed(query, "");
    format!(
        "CREATE TEMP TABLE import_cursor_{cursor} AS \
         SELECT CAST({} AS TEXT) AS key, CAST(json_object({}) AS BLOB) AS content FROM {from} ORDER BY 1",
        plain(&key),
        values.join(", ")
    )
}

#[async_trait]
impl Source for SqliteSource {
    fn origin(&self) -> &str {
        self.snapshot.origin()
    }

    async fn identity(&mut self) -> Result<String, RepositoryError> {
        self.snapshot.identity().await
    }

    async fn columns(&mut self, table: &str) -> Result<Option<Vec<String>>, RepositoryError> {
        self.snapshot.names("SELECT name FROM pragma_table_info(?)", table.to_owned()).await
    }

    async fn count(&mut self, table: &str) -> Result<u64, RepositoryError> {
        self.snapshot.count(table).await
    }

    async fn open(&mut self, query: &Query) -> Result<CursorId, RepositoryError> {
        let columns = self.columns(&query.table).await?.unwrap_or_default();
        let copy = ordered_copy(self.cursors.len(), query, &columns);
        self.snapshot.run(&copy).await?;
        self.cursors.push(0);
        Ok(CursorId(self.cursors.len() - 1))
    }

    async fn fetch(&mut self, cursor: CursorId) -> Result<Vec<SourceRow>, RepositoryError> {
        let after = self.cursors.get(cursor.0).copied().unwrap_or_default();
        let sql = format!(
            "SELECT rowid AS place, CAST(key AS BLOB) AS key, content FROM temp.import_cursor_{} \
             WHERE rowid > ? ORDER BY rowid LIMIT {PAGE}",
            cursor.0
        );
        let rows = self.snapshot.rows(&sql, vec![after.into()]).await?;
        let mut page = Vec::with_capacity(rows.len());
        for row in rows {
            let place = row.try_get("", "place").map_err(repository_error)?;
            if let Some(last) = self.cursors.get_mut(cursor.0) {
                *last = place;
            }
            let key: Option<Vec<u8>> = row.try_get("", "key").map_err(repository_error)?;
            let content: Vec<u8> = row.try_get("", "content").map_err(repository_error)?;
            let key = key.map(|key| String::from_utf8_lossy(&key).into_owned());
            page.push(SourceRow { key, row: Row::read(&content) });
        }
        Ok(page)
    }
}

//! Reading a database of another system: what is the same whichever it is.

use kernel::RepositoryError;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement, Value};
use session_import::ports::{Key, Query};

use crate::error::repository_error;
use crate::identity::database_identity;

/// A database of another system as it was when reading began, for as long as the value lives.
#[derive(Debug)]
pub struct Snapshot {
    origin: String,
    transaction: DatabaseTransaction,
}

impl Snapshot {
    /// What `transaction` sees of the database at `origin`, which holds no secrets.
    pub const fn new(origin: String, transaction: DatabaseTransaction) -> Self {
        Self { origin, transaction }
    }

    /// Where the database is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What tells the database from all others.
    ///
    /// # Errors
    /// As of any statement.
    pub async fn identity(&self) -> Result<String, RepositoryError> {
        database_identity(&self.transaction).await
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// [`RepositoryError::Unavailable`] when the database cannot be reached; [`RepositoryError::Backend`] when it
    /// refuses.
    pub async fn run(&self, sql: &str) -> Result<(), RepositoryError> {
        self.transaction.execute_unprepared(sql).await.map(|_| ()).map_err(repository_error)
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn rows(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, RepositoryError> {
        let statement = Statement::from_sql_and_values(self.transaction.get_database_backend(), sql, values);
        self.transaction.query_all_raw(statement).await.map_err(repository_error)
    }

    /// The column `name` of a query about a table; `None` without rows, which is that there is no such table.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn names(&self, sql: &str, table: String) -> Result<Option<Vec<String>>, RepositoryError> {
        let rows = self.rows(sql, vec![table.into()]).await?;
        let names = rows.iter().map(|row| row.try_get("", "name")).collect::<Result<Vec<String>, _>>();
        let names = names.map_err(repository_error)?;
        Ok((!names.is_empty()).then_some(names))
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn count(&self, table: &str) -> Result<u64, RepositoryError> {
        let rows = self.rows(&format!("SELECT count(*) AS n FROM {}", quoted(table)), vec![]).await?;
        let counted = rows.first().map(|row| row.try_get::<i64>("", "n")).transpose().map_err(repository_error)?;
        Ok(counted.unwrap_or_default().cast_unsigned())
    }
}

/// A name as SQL writes it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The key of a query, and what to select it from with the table, which is called `t`. `cast` is appended to columns
/// that are compared across tables.
pub fn keyed(query: &Query, cast: &str) -> (String, String) {
    let table = quoted(&query.table);
    match &query.key {
        Key::Column(column) => (format!("t.{}", quoted(column)), format!("{table} t")),
        Key::Through { column, table: other, id, key } => (
            format!("o.{}", quoted(key)),
            format!("{table} t LEFT JOIN {} o ON o.{}{cast} = t.{}{cast}", quoted(other), quoted(id), quoted(column)),
        ),
    }
}

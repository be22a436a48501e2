use std::time::Instant;

use kernel::RepositoryError;
use sea_orm::DatabaseConnection;
use sea_orm::sqlx::{AssertSqlSafe, Row, SqliteConnection, SqlitePool, query};
use storage_sea::{Counting, DatabaseFacts, LARGE, PoolFacts, TableRows, driver_error, migrations};

use crate::storage::SqliteStorage;

/// Tables of rows; those behind full-text indexes hold nothing of their own.
const TABLES: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' \
     AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'seaql_migrations' ORDER BY name";

impl SqliteStorage {
    /// What there is to know about the database.
    ///
    /// # Errors
    /// When it cannot be asked, or holds tables that are not Iyagi's.
    pub async fn facts(&self, counting: Counting) -> Result<DatabaseFacts, RepositoryError> {
        let mut connection = self.driver().acquire().await.map_err(driver_error)?;
        let begun = Instant::now();
        query("SELECT 1").execute(&mut *connection).await.map_err(driver_error)?;
        let latency = begun.elapsed();
        let file = "SELECT sqlite_version(), page_count * page_size FROM pragma_page_count, pragma_page_size";
        let file = query(file).fetch_one(&mut *connection).await.map_err(driver_error)?;
        let names = tables(&mut connection).await?;
        let mut rows = Vec::with_capacity(names.len());
        for name in &names {
            rows.push(count(&mut connection, name, counting).await?);
        }
        drop(connection);
        Ok(DatabaseFacts {
            backend: "sqlite",
            version: file.try_get(0).map_err(driver_error)?,
            encrypted: false,
            latency,
            size_bytes: file.try_get::<i64, _>(1).map_err(driver_error)?.unsigned_abs(),
            migrations: migrations(self.pools.reader(), &names).await?,
            rows,
            pool: self.pool_facts(),
        })
    }

    /// The connections of this process; costs nothing.
    pub fn pool_facts(&self) -> PoolFacts {
        let pools = [self.pools.reader(), self.pools.writer()].map(DatabaseConnection::get_sqlite_connection_pool);
        pools.into_iter().fold(PoolFacts::default(), |sum, pool| {
            let pool = PoolFacts::of(pool.size(), pool.num_idle(), pool.options().get_max_connections());
            PoolFacts { size: sum.size + pool.size, idle: sum.idle + pool.idle, max: sum.max + pool.max }
        })
    }

    /// Writes and takes it back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn try_write(&self) -> Result<(), RepositoryError> {
        let pool = self.pools.writer().get_sqlite_connection_pool();
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(driver_error)?;
        for sql in ["CREATE TABLE iyagi_write_test (n integer)", "INSERT INTO iyagi_write_test VALUES (1)"] {
            query(AssertSqlSafe(sql)).execute(&mut *transaction).await.map_err(driver_error)?;
        }
        transaction.rollback().await.map_err(driver_error)
    }

    /// The tables that hold something, each with its rows; empty when there is nothing to lose.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn occupied(&self) -> Result<std::collections::BTreeMap<String, u64>, RepositoryError> {
        let facts = self.facts(Counting::Exact).await?;
        Ok(facts.rows.into_iter().filter(|rows| rows.rows > 0).map(|rows| (rows.table, rows.rows)).collect())
    }

    pub(crate) fn driver(&self) -> &SqlitePool {
        self.pools.reader().get_sqlite_connection_pool()
    }
}

pub(crate) async fn tables(connection: &mut SqliteConnection) -> Result<Vec<String>, RepositoryError> {
    let rows = query(TABLES).fetch_all(connection).await.map_err(driver_error)?;
    rows.iter().map(|row| row.try_get(0).map_err(driver_error)).collect()
}

/// The highest row number is found at once and bounds the rows from above; counting reads an index through.
async fn count(
    connection: &mut SqliteConnection,
    table: &str,
    counting: Counting,
) -> Result<TableRows, RepositoryError> {
    let quoted = quoted(table);
    let number = async |connection: &mut SqliteConnection, sql: String| -> Result<u64, RepositoryError> {
        let row = query(AssertSqlSafe(sql)).fetch_one(connection).await.map_err(driver_error)?;
        Ok(row.try_get::<Option<i64>, _>(0).map_err(driver_error)?.unwrap_or(0).unsigned_abs())
    };
    if counting == Counting::Cheap {
        let rows = number(connection, format!("SELECT max(rowid) FROM {quoted}")).await?;
        if rows > LARGE {
            return Ok(TableRows { table: table.to_owned(), rows, estimated: true });
        }
    }
    let rows = number(connection, format!("SELECT count(*) FROM {quoted}")).await?;
    Ok(TableRows { table: table.to_owned(), rows, estimated: false })
}

/// A name as SQL takes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

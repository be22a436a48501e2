use std::time::Instant;

use kernel::RepositoryError;
use sea_orm::sqlx::{AssertSqlSafe, Connection, Row, query};
use storage_sea::{Counting, DatabaseFacts, LARGE, PoolFacts, TableRows, driver_error, migrations};

use crate::catalog::{self, Table};
use crate::storage::PostgresStorage;

const SERVER: &str = "SELECT current_setting('server_version'), pg_database_size(current_database()), \
     COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)";

impl PostgresStorage {
    /// What there is to know about the database.
    ///
    /// # Errors
    /// When it cannot be asked, or holds tables that are not Iyagi's.
    pub async fn facts(&self, counting: Counting) -> Result<DatabaseFacts, RepositoryError> {
        let mut connection = self.driver.acquire().await.map_err(driver_error)?;
        let begun = Instant::now();
        query("SELECT 1").execute(&mut *connection).await.map_err(driver_error)?;
        let latency = begun.elapsed();
        let server = query(SERVER).fetch_one(&mut *connection).await.map_err(driver_error)?;
        let tables = catalog::tables(&mut connection).await?;
        let rows = rows(&mut connection, &tables, counting).await?;
        drop(connection);
        let names: Vec<String> = tables.into_iter().map(|table| table.name).collect();
        Ok(DatabaseFacts {
            backend: "postgresql",
            version: server.try_get(0).map_err(driver_error)?,
            encrypted: server.try_get(2).map_err(driver_error)?,
            latency,
            size_bytes: server.try_get::<i64, _>(1).map_err(driver_error)?.unsigned_abs(),
            migrations: migrations(&self.pool, &names).await?,
            rows,
            pool: self.pool_facts(),
        })
    }

    /// The connections of this process; costs nothing.
    pub fn pool_facts(&self) -> PoolFacts {
        let driver = &self.driver;
        PoolFacts::of(driver.size(), driver.num_idle(), driver.options().get_max_connections())
    }

    /// Writes and takes it back.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn try_write(&self) -> Result<(), RepositoryError> {
        let mut connection = self.driver.acquire().await.map_err(driver_error)?;
        let mut transaction = connection.begin().await.map_err(driver_error)?;
        for sql in ["CREATE TABLE iyagi_write_test (n integer)", "INSERT INTO iyagi_write_test VALUES (1)"] {
            query(AssertSqlSafe(sql)).execute(&mut *transaction).await.map_err(driver_error)?;
        }
        transaction.rollback().await.map_err(driver_error)
    }
}

async fn rows(
    connection: &mut sea_orm::sqlx::PgConnection,
    tables: &[Table],
    counting: Counting,
) -> Result<Vec<TableRows>, RepositoryError> {
    let estimated = |table: &&Table| counting == Counting::Cheap && table.estimate > LARGE.cast_signed();
    let exact = tables.iter().filter(|table| !estimated(table)).map(|table| table.name.as_str());
    let counted = catalog::count(connection, exact).await?;
    let of = |table: &Table| match counted.get(&table.name) {
        Some(rows) => TableRows { table: table.name.clone(), rows: *rows, estimated: false },
        None => TableRows { table: table.name.clone(), rows: table.estimate.unsigned_abs(), estimated: true },
    };
    let mut rows: Vec<TableRows> = tables.iter().map(of).collect();
    rows.sort_by(|a, b| a.table.cmp(&b.table));
    Ok(rows)
}

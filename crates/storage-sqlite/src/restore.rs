//! Filling a new file from the portable form.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use kernel::RepositoryError;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::{AssertSqlSafe, Row, query};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait, Value};
use storage_sea::dump::{ColumnKind, DumpReader, DumpRow, DumpTable, sqlite_value};
use storage_sea::{Counting, Migrations, driver_error, repository_error};

use crate::connect;
use crate::facts::{quoted, tables};
use crate::storage::SqliteStorage;
use crate::{keywords, messages};

impl SqliteStorage {
    /// Makes a new file from the portable form, brings its schema up to date and builds its indexes.
    /// `each` is told of every row. Answers the rows of each table; after an error the file is worth nothing.
    ///
    /// # Errors
    /// When the dump is wrong or newer than this program, a row is refused, or not all arrive.
    pub async fn restore_portably<R: BufRead>(
        file: &Path,
        dump: &mut DumpReader<R>,
        mut each: impl FnMut(),
    ) -> Result<BTreeMap<String, u64>, RepositoryError> {
        let steps = Migrations::of(dump.header().migrations.clone()).steps()?;
        let storage = Self { pools: connect::open(file, true).await.map_err(RepositoryError::unavailable)? };
        Migrator::up(storage.pools.writer(), Some(steps)).await.map_err(repository_error)?;
        let insertions = storage.insertions(&dump.header().tables).await?;
        let transaction = storage.pools.writer().begin().await.map_err(repository_error)?;
        while let Some(row) = dump.row().map_err(RepositoryError::backend)? {
            insert(&transaction, &insertions[row.table], &row).await?;
            each();
        }
        keywords::rebuild(&transaction).await?;
        messages::rebuild(&transaction).await?;
        transaction.commit().await.map_err(repository_error)?;
        let rows = dump.rows().clone();
        storage.compare(&rows).await?;
        Migrator::up(storage.pools.writer(), None).await.map_err(repository_error)?;
        storage.check().await?;
        storage.close().await?;
        Ok(rows)
    }

    /// The statement for each table of the dump. Names come from the database: the file is not trusted with SQL.
    async fn insertions(&self, dumped: &[DumpTable]) -> Result<Vec<Insertion>, RepositoryError> {
        let unknown = |what: String| RepositoryError::Corrupt(format!("the dump has {what}, which SQLite has not"));
        let mut connection = self.driver().acquire().await.map_err(driver_error)?;
        let known = tables(&mut connection).await?;
        let mut insertions = Vec::new();
        for table in dumped {
            if !known.contains(&table.name) {
                return Err(unknown(format!("a table {}", table.name)));
            }
            let sql =
                AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{}')", table.name.replace('\'', "''")));
            let rows = query(sql).fetch_all(&mut *connection).await.map_err(driver_error)?;
            let columns: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get(0)).collect();
            insertions.push(Insertion::of(table, &columns.map_err(driver_error)?).map_err(unknown)?);
        }
        Ok(insertions)
    }

    async fn compare(&self, expected: &BTreeMap<String, u64>) -> Result<(), RepositoryError> {
        for rows in self.facts(Counting::Exact).await?.rows {
            let expected = expected.get(&rows.table).copied().unwrap_or(0);
            if rows.rows != expected {
                let reason = format!("{} has {} rows after restoring, the dump {expected}", rows.table, rows.rows);
                return Err(RepositoryError::Corrupt(reason));
            }
        }
        Ok(())
    }
}

/// How a table's rows are written, and which values of a dump's row they take.
struct Insertion {
    sql: String,
    taken: Vec<(usize, ColumnKind)>,
}

impl Insertion {
    /// What the other kind of database keeps for its own indexes is left out: ours are built anew.
    fn of(table: &DumpTable, columns: &[String]) -> Result<Self, String> {
        let mut names = Vec::new();
        let mut taken = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            if columns.contains(&column.name) {
                names.push(quoted(&column.name));
                taken.push((at, column.kind));
            } else if column.kind != ColumnKind::Other {
                return Err(format!("a column {}.{}", table.name, column.name));
            }
        }
        let marks = vec!["?"; names.len()].join(", ");
        Ok(Self { sql: format!("INSERT INTO {} ({}) VALUES ({marks})", quoted(&table.name), names.join(", ")), taken })
    }
}

async fn insert(
    transaction: &DatabaseTransaction,
    insertion: &Insertion,
    row: &DumpRow,
) -> Result<(), RepositoryError> {
    let values = row.values().map_err(RepositoryError::backend)?;
    let values: Result<Vec<Value>, _> =
        insertion.taken.iter().map(|(at, kind)| sqlite_value(*kind, &values[*at])).collect();
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, &insertion.sql, values?);
    transaction.execute_raw(statement).await.map(|_| ()).map_err(repository_error)
}

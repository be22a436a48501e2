//! Restoring into a database that holds nothing yet.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use kernel::RepositoryError;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::query;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};
use storage_sea::dump::{ColumnKind, DumpReader, DumpTable};
use storage_sea::{Migrations, driver_error, migrations, repository_error};

use crate::catalog::{self, Column, Table, quoted};
use crate::keywords;
use crate::programs::Programs;
use crate::storage::PostgresStorage;

/// Rows that are inserted by one statement, and how much text they may have together.
const BATCH_ROWS: usize = 500;
const BATCH_BYTES: usize = 1 << 20;

impl PostgresStorage {
    /// The tables that hold something, each with its rows; empty when there is nothing to lose.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn occupied(&self) -> Result<BTreeMap<String, u64>, RepositoryError> {
        let names = self.table_names().await?;
        let mut connection = self.driver.acquire().await.map_err(driver_error)?;
        let mut rows = catalog::count(&mut connection, names.iter().map(String::as_str)).await?;
        rows.retain(|_, rows| *rows > 0);
        Ok(rows)
    }

    /// Fills the empty database from the portable form and brings its schema up to date: all of it or nothing.
    /// `each` is told of every row. Answers the rows of each table.
    ///
    /// # Errors
    /// When the dump is wrong or newer than this program, a row is refused, or not all arrive.
    pub async fn restore_portably<R: BufRead>(
        &self,
        dump: &mut DumpReader<R>,
        mut each: impl FnMut(),
    ) -> Result<BTreeMap<String, u64>, RepositoryError> {
        let steps = Migrations::of(dump.header().migrations.clone()).steps()?;
        let names = self.table_names().await?;
        let transaction = self.begin_migration().await?;
        let applied = migrations(&transaction, &names).await?.steps()?;
        move_schema(&transaction, applied, steps).await?;
        let tables = self.tables_of(&transaction).await?;
        let insertions = insertions(&dump.header().tables, &tables)?;
        let mut batch = Batch::default();
        while let Some(row) = dump.row().map_err(RepositoryError::backend)? {
            if batch.is_full_for(row.table) {
                batch.insert(&transaction, &insertions).await?;
            }
            batch.take(row.table, row.text.trim_end());
            each();
        }
        batch.insert(&transaction, &insertions).await?;
        set_sequences(&transaction, &tables).await?;
        let rows = dump.rows().clone();
        compare(&transaction, &rows).await?;
        Migrator::up(&transaction, None).await.map_err(repository_error)?;
        keywords::rebuild(&transaction).await?;
        transaction.commit().await.map_err(repository_error)?;
        query("ANALYZE").execute(&self.driver).await.map_err(driver_error)?;
        Ok(rows)
    }

    /// Has `pg_restore` fill the empty database, and brings its schema up to date.
    /// Answers the rows of each table.
    ///
    /// # Errors
    /// When the program is missing or fails.
    pub async fn restore_with_program(&self, file: &Path) -> Result<BTreeMap<String, u64>, RepositoryError> {
        // Holds other instances off; it touches no table, which the program is to replace.
        let alone = self.begin_migration().await?;
        Programs::restore(&self.options, file).await?;
        alone.commit().await.map_err(repository_error)?;
        let names = self.table_names().await?;
        migrations(&self.pool, &names).await?.steps()?;
        let mut connection = self.driver.acquire().await.map_err(driver_error)?;
        let rows = catalog::count(&mut connection, names.iter().map(String::as_str)).await?;
        drop(connection);
        self.migrate().await?;
        query("ANALYZE").execute(&self.driver).await.map_err(driver_error)?;
        Ok(rows)
    }

    /// The tables as a transaction sees them that has changed the schema.
    async fn tables_of(&self, transaction: &DatabaseTransaction) -> Result<Vec<Table>, RepositoryError> {
        let statement = Statement::from_string(DbBackend::Postgres, catalog::COLUMNS);
        let rows = transaction.query_all_raw(statement).await.map_err(repository_error)?;
        let mut tables: BTreeMap<String, Table> = BTreeMap::new();
        for row in rows {
            let get = |index: usize| row.try_get_by_index::<String>(index).map_err(repository_error);
            let (name, column) = (get(0)?, Column { name: get(2)?, sql_type: get(3)? });
            let table = tables.entry(name.clone()).or_insert_with(|| Table { name, columns: Vec::new(), estimate: -1 });
            table.columns.push(column);
        }
        Ok(tables.into_values().collect())
    }
}

/// Brings an empty schema from one step of its history to another.
async fn move_schema(transaction: &DatabaseTransaction, from: u32, to: u32) -> Result<(), RepositoryError> {
    let moved = if from > to {
        Migrator::down(transaction, Some(from - to)).await
    } else {
        Migrator::up(transaction, Some(to - from)).await
    };
    moved.map_err(repository_error)
}

/// The statement for each table of the dump. Names and types come from the database: the file is not trusted with
/// SQL.
fn insertions(dumped: &[DumpTable], tables: &[Table]) -> Result<Vec<String>, RepositoryError> {
    let unknown = |what: &str| RepositoryError::Corrupt(format!("the dump has {what}, which the database has not"));
    let insertion = |dumped: &DumpTable| {
        let table = tables.iter().find(|table| table.name == dumped.name);
        let table = table.ok_or_else(|| unknown(&format!("a table {}", dumped.name)))?;
        let mut columns = Vec::new();
        for named in &dumped.columns {
            let column = table.columns.iter().find(|column| column.name == named.name);
            columns.push(column.ok_or_else(|| unknown(&format!("a column {}.{}", dumped.name, named.name)))?);
        }
        let names: Vec<String> = columns.iter().map(|column| quoted(&column.name)).collect();
        let values: Vec<String> = columns.iter().enumerate().map(|(at, column)| value(at, column)).collect();
        Ok(format!(
            "INSERT INTO {} ({}) SELECT {} FROM json_array_elements($1::json) AS r(v)",
            quoted(&table.name),
            names.join(", "),
            values.join(", ")
        ))
    };
    dumped.iter().map(insertion).collect()
}

fn value(at: usize, column: &Column) -> String {
    match column.kind() {
        ColumnKind::Bytes => format!("decode(v->>{at}, 'hex')"),
        _ => format!("(v->>{at})::{}", column.sql_type),
    }
}

/// Rows of one table, gathered.
#[derive(Default)]
struct Batch {
    table: usize,
    rows: usize,
    text: String,
}

impl Batch {
    fn is_full_for(&self, table: usize) -> bool {
        self.rows > 0 && (self.table != table || self.rows >= BATCH_ROWS || self.text.len() >= BATCH_BYTES)
    }

    fn take(&mut self, table: usize, row: &str) {
        self.text.push(if self.rows == 0 { '[' } else { ',' });
        self.text.push_str(row);
        self.table = table;
        self.rows += 1;
    }

    async fn insert(
        &mut self,
        transaction: &DatabaseTransaction,
        insertions: &[String],
    ) -> Result<(), RepositoryError> {
        let batch = std::mem::take(self);
        if batch.rows > 0 {
            let values = [(batch.text + "]").into()];
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, &insertions[batch.table], values);
            transaction.execute_raw(statement).await.map_err(repository_error)?;
        }
        Ok(())
    }
}

/// Numbers that the database gives go on after the ones that were restored.
async fn set_sequences(transaction: &DatabaseTransaction, tables: &[Table]) -> Result<(), RepositoryError> {
    for table in tables {
        for column in table.columns.iter().filter(|column| column.kind() == ColumnKind::Integer) {
            let sql = format!(
                "SELECT setval(s, GREATEST(max({column}), 1), max({column}) IS NOT NULL) FROM {table}, \
                 pg_get_serial_sequence($1, $2) AS s WHERE s IS NOT NULL GROUP BY s",
                column = quoted(&column.name),
                table = quoted(&table.name),
            );
            let values = [quoted(&table.name).into(), column.name.as_str().into()];
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
            transaction.query_all_raw(statement).await.map_err(repository_error)?;
        }
    }
    Ok(())
}

async fn compare(transaction: &DatabaseTransaction, rows: &BTreeMap<String, u64>) -> Result<(), RepositoryError> {
    for (table, expected) in rows {
        let statement = Statement::from_string(DbBackend::Postgres, format!("SELECT count(*) FROM {}", quoted(table)));
        let row = transaction.query_one_raw(statement).await.map_err(repository_error)?;
        let found: i64 = match row {
            Some(row) => row.try_get_by_index(0).map_err(repository_error)?,
            None => 0,
        };
        if found.unsigned_abs() != *expected {
            let reason = format!("{table} has {found} rows after restoring, the dump {expected}");
            return Err(RepositoryError::Corrupt(reason));
        }
    }
    Ok(())
}

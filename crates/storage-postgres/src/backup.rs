//! Backups: one moment of the whole database, while it is in use.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use futures::TryStreamExt;
use kernel::RepositoryError;
use sea_orm::sqlx::{AssertSqlSafe, PgConnection, Postgres, Row, Transaction, query};
use storage_sea::dump::{ColumnKind, DUMP_VERSION, DumpColumn, DumpHeader, DumpTable, DumpWriter};
use storage_sea::{driver_error, migrations};

use crate::catalog::{self, Column, Table, quoted};
use crate::programs::{DumpProgram, Programs};
use crate::storage::PostgresStorage;

impl PostgresStorage {
    /// Writes the portable form. `each` is told of every row.
    ///
    /// # Errors
    /// When the database cannot be read or the file not be written.
    pub async fn back_up_portably(
        &self,
        to: impl Write,
        mut each: impl FnMut(),
    ) -> Result<BTreeMap<String, u64>, RepositoryError> {
        let names = self.table_names().await?;
        let applied = migrations(&self.pool, &names).await?.applied;
        let mut transaction = self.begin_snapshot().await?;
        let tables = catalog::tables(&mut transaction).await?;
        let header = DumpHeader {
            iyagi_dump: DUMP_VERSION,
            migrations: applied,
            tables: tables.iter().map(described).collect(),
        };
        let mut writer = DumpWriter::begin(to, &header).map_err(RepositoryError::backend)?;
        for table in &tables {
            writer.table(&table.name).map_err(RepositoryError::backend)?;
            write_rows(&mut transaction, table, &mut writer, &mut each).await?;
        }
        let (rows, _) = writer.end().map_err(RepositoryError::backend)?;
        transaction.rollback().await.map_err(driver_error)?;
        Ok(rows)
    }

    /// Has `pg_dump` write its custom format, and counts what is in it: both see the same moment.
    ///
    /// # Errors
    /// When the database cannot be read or the program fails.
    pub async fn back_up_with(
        &self,
        program: &DumpProgram,
        file: &Path,
    ) -> Result<BTreeMap<String, u64>, RepositoryError> {
        let mut transaction = self.begin_snapshot().await?;
        let exported = query("SELECT pg_export_snapshot()").fetch_one(&mut *transaction).await.map_err(driver_error)?;
        let snapshot: String = exported.try_get(0).map_err(driver_error)?;
        program.dump(&self.options, &snapshot, file).await?;
        let tables = catalog::tables(&mut transaction).await?;
        let rows = catalog::count(&mut transaction, tables.iter().map(|table| table.name.as_str())).await?;
        transaction.rollback().await.map_err(driver_error)?;
        Ok(rows)
    }

    /// The `pg_dump` of this machine that can read this server; `None` when there is none.
    ///
    /// # Errors
    /// When the server cannot be asked for its version.
    pub async fn dump_program(&self) -> Result<Option<DumpProgram>, RepositoryError> {
        let row = query("SHOW server_version_num").fetch_one(&self.driver).await.map_err(driver_error)?;
        let number: String = row.try_get(0).map_err(driver_error)?;
        let major = number.parse::<u32>().map_err(RepositoryError::backend)? / 10_000;
        Ok(Programs::find_dump(major).await)
    }

    pub(crate) async fn table_names(&self) -> Result<Vec<String>, RepositoryError> {
        let mut connection = self.driver.acquire().await.map_err(driver_error)?;
        let tables = catalog::tables(&mut connection).await?;
        Ok(tables.into_iter().map(|table| table.name).collect())
    }

    async fn begin_snapshot(&self) -> Result<Transaction<'static, Postgres>, RepositoryError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let mut transaction = self.driver.begin_with(begin).await.map_err(driver_error)?;
        for limit in ["statement_timeout", "idle_in_transaction_session_timeout"] {
            let sql = AssertSqlSafe(format!("SET LOCAL {limit} = 0"));
            query(sql).execute(&mut *transaction).await.map_err(driver_error)?;
        }
        Ok(transaction)
    }
}

fn described(table: &Table) -> DumpTable {
    let column = |column: &Column| DumpColumn { name: column.name.clone(), kind: column.kind() };
    DumpTable { name: table.name.clone(), columns: table.columns.iter().map(column).collect() }
}

/// How the server writes a column's value into JSON.
fn expression(column: &Column) -> String {
    let name = quoted(&column.name);
    match column.kind() {
        ColumnKind::Text | ColumnKind::Integer | ColumnKind::Float | ColumnKind::Boolean => name,
        ColumnKind::Json | ColumnKind::Uuid | ColumnKind::Other => format!("{name}::text"),
        ColumnKind::Time => format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"),
        ColumnKind::Bytes => format!("encode({name}, 'hex')"),
    }
}

async fn write_rows<W: Write>(
    connection: &mut PgConnection,
    table: &Table,
    writer: &mut DumpWriter<W>,
    each: &mut impl FnMut(),
) -> Result<(), RepositoryError> {
    let values: Vec<String> = table.columns.iter().map(expression).collect();
    let sql = format!("SELECT json_build_array({})::text FROM {}", values.join(", "), quoted(&table.name));
    let mut rows = query(AssertSqlSafe(sql)).fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(driver_error)? {
        writer.row(row.try_get(0).map_err(driver_error)?).map_err(RepositoryError::backend)?;
        each();
    }
    Ok(())
}

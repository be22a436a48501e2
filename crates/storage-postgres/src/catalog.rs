//! The tables of a database, as the server itself describes them.

use std::collections::BTreeMap;

use kernel::RepositoryError;
use sea_orm::sqlx::{AssertSqlSafe, PgConnection, Row, query};
use storage_sea::driver_error;
use storage_sea::dump::ColumnKind;

/// A table of the current schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    /// What the server took its rows for when it last looked; negative when it never has.
    pub(crate) estimate: i64,
}

/// A column that can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// Its type in SQL.
    pub(crate) sql_type: String,
}

impl Column {
    pub(crate) fn kind(&self) -> ColumnKind {
        match self.sql_type.as_str() {
            "text" | "character varying" => ColumnKind::Text,
            "smallint" | "integer" | "bigint" => ColumnKind::Integer,
            "real" | "double precision" => ColumnKind::Float,
            "boolean" => ColumnKind::Boolean,
            "json" | "jsonb" => ColumnKind::Json,
            "timestamp with time zone" => ColumnKind::Time,
            "uuid" => ColumnKind::Uuid,
            "bytea" => ColumnKind::Bytes,
            _ => ColumnKind::Other,
        }
    }
}

/// Name, estimated rows, column and type of every column that can be written. `chunk_terms` is made of the chunks.
pub(crate) const COLUMNS: &str = "SELECT c.relname, c.reltuples::int8, a.attname, format_type(a.atttypid, a.atttypmod) \
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
       AND c.relname NOT IN ('seaql_migrations', 'chunk_terms') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
     ORDER BY c.relname, a.attnum";

const REFERENCES: &str = "SELECT child.relname, parent.relname \
     FROM pg_constraint k JOIN pg_class child ON child.oid = k.conrelid JOIN pg_class parent ON parent.oid = k.confrelid \
     WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace";

/// The tables, those that others refer to first.
pub(crate) async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, RepositoryError> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for row in query(COLUMNS).fetch_all(&mut *connection).await.map_err(driver_error)? {
        let name: String = row.try_get(0).map_err(driver_error)?;
        let estimate = row.try_get(1).map_err(driver_error)?;
        let column =
            Column { name: row.try_get(2).map_err(driver_error)?, sql_type: row.try_get(3).map_err(driver_error)? };
        let table = tables.entry(name.clone()).or_insert_with(|| Table { name, columns: Vec::new(), estimate });
        table.columns.push(column);
    }
    let references = query(REFERENCES).fetch_all(&mut *connection).await.map_err(driver_error)?;
    let reference = |row: &sea_orm::sqlx::postgres::PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
    let references: Result<Vec<(String, String)>, _> = references.iter().map(reference).collect();
    Ok(parents_first(tables, &references.map_err(driver_error)?))
}

/// In the order that rows can be inserted in. Tables that refer to each other in a circle come last.
fn parents_first(mut left: BTreeMap<String, Table>, references: &[(String, String)]) -> Vec<Table> {
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let waits = |name: &String| {
            references.iter().any(|(child, parent)| child == name && parent != name && left.contains_key(parent))
        };
        let free: Vec<String> = left.keys().filter(|name| !waits(name)).cloned().collect();
        let next = if free.is_empty() { left.keys().cloned().collect() } else { free };
        ordered.extend(next.iter().filter_map(|name| left.remove(name)));
    }
    ordered
}

/// A name as SQL takes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Counts every row of these tables in one statement.
pub(crate) async fn count<'a>(
    connection: &mut PgConnection,
    tables: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, u64>, RepositoryError> {
    let one = |name: &str| format!("SELECT '{}'::text, count(*) FROM {}", name.replace('\'', "''"), quoted(name));
    let all: Vec<String> = tables.into_iter().map(one).collect();
    if all.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = query(AssertSqlSafe(all.join(" UNION ALL "))).fetch_all(connection).await.map_err(driver_error)?;
    let counted = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs())));
    counted.collect::<Result<_, _>>().map_err(driver_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_referred_to_comes_first_and_a_circle_does_not_hang() {
        let tables = ["a", "b", "c", "d", "e"]
            .map(|name| (name.to_owned(), Table { name: name.to_owned(), columns: Vec::new(), estimate: -1 }));
        let references = [("a", "c"), ("c", "b"), ("b", "b"), ("d", "e"), ("e", "d")];
        let references = references.map(|(child, parent)| (child.to_owned(), parent.to_owned()));
        let ordered = parents_first(tables.into(), &references);
        let names: Vec<&str> = ordered.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["b", "c", "a", "d", "e"]);
    }
}

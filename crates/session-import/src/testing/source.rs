//! A source in memory.

use async_trait::async_trait;
use kernel::RepositoryError;
use serde_json::Value;

use crate::Row;
use crate::ports::{CursorId, Key, Query, Source, SourceRow};

#[derive(Debug)]
struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Value>,
}

/// A source whose tables are lists of rows.
#[derive(Debug, Default)]
pub struct MemorySource {
    tables: Vec<Table>,
    cursors: Vec<Vec<SourceRow>>,
}

impl MemorySource {
    /// Adds a table whose columns are those that its rows have.
    #[must_use]
    pub fn with(self, table: &str, rows: Vec<Value>) -> Self {
        let named = |row: &Value| row.as_object().map(|row| row.keys().cloned().collect::<Vec<_>>());
        let mut columns: Vec<String> = rows.iter().filter_map(named).flatten().collect();
        columns.sort();
        columns.dedup();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        self.with_columns(table, &columns, rows)
    }

    /// Adds a table.
    #[must_use]
    pub fn with_columns(mut self, table: &str, columns: &[&str], rows: Vec<Value>) -> Self {
        let columns = columns.iter().map(|&column| column.to_owned()).collect();
        self.tables.push(Table { name: table.to_owned(), columns, rows });
        self
    }

    fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    fn rows(&self, table: &str) -> Option<&Vec<Value>> {
        self.table(table).map(|table| &table.rows)
    }

    fn key(&self, row: &Value, key: &Key) -> Option<String> {
        let shown = |value: &Value| match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        match key {
            Key::Column(column) => shown(&row[column]),
            Key::Through { column, table, id, key } => {
                let other = self.rows(table)?.iter().find(|other| other[id] == row[column])?;
                shown(&other[key])
            }
        }
    }
}

#[async_trait]
impl Source for MemorySource {
    fn origin(&self) -> &'static str {
        "memory"
    }

    async fn identity(&mut self) -> Result<String, RepositoryError> {
        Ok("memory".to_owned())
    }

    async fn columns(&mut self, table: &str) -> Result<Option<Vec<String>>, RepositoryError> {
        Ok(self.table(table).map(|table| table.columns.clone()))
    }

    async fn count(&mut self, table: &str) -> Result<u64, RepositoryError> {
        Ok(self.rows(table).map_or(0, |rows| rows.len() as u64))
    }

    async fn open(&mut self, query: &Query) -> Result<CursorId, RepositoryError> {
        let rows = self.rows(&query.table).map(Vec::as_slice).unwrap_or_default();
        let mut rows: Vec<SourceRow> = rows
            .iter()
            .map(|row| SourceRow { key: self.key(row, &query.key), row: Row::read(row.to_string().as_bytes()) })
            .collect();
        rows.sort_by(|one, other| one.key.cmp(&other.key));
        // Handed out from the end.
        rows.reverse();
        self.cursors.push(rows);
        Ok(CursorId(self.cursors.len() - 1))
    }

    async fn fetch(&mut self, cursor: CursorId) -> Result<Vec<SourceRow>, RepositoryError> {
        let rows = self.cursors.get_mut(cursor.0).map(|rows| rows.split_off(rows.len().saturating_sub(2)));
        Ok(rows.unwrap_or_default().into_iter().rev().collect())
    }
}

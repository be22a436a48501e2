//! For tests: a source in memory, and samples.

use async_trait::async_trait;
use kernel::RepositoryError;
use serde_json::Value;

use crate::Row;
use crate::ports::{CursorId, Key, Query, Source, SourceRow};

/// A source whose tables are lists of rows.
#[derive(Debug, Default)]
pub struct MemorySource {
    tables: Vec<(String, Vec<Value>)>,
    cursors: Vec<Vec<SourceRow>>,
}

impl MemorySource {
    /// Adds a table.
    #[must_use]
    pub fn with(mut self, table: &str, rows: Vec<Value>) -> Self {
        self.tables.push((table.to_owned(), rows));
        self
    }

    fn rows(&self, table: &str) -> Option<&Vec<Value>> {
        self.tables.iter().find(|(name, _)| name == table).map(|(_, rows)| rows)
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
        let columns =
            |rows: &Vec<Value>| rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys().cloned()).collect();
        Ok(self.rows(table).map(columns))
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

#[cfg(test)]
pub(crate) mod samples {
    use std::time::Duration;

    use kernel::StoreId;
    use serde_json::json;

    use crate::mapping::Mapping;
    use crate::merge::Group;
    use crate::report::Notes;
    use crate::{Conversation, Row, SourceKind};

    pub(crate) fn mapping() -> Mapping {
        Mapping {
            kind: SourceKind::Stage1,
            store: StoreId::new("shop").unwrap(),
            namespace: String::new(),
            lifetimes: Duration::from_hours(24).into(),
        }
    }

    pub(crate) fn rows(values: &[serde_json::Value]) -> Vec<Result<Row, String>> {
        values.iter().map(|value| Row::read(value.to_string().as_bytes())).collect()
    }

    /// A conversation of so many messages, questions and answers in turns.
    pub(crate) fn conversation(messages: usize) -> Conversation {
        let session = json!({"id": "s", "store_id": "shop", "user_id": "kim", "created_at": "2026-11-20T00:00:00Z"});
        let message = |number: usize| {
            let role = if number % 2 == 1 { "user" } else { "assistant" };
            json!({"id": number, "session_id": "s", "role": role, "content": format!("말 {number}"),
                "sequence_number": number, "created_at": format!("2026-11-20T00:00:{number:02}Z")})
        };
        let messages: Vec<_> = (1..=messages).map(message).collect();
        let group = Group {
            key: Some("s".to_owned()),
            sessions: rows(&[session]),
            messages: rows(&messages),
            ..Group::default()
        };
        mapping().conversation(group, &mut Notes::default()).unwrap().1
    }
}

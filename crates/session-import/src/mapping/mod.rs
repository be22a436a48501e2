//! Rows of other systems as sessions, turns and messages: pure functions, the same for every source.
//!
//! All systems call the same things by similar names, so there is one mapping with several names for a
//! column. A column without a place of its own is kept under `import.columns` of the metadata.

mod business;
mod feedback;
mod ids;
mod messages;
mod session;
mod sources;
#[cfg(test)]
mod tests;
pub(crate) mod text;
mod turns;

use kernel::StoreId;
use serde_json::{Map, Value, json};
use session_core::SessionLifetimes;

use crate::merge::Group;
use crate::report::{Notes, SkipReason};
use crate::row::Fields;
use crate::{Conversation, SourceKind};

use ids::Ids;

/// How to understand the rows of a source.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    /// What the source is.
    pub(crate) kind: SourceKind,
    /// The store of rows that name none.
    pub(crate) store: StoreId,
    /// What tells this source's ids from those of others of its kind.
    pub(crate) namespace: String,
    /// How long sessions live after their last use, where the source does not say.
    pub(crate) lifetimes: SessionLifetimes,
}

/// Names of a session's id in its own table.
const SESSION_ID: &[&str] = &["id", "session_id", "conversation_id"];

impl Mapping {
    /// Makes a conversation of everything with one key. `None` when there is no usable session in it; what
    /// cannot be used is in `notes`.
    pub(crate) fn conversation(&self, group: Group, notes: &mut Notes) -> Option<(String, Conversation)> {
        let Group { key, sessions, messages, turns, feedback } = group;
        let mut rows = readable("session", key.as_deref(), sessions, notes).into_iter();
        let named = key.clone().filter(|key| !key.trim().is_empty());
        let first = if named.is_some() { rows.next() } else { None };
        let (Some(key), Some(row)) = (named, first) else {
            rows.for_each(|row| notes.skip("session", row.shown(SESSION_ID), None, SkipReason::NoId));
            for (what, rows) in [("message", messages), ("turn", turns), ("feedback", feedback)] {
                for row in readable(what, key.as_deref(), rows, notes) {
                    notes.skip(what, row.shown(&["id", "message_id"]), key.as_deref(), SkipReason::NoSession);
                }
            }
            return None;
        };
        rows.for_each(|_| notes.skip("session", Some(key.clone()), None, SkipReason::DoubleId));
        let Ok(ids) = Ids::new(self, &key) else {
            notes.skip("session", Some(key), None, SkipReason::NoId);
            return None;
        };
        let session = session::read(self, &ids, row, notes);
        let rows = readable("message", Some(&key), messages, notes);
        let said = messages::read(&ids, &session, rows, notes);
        let rows = readable("turn", Some(&key), turns, notes);
        let (turns, messages) = turns::pair(&ids, &session, rows, said.messages, notes);
        let rows = readable("feedback", Some(&key), feedback, notes);
        let feedback = feedback::read(&key, &said.ids, rows, notes);
        let session = session::complete(session, &messages, &turns, &self.lifetimes);
        let conversation = Conversation { session, turns, messages, traces: said.traces, feedback };
        Some((key, conversation))
    }
}

fn readable(
    what: &'static str,
    key: Option<&str>,
    rows: Vec<Result<crate::Row, String>>,
    notes: &mut Notes,
) -> Vec<crate::Row> {
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        match row {
            Ok(row) => read.push(row),
            Err(detail) => {
                let of = key.filter(|_| what != "session");
                let id = key.filter(|_| what == "session").map(str::to_owned);
                notes.skip(what, id, of, SkipReason::Unreadable);
                if let Some(last) = notes.skipped.last_mut() {
                    last.detail = Some(detail);
                }
            }
        }
    }
    read
}

/// Keeps the id that a message has in the source when it gets another one here.
fn keep_id(metadata: &mut Value, ids: &Ids, source_id: &str) {
    if let Value::Object(metadata) = metadata {
        let import = metadata.entry("import").or_insert_with(|| json!({"source": ids.kind.name()}));
        if let Value::Object(import) = import {
            import.entry("id").or_insert_with(|| json!(source_id));
        }
    }
}

/// Metadata with what has no place of its own: the id in the source where it is another one here, and
/// columns that nothing else took.
fn with_import(mut metadata: Map<String, Value>, ids: &Ids, source_id: Option<&str>, fields: Fields<'_>) -> Value {
    let columns = fields.rest();
    if source_id.is_none() && columns.is_empty() {
        return Value::Object(metadata);
    }
    let mut import = Map::new();
    import.insert("source".into(), json!(ids.kind.name()));
    if let Some(id) = source_id {
        import.insert("id".into(), json!(id));
    }
    if !columns.is_empty() {
        import.insert("columns".into(), Value::Object(columns));
    }
    // What an earlier import left is kept below this one's.
    if let Some(before) = metadata.remove("import") {
        import.insert("before".into(), before);
    }
    metadata.insert("import".into(), Value::Object(import));
    Value::Object(metadata)
}

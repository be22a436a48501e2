//! SQLite with nothing between but the driver, with the pragmas of the real storage.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, params};
use uuid::Uuid;

use super::turns::{ANSWER, FINGERPRINT, METADATA, MODEL, QUESTION, ROUTING, SOURCES, STORE, TurnIds, Turns};

const SESSION: &str = "SELECT * FROM chat_sessions WHERE id = ?1 AND store_id = ?2";
const MESSAGES: &str = "SELECT * FROM chat_messages m WHERE session_id = ?1 AND is_deleted = 0 \
    AND EXISTS (SELECT 1 FROM chat_sessions s WHERE s.id = m.session_id AND s.store_id = ?2) \
    ORDER BY sequence_number DESC LIMIT 11";
/// Now, in the form in which the storage keeps times.
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000001Z'";

/// One writer, as the real storage has.
pub(crate) struct SqliteFloor {
    file: PathBuf,
    writer: Arc<Mutex<Connection>>,
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(16);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192;",
    )?;
    Ok(connection)
}

impl SqliteFloor {
    pub(crate) fn open(file: &Path) -> Result<Self> {
        Ok(Self { file: file.to_owned(), writer: Arc::new(Mutex::new(connect(file)?)) })
    }

    /// A connection to read with; each worker keeps one.
    pub(crate) fn reader(&self) -> Result<Connection> {
        Ok(connect(&self.file)?)
    }

    /// Writes in one transaction, off the runtime's threads: a commit waits for the disk.
    async fn write(&self, work: impl FnOnce(&Connection) -> Result<()> + Send + 'static) -> Result<()> {
        let writer = Arc::clone(&self.writer);
        let written = tokio::task::spawn_blocking(move || {
            let connection = writer.lock().unwrap_or_else(PoisonError::into_inner);
            connection.execute_batch("BEGIN IMMEDIATE")?;
            work(&connection)?;
            Ok(connection.execute_batch("COMMIT")?)
        });
        written.await?
    }
}

/// The row of a session, as texts.
pub(crate) fn session(reader: &Connection, id: Uuid) -> Result<Vec<String>> {
    rows(reader, SESSION, id)
}

/// The row of a session and its last messages, as texts.
pub(crate) fn messages(reader: &Connection, id: Uuid) -> Result<Vec<String>> {
    rows(reader, SESSION, id)?;
    rows(reader, MESSAGES, id)
}

fn rows(reader: &Connection, query: &str, id: Uuid) -> Result<Vec<String>> {
    let mut query = reader.prepare_cached(query)?;
    let columns = query.column_count();
    let mut rows = query.query(params![id.as_bytes(), STORE])?;
    let mut texts = Vec::new();
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            if let ValueRef::Text(text) = row.get_ref(column)? {
                texts.push(std::str::from_utf8(text)?.to_owned());
            }
        }
    }
    ensure!(!texts.is_empty(), "the floor does not know {id}");
    Ok(texts)
}

fn execute(on: &Connection, statement: &str, values: impl Params) -> Result<()> {
    let rows = on.prepare_cached(statement)?.execute(values)?;
    ensure!(rows == 1, "a statement of the floor touched {rows} rows");
    Ok(())
}

#[async_trait]
impl Turns for SqliteFloor {
    async fn open(&self, ids: &TurnIds) -> Result<()> {
        let TurnIds { session, turn, question, .. } = *ids;
        self.write(move |on| {
            let take = format!(
                "UPDATE chat_sessions SET request_count = request_count + 1, message_count = message_count + 1, \
                 last_sequence = last_sequence + 1, title = coalesce(title, ?3), last_active_at = {NOW}, \
                 expires_at = strftime('%Y-%m-%dT%H:%M:%f', 'now', '+1 day') || '000001Z', revision = revision + 1 \
                 WHERE id = ?1 AND store_id = ?2 AND state = 'active' AND expires_at > {NOW} RETURNING last_sequence"
            );
            let mut take = on.prepare_cached(&take)?;
            let taken = take.query_row(params![session.as_bytes(), STORE, QUESTION], |row| row.get::<_, i64>(0));
            let sequence = taken.context("the session is not live")?;
            let insert = format!(
                "INSERT INTO chat_turns (id, store_id, session_id, request_hash, state, question_id, opened_at, \
                 lease_until) VALUES (?1, ?2, ?3, ?4, 'open', ?5, {NOW}, {NOW})"
            );
            let values = params![turn.as_bytes(), STORE, session.as_bytes(), FINGERPRINT, question.as_bytes()];
            execute(on, &insert, values)?;
            let insert = format!(
                "INSERT INTO chat_messages (id, session_id, turn_id, role, content, status, prompt_tokens, \
                 completion_tokens, total_tokens, usage_estimated, routing_info, sources, metadata, sequence_number, \
                 is_deleted, created_at) \
                 VALUES (?1, ?2, ?3, 'user', ?4, 'complete', 0, 0, 0, 0, '{{}}', '[]', '{{}}', ?5, 0, {NOW})"
            );
            let values = params![question.as_bytes(), session.as_bytes(), turn.as_bytes(), QUESTION, sequence];
            execute(on, &insert, values)
        })
        .await
    }

    async fn close(&self, ids: &TurnIds) -> Result<()> {
        let TurnIds { session, turn, question, answer } = *ids;
        self.write(move |on| {
            let close = format!(
                "UPDATE chat_turns SET state = 'completed', answer_id = ?3, closed_at = {NOW} \
                 WHERE id = ?1 AND store_id = ?2 AND state = 'open'"
            );
            execute(on, &close, params![turn.as_bytes(), STORE, answer.as_bytes()])?;
            let take = format!(
                "UPDATE chat_sessions SET message_count = message_count + 1, last_sequence = last_sequence + 1, \
                 last_agent_used = 'default', last_active_at = {NOW}, revision = revision + 1 \
                 WHERE id = ?1 RETURNING last_sequence"
            );
            let mut take = on.prepare_cached(&take)?;
            let sequence = take.query_row(params![session.as_bytes()], |row| row.get::<_, i64>(0))?;
            let insert = format!(
                "INSERT INTO chat_messages (id, session_id, turn_id, role, content, status, prompt_tokens, \
                 completion_tokens, total_tokens, usage_estimated, cost_micros, model, first_token_ms, \
                 response_time_ms, agent_used, routing_info, sources, metadata, parent_message_id, sequence_number, \
                 is_deleted, created_at) VALUES (?1, ?2, ?3, 'assistant', ?4, 'complete', 120, 30, 150, 1, 310, ?5, 12, \
                 34, 'default', ?6, ?7, ?8, ?9, ?10, 0, {NOW})"
            );
            let values = params![
                answer.as_bytes(),
                session.as_bytes(),
                turn.as_bytes(),
                ANSWER,
                MODEL,
                ROUTING,
                SOURCES,
                METADATA,
                question.as_bytes(),
                sequence
            ];
            execute(on, &insert, values)
        })
        .await
    }
}

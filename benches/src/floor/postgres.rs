//! PostgreSQL with nothing between but the driver: a few connections, and statements prepared once.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use tokio::sync::{Mutex, MutexGuard};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Statement};
use uuid::Uuid;

use super::turns::{ANSWER, FINGERPRINT, METADATA, MODEL, QUESTION, ROUTING, SOURCES, STORE, TurnIds, Turns};
use crate::storage::cluster::connect;

const SESSION: &str = "SELECT * FROM chat_sessions WHERE id = $1 AND store_id = $2";
const MESSAGES: &str = "SELECT * FROM chat_messages m WHERE session_id = $1 AND is_deleted = false \
    AND EXISTS (SELECT 1 FROM chat_sessions s WHERE s.id = m.session_id AND s.store_id = $2) \
    ORDER BY sequence_number DESC LIMIT 11";

const TAKE_QUESTION: &str = "UPDATE chat_sessions SET request_count = request_count + 1, \
    message_count = message_count + 1, last_sequence = last_sequence + 1, title = coalesce(title, $3), \
    last_active_at = now(), expires_at = now() + interval '24 hours', revision = revision + 1 \
    WHERE id = $1 AND store_id = $2 AND state = 'active' AND expires_at > now() RETURNING id, last_sequence";
const INSERT_TURN: &str = "INSERT INTO chat_turns (id, store_id, session_id, request_hash, state, question_id, \
    opened_at, lease_until)";
const TURN: &str = "$4::uuid, $2, $1::uuid, $5::text, 'open', $6::uuid, now(), now() + interval '20 seconds'";
const INSERT_QUESTION: &str = "INSERT INTO chat_messages (id, session_id, turn_id, role, content, status, \
    prompt_tokens, completion_tokens, total_tokens, usage_estimated, routing_info, sources, metadata, \
    sequence_number, is_deleted, created_at)";
const CLOSE_TURN: &str = "UPDATE chat_turns SET state = 'completed', answer_id = $3, closed_at = now() \
    WHERE id = $1 AND store_id = $2 AND state = 'open' RETURNING id, session_id, question_id";
const INSERT_ANSWER: &str = "INSERT INTO chat_messages (id, session_id, turn_id, role, content, status, \
    prompt_tokens, completion_tokens, total_tokens, usage_estimated, cost_micros, model, first_token_ms, \
    response_time_ms, agent_used, routing_info, sources, metadata, parent_message_id, sequence_number, is_deleted, \
    created_at)";

/// One connection with everything prepared.
struct Prepared {
    client: Client,
    session: Statement,
    messages: Statement,
    take_question: Statement,
    insert_turn: Statement,
    insert_question: Statement,
    close_turn: Statement,
    take_answer: Statement,
    insert_answer: Statement,
    open_at_once: Statement,
    close_at_once: Statement,
}

impl Prepared {
    async fn connect(url: &str) -> Result<Self> {
        let client = connect(url).await?;
        let open_at_once = format!(
            "WITH s AS ({TAKE_QUESTION}), t AS ({INSERT_TURN} SELECT {TURN} FROM s) \
             {INSERT_QUESTION} SELECT $6, id, $4, 'user', $7, 'complete', 0, 0, 0, false, '{{}}', '[]', '{{}}', \
             last_sequence, false, now() FROM s"
        );
        let close_at_once = format!(
            "WITH t AS ({CLOSE_TURN}), s AS (UPDATE chat_sessions c SET message_count = message_count + 1, \
             last_sequence = last_sequence + 1, last_agent_used = 'default', last_active_at = now(), \
             revision = revision + 1 FROM t WHERE c.id = t.session_id RETURNING c.id, last_sequence) \
             {INSERT_ANSWER} SELECT $3, s.id, t.id, 'assistant', $4, 'complete', 120, 30, 150, true, 310, $5, 12, 34, \
             'default', $6::text::jsonb, $7::text::jsonb, $8::text::jsonb, t.question_id, s.last_sequence, false, now() \
             FROM s, t"
        );
        Ok(Self {
            session: client.prepare(SESSION).await?,
            messages: client.prepare(MESSAGES).await?,
            take_question: client.prepare(TAKE_QUESTION).await?,
            insert_turn: client
                .prepare(&format!("{INSERT_TURN} VALUES ({})", TURN.replace("$6", "$3")))
                .await?,
            insert_question: client
                .prepare(&format!(
                    "{INSERT_QUESTION} VALUES ($1, $2, $3, 'user', $4, 'complete', 0, 0, 0, false, '{{}}', '[]', '{{}}', \
                     $5, false, now())"
                ))
                .await?,
            close_turn: client.prepare(CLOSE_TURN).await?,
            take_answer: client
                .prepare(
                    "UPDATE chat_sessions SET message_count = message_count + 1, last_sequence = last_sequence + 1, \
                     last_agent_used = 'default', last_active_at = now(), revision = revision + 1 \
                     WHERE id = $1 RETURNING last_sequence",
                )
                .await?,
            insert_answer: client
                .prepare(&format!(
                    "{INSERT_ANSWER} VALUES ($1, $2, $3, 'assistant', $4, 'complete', 120, 30, 150, true, 310, $5, 12, \
                     34, 'default', $6::text::jsonb, $7::text::jsonb, $8::text::jsonb, $9, $10, false, now())"
                ))
                .await?,
            open_at_once: client.prepare(&open_at_once).await?,
            close_at_once: client.prepare(&close_at_once).await?,
            client,
        })
    }

    async fn execute(&self, statement: &Statement, values: &[&(dyn ToSql + Sync)]) -> Result<()> {
        let rows = self.client.execute(statement, values).await?;
        ensure!(rows == 1, "a statement of the floor touched {rows} rows");
        Ok(())
    }
}

/// How a turn is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Writing {
    /// `BEGIN`, one statement after another, `COMMIT`.
    Transaction,
    /// One statement that is a transaction by itself.
    AtOnce,
}

/// A small pool: a transaction takes a connection for itself, reads share them.
pub(crate) struct PostgresFloor {
    connections: Vec<Mutex<Prepared>>,
    next: AtomicUsize,
    writing: Writing,
}

impl PostgresFloor {
    pub(crate) async fn connect(url: &str, connections: usize, writing: Writing) -> Result<Self> {
        let mut open = Vec::with_capacity(connections);
        for _ in 0..connections {
            open.push(Mutex::new(Prepared::connect(url).await?));
        }
        Ok(Self { connections: open, next: AtomicUsize::new(0), writing })
    }

    async fn connection(&self) -> MutexGuard<'_, Prepared> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        for offset in 0..self.connections.len() {
            if let Ok(free) = self.connections[(place + offset) % self.connections.len()].try_lock() {
                return free;
            }
        }
        self.connections[place % self.connections.len()].lock().await
    }

    /// The row of a session, as texts.
    pub(crate) async fn session(&self, id: Uuid) -> Result<Vec<String>> {
        let connection = self.connection().await;
        Ok(texts(&[connection.client.query_one(&connection.session, &[&id, &STORE]).await?]))
    }

    /// The row of a session and its last messages, as texts: both statements are sent before either is answered.
    pub(crate) async fn messages(&self, id: Uuid) -> Result<Vec<String>> {
        let connection = self.connection().await;
        let values: [&(dyn ToSql + Sync); 2] = [&id, &STORE];
        let (session, messages) = futures::try_join!(
            connection.client.query_one(&connection.session, &values),
            connection.client.query(&connection.messages, &values)
        )?;
        drop(session);
        Ok(texts(&messages))
    }
}

fn texts(rows: &[Row]) -> Vec<String> {
    let mut texts = Vec::new();
    for row in rows {
        for (at, column) in row.columns().iter().enumerate() {
            if *column.type_() == Type::TEXT {
                texts.extend(row.get::<_, Option<String>>(at));
            }
        }
    }
    texts
}

#[async_trait]
impl Turns for PostgresFloor {
    async fn open(&self, ids: &TurnIds) -> Result<()> {
        let on = self.connection().await;
        let TurnIds { session, turn, question, .. } = ids;
        if matches!(self.writing, Writing::AtOnce) {
            let values: [&(dyn ToSql + Sync); 7] =
                [session, &STORE, &QUESTION, turn, &FINGERPRINT, question, &QUESTION];
            return on.execute(&on.open_at_once, &values).await;
        }
        on.client.batch_execute("BEGIN").await?;
        let sequence: i64 = on.client.query_one(&on.take_question, &[session, &STORE, &QUESTION]).await?.get(1);
        on.execute(&on.insert_turn, &[session, &STORE, question, turn, &FINGERPRINT]).await?;
        on.execute(&on.insert_question, &[question, session, turn, &QUESTION, &sequence]).await?;
        Ok(on.client.batch_execute("COMMIT").await?)
    }

    async fn close(&self, ids: &TurnIds) -> Result<()> {
        let on = self.connection().await;
        let TurnIds { turn, answer, .. } = ids;
        if matches!(self.writing, Writing::AtOnce) {
            let values: [&(dyn ToSql + Sync); 8] =
                [turn, &STORE, answer, &ANSWER, &MODEL, &ROUTING, &SOURCES, &METADATA];
            return on.execute(&on.close_at_once, &values).await;
        }
        on.client.batch_execute("BEGIN").await?;
        let closed = on.client.query_one(&on.close_turn, &[turn, &STORE, answer]).await?;
        let (session, question): (Uuid, Uuid) = (closed.get(1), closed.get(2));
        let sequence: i64 = on.client.query_one(&on.take_answer, &[&session]).await?.get(0);
        let values: [&(dyn ToSql + Sync); 10] =
            [answer, &session, turn, &ANSWER, &MODEL, &ROUTING, &SOURCES, &METADATA, &question, &sequence];
        on.execute(&on.insert_answer, &values).await?;
        Ok(on.client.batch_execute("COMMIT").await?)
    }
}

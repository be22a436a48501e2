//! Databases filled by SQL: rows that the real storage wrote, copied as often as a measurement needs.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use kernel::{Clock, SystemClock};
use rusqlite::Connection;
use session_core::model::{Session, TurnOpening};
use session_core::ports::{SessionRepository, TurnRepository};
use session_core::testing::samples;
use storage_postgres::{PostgresOptions, PostgresStorage};
use storage_sqlite::SqliteStorage;
use tokio_postgres::Client;
use uuid::Uuid;

use super::cluster::connect;
use super::turns::{closed_turn, new_turn};
use crate::floor::storage::fresh;

/// Messages of a usual session.
pub(crate) const MESSAGES: u64 = 10;
/// Messages of a long one.
pub(crate) const LONG: u64 = 10_000;
/// Sessions with that many messages.
pub(crate) const LONG_SESSIONS: u64 = 4;
/// The first number of a long session: no usual one is that high.
const FIRST_LONG: u64 = 2_000_000;

/// How many sessions to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling {
    pub(crate) sessions: u64,
    /// Whether they have messages, and there are long ones too.
    pub(crate) messages: bool,
}

/// The id of a session by its number, from 1.
pub(crate) fn session_id(number: u64) -> Uuid {
    Uuid::from_u128(0x5e55_0000_0000_7000_8000_0000_0000_0000 | u128::from(number))
}

/// The ids of the long sessions.
pub(crate) fn long_sessions() -> Vec<Uuid> {
    (0..LONG_SESSIONS).map(|number| session_id(FIRST_LONG + number)).collect()
}

/// Fills a new SQLite file.
pub(crate) async fn sqlite(file: &Path, filling: Filling) -> Result<()> {
    let storage = SqliteStorage::open(file).await?;
    let template = template(&storage.sessions()).await?;
    storage.close().await?;
    let connection = Connection::open(file)?;
    // What is measured is opened anew; the filling itself need not survive anything.
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA temp_store = MEMORY;")?;
    let columns = |table: &str| -> Result<Vec<String>> {
        let mut query = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names = query.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(names)
    };
    let tables = Tables {
        sessions: columns("chat_sessions")?,
        turns: columns("chat_turns")?,
        messages: columns("chat_messages")?,
    };
    for statement in statements(&Sqlite, &tables, template, filling) {
        connection.execute_batch(&statement).with_context(|| statement.clone())?;
    }
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

/// Fills a new PostgreSQL database.
pub(crate) async fn postgres(url: &str, filling: Filling) -> Result<()> {
    let storage = PostgresStorage::open(&PostgresOptions::new(url)).await?;
    let template = template(&storage.sessions()).await?;
    storage.close().await?;
    let client = connect(url).await?;
    let tables = Tables {
        sessions: columns(&client, "chat_sessions").await?,
        turns: columns(&client, "chat_turns").await?,
        messages: columns(&client, "chat_messages").await?,
    };
    for statement in statements(&Postgres, &tables, template, filling) {
        client.batch_execute(&statement).await.with_context(|| statement.clone())?;
    }
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(client.batch_execute("CHECKPOINT").await?)
}

async fn columns(client: &Client, table: &str) -> Result<Vec<String>> {
    let query =
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position";
    Ok(client.query(query, &[&table]).await?.iter().map(|row| row.get(0)).collect())
}

/// A session with one turn, written by the real storage.
async fn template<S: SessionRepository + TurnRepository>(storage: &S) -> Result<Uuid> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids = kernel::UuidV7Source;
    let session = Session::begin(samples::new_session("bench"), &*clock, &ids, super::LIFETIME);
    storage.insert(&session).await?;
    let turn = fresh(session.id.as_uuid());
    let opened = storage.open_turn(&new_turn(&turn, &*clock)).await?;
    ensure!(matches!(opened, TurnOpening::Opened(_)), "the template's turn was not opened: {opened:?}");
    storage.close_turn(&closed_turn(&turn, &*clock)).await?;
    Ok(session.id.as_uuid())
}

/// The columns of each table, whatever migrations there have been.
struct Tables {
    sessions: Vec<String>,
    turns: Vec<String>,
    messages: Vec<String>,
}

/// What each database says in its own way.
trait Dialect {
    fn literal(&self, id: Uuid) -> String;
    /// The expression of an id made of a prefix of eight hexadecimal digits and a number.
    fn id(&self, prefix: &str, number: &str) -> String;
    /// A table `name(n)` with the numbers of a range.
    fn series(&self, name: &str, from: u64, to: u64) -> String;
}

struct Sqlite;
struct Postgres;

impl Dialect for Sqlite {
    fn literal(&self, id: Uuid) -> String {
        format!("x'{}'", id.simple())
    }

    fn id(&self, prefix: &str, number: &str) -> String {
        format!("unhex('{prefix}000070008000' || printf('%012x', {number}))")
    }

    fn series(&self, name: &str, from: u64, to: u64) -> String {
        format!("{name}(n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM {name} WHERE n < {to})")
    }
}

impl Dialect for Postgres {
    fn literal(&self, id: Uuid) -> String {
        format!("'{id}'::uuid")
    }

    fn id(&self, prefix: &str, number: &str) -> String {
        format!("('{prefix}000070008000' || lpad(to_hex(({number})::bigint), 12, '0'))::uuid")
    }

    fn series(&self, name: &str, from: u64, to: u64) -> String {
        format!("{name}(n) AS (SELECT generate_series({from}::bigint, {to}::bigint))")
    }
}

const SESSION: &str = "5e550000";
const TURN: &str = "70270000";
const QUESTION: &str = "90e50000";
const ANSWER: &str = "a0590000";

fn statements(dialect: &dyn Dialect, tables: &Tables, template: Uuid, filling: Filling) -> Vec<String> {
    let mut statements = Vec::new();
    let usual = if filling.messages { MESSAGES } else { 0 };
    statements.push(sessions(dialect, tables, template, 1, filling.sessions, usual));
    if filling.messages {
        statements.extend(conversations(dialect, tables, template, (1, filling.sessions), MESSAGES));
        let long = (FIRST_LONG, FIRST_LONG + LONG_SESSIONS - 1);
        statements.push(sessions(dialect, tables, template, long.0, long.1, LONG));
        statements.extend(conversations(dialect, tables, template, long, LONG));
    }
    statements
}

fn sessions(dialect: &dyn Dialect, tables: &Tables, template: Uuid, from: u64, to: u64, messages: u64) -> String {
    let count = messages.to_string();
    let id = dialect.id(SESSION, "s.n");
    let changed =
        [("id", id.as_str()), ("user_id", "'user-' || s.n"), ("message_count", &count), ("last_sequence", &count)];
    let series = dialect.series("s", from, to);
    copy("chat_sessions", &tables.sessions, &changed, &series, "s", &format!("x.id = {}", dialect.literal(template)))
}

/// Turns with their messages, two for each turn.
fn conversations(
    dialect: &dyn Dialect,
    tables: &Tables,
    template: Uuid,
    (from, to): (u64, u64),
    messages: u64,
) -> [String; 3] {
    let series = format!("{}, {}", dialect.series("s", from, to), dialect.series("k", 0, messages / 2 - 1));
    let number = "s.n * 100000 + k.n";
    let session = dialect.id(SESSION, "s.n");
    let (turn, question, answer) = (dialect.id(TURN, number), dialect.id(QUESTION, number), dialect.id(ANSWER, number));
    let of_template = format!("x.session_id = {}", dialect.literal(template));
    let changed = [("id", turn.as_str()), ("session_id", &session), ("question_id", &question), ("answer_id", &answer)];
    let turns = copy("chat_turns", &tables.turns, &changed, &series, "s, k", &of_template);
    let changed =
        [("id", question.as_str()), ("session_id", &session), ("turn_id", &turn), ("sequence_number", "2 * k.n + 1")];
    let only = format!("{of_template} AND x.role = 'user'");
    let questions = copy("chat_messages", &tables.messages, &changed, &series, "s, k", &only);
    let changed = [
        ("id", answer.as_str()),
        ("session_id", &session),
        ("turn_id", &turn),
        ("parent_message_id", &question),
        ("sequence_number", "2 * k.n + 2"),
    ];
    let only = format!("{of_template} AND x.role = 'assistant'");
    let answers = copy("chat_messages", &tables.messages, &changed, &series, "s, k", &only);
    [turns, questions, answers]
}

/// Copies one row of a table once for each row of the series, with some columns changed.
fn copy(table: &str, columns: &[String], changed: &[(&str, &str)], series: &str, from: &str, only: &str) -> String {
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let change = changed.iter().find(|(name, _)| name == column);
            change.map_or_else(|| format!("x.{column}"), |(_, value)| (*value).to_owned())
        })
        .collect();
    format!(
        "WITH RECURSIVE {series} INSERT INTO {table} ({}) SELECT {} FROM {table} x, {from} WHERE {only}",
        columns.join(", "),
        values.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use kernel::{PageLimit, SessionId};
    use session_core::ports::MessageRange;

    use super::*;

    #[tokio::test]
    async fn a_filled_session_is_found_by_its_number_with_all_its_messages() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("filled.db");
        sqlite(&file, Filling { sessions: 3, messages: true }).await.unwrap();
        let storage = SqliteStorage::open(&file).await.unwrap().sessions();
        for (id, messages) in [(session_id(3), MESSAGES), (long_sessions()[3], LONG)] {
            let (store, id) = (samples::store(), SessionId::from_uuid(id));
            let session = storage.find(&store, id).await.unwrap().unwrap();
            assert_eq!((session.message_count, session.last_sequence), (messages, messages));
            let limit = PageLimit::new(MESSAGES as usize).unwrap();
            let page = storage.messages(&store, id, MessageRange::Latest, limit).await.unwrap();
            let sequences: Vec<u64> = page.items.iter().map(|message| message.sequence).collect();
            assert_eq!(sequences, (messages - MESSAGES + 1..=messages).collect::<Vec<_>>());
        }
        assert_eq!(storage.find(&samples::store(), SessionId::from_uuid(session_id(4))).await.unwrap(), None);
    }
}

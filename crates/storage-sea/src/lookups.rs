//! Look-ups of sessions that are asked for at the same time, sent as one statement.
//!
//! Reading one row by its key costs the database next to nothing; what costs is the way there and back: building
//! the statement, a round trip, a second one when the connection returns to its pool, waking threads. Requests
//! that wait for the same thing share it. A look-up is part of no statement that was sent before it was asked
//! for, so it sees everything that was committed before.

use std::error::Error as StdError;
use std::fmt;
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use kernel::{RepositoryError, SessionId, StoreId};
use sea_orm::sea_query::ArrayType;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, FromQueryResult, IdenStatic, Iterable, QueryResult, Statement,
    Value,
};
use session_core::model::Session;
use tokio::sync::oneshot;

use crate::entity::session::{Column, Model};
use crate::error::repository_error;

/// Statements under way at once: one runs while the answers of the other are taken apart. With more, statements
/// would become smaller and dearer.
const LANES: usize = 2;
/// The most look-ups of one statement: what waits behind a statement waits no longer than for this many rows.
const MOST: usize = 256;

/// The place of a look-up within its statement; no column has this name.
const PLACE: &str = "place";

type Found = Result<Option<Session>, RepositoryError>;

/// Finds sessions by store and id.
#[derive(Clone)]
pub(crate) struct Lookups {
    reader: DatabaseConnection,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    queue: Vec<Lookup>,
    lanes: usize,
}

struct Lookup {
    store: StoreId,
    id: SessionId,
    answer: oneshot::Sender<Found>,
}

impl Lookups {
    pub(crate) fn new(reader: DatabaseConnection) -> Self {
        Self { reader, waiting: Arc::default() }
    }

    /// Finds a session in any state.
    pub(crate) async fn find(&self, store: &StoreId, id: SessionId) -> Found {
        let (answer, answered) = oneshot::channel();
        if let Some(lane) = self.enqueue(Lookup { store: store.clone(), id, answer }) {
            // A task of its own: a caller that goes away takes nobody's answer along.
            tokio::spawn(lane.run());
        }
        match answered.await {
            Ok(found) => found,
            // The lane ended with the runtime it ran on, as an HTTP worker's does while answers are still written.
            Err(_) => self.find_alone(store, id).await,
        }
    }

    async fn find_alone(&self, store: &StoreId, id: SessionId) -> Found {
        let (answer, mut answered) = oneshot::channel();
        self.answer(vec![Lookup { store: store.clone(), id, answer }]).await;
        answered.try_recv().map_err(RepositoryError::backend)?
    }

    /// Adds a look-up; answers a lane to run when one more is allowed.
    fn enqueue(&self, lookup: Lookup) -> Option<Lane> {
        let mut waiting = self.waiting();
        waiting.queue.push(lookup);
        let free = waiting.lanes < LANES;
        waiting.lanes += usize::from(free);
        free.then(|| Lane { lookups: self.clone(), held: true })
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers these, in one statement.
    async fn answer(&self, lookups: Vec<Lookup>) {
        let rows = self.reader.query_all_raw(self.statement(&lookups)).await.map_err(repository_error);
        match rows.and_then(|rows| found(&rows, lookups.len())) {
            Ok(found) => tell(lookups, found),
            Err(error) => refuse(lookups, error),
        }
    }

    fn statement(&self, lookups: &[Lookup]) -> Statement {
        match self.reader.get_database_backend() {
            DbBackend::Postgres => postgres(lookups),
            _ => sqlite(lookups),
        }
    }
}

/// The right to send one statement after another.
struct Lane {
    lookups: Lookups,
    held: bool,
}

impl Lane {
    async fn run(mut self) {
        while let Some(lookups) = self.next() {
            self.lookups.answer(lookups).await;
        }
    }

    /// The look-ups of the next statement, in the order in which they were asked for. When there are none, the
    /// lane is given back in the same moment: whoever comes next finds it free.
    fn next(&mut self) -> Option<Vec<Lookup>> {
        let mut waiting = self.lookups.waiting();
        if waiting.queue.is_empty() {
            waiting.lanes -= 1;
            self.held = false;
            return None;
        }
        let rest = waiting.queue.len().min(MOST);
        let rest = waiting.queue.split_off(rest);
        Some(mem::replace(&mut waiting.queue, rest))
    }
}

/// A lane that is dropped at work. If it was the last, those who wait are told by dropping their look-ups, and
/// read for themselves.
impl Drop for Lane {
    fn drop(&mut self) {
        if !self.held {
            return;
        }
        let mut waiting = self.lookups.waiting();
        waiting.lanes -= 1;
        if waiting.lanes == 0 {
            waiting.queue.clear();
        }
    }
}

/// `table.column` of every column of a session.
fn columns(table: &str) -> String {
    Column::iter().map(|column| format!("{table}.{}", column.as_str())).collect::<Vec<_>>().join(", ")
}

/// Two arrays, so that the text is the same however many are looked up. `LIMIT` keeps the planner from reading
/// the table whole to join it.
fn postgres(lookups: &[Lookup]) -> Statement {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT w.place, {} FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS w(id, store_id, place) \
             CROSS JOIN LATERAL (SELECT * FROM chat_sessions c WHERE c.id = w.id AND c.store_id = w.store_id LIMIT 1) s",
            columns("s")
        )
    });
    let ids = lookups.iter().map(|lookup| Value::from(lookup.id.as_uuid())).collect();
    let stores = lookups.iter().map(|lookup| Value::from(lookup.store.as_str())).collect();
    let values =
        [Value::Array(ArrayType::Uuid, Some(Box::new(ids))), Value::Array(ArrayType::String, Some(Box::new(stores)))];
    Statement::from_sql_and_values(DbBackend::Postgres, SQL.as_str(), values)
}

/// One JSON text, for the same reason. `CROSS JOIN` fixes the order: the list first, then the table by its key.
fn sqlite(lookups: &[Lookup]) -> Statement {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT w.key + 1 AS place, {} FROM json_each(?) w CROSS JOIN chat_sessions s \
             ON s.id = unhex(w.value ->> 0) AND s.store_id = w.value ->> 1",
            columns("s")
        )
    });
    let wanted = lookups.iter().map(|lookup| (lookup.id.as_uuid().simple().to_string(), lookup.store.as_str()));
    let wanted: serde_json::Value = wanted.map(|(id, store)| serde_json::json!([id, store])).collect();
    Statement::from_sql_and_values(DbBackend::Sqlite, SQL.as_str(), [wanted.to_string().into()])
}

/// What the rows say of each of the look-ups. What cannot be read of a row is that session's trouble alone.
fn found(rows: &[QueryResult], lookups: usize) -> Result<Vec<Found>, RepositoryError> {
    let mut found: Vec<Found> = (0..lookups).map(|_| Ok(None)).collect();
    for row in rows {
        let place: i64 = row.try_get("", PLACE).map_err(repository_error)?;
        let session = Model::from_query_result(row, "").map_err(repository_error).and_then(Session::try_from);
        let slot = usize::try_from(place - 1).ok().and_then(|place| found.get_mut(place));
        *slot.ok_or_else(|| RepositoryError::Corrupt(format!("{PLACE}: {place}")))? = session.map(Some);
    }
    Ok(found)
}

/// Gives every caller what was found for it; one that went away needs nothing.
fn tell(lookups: Vec<Lookup>, found: Vec<Found>) {
    for (lookup, found) in lookups.into_iter().zip(found) {
        drop(lookup.answer.send(found));
    }
}

/// Tells every caller of an error that befell all.
fn refuse(lookups: Vec<Lookup>, error: RepositoryError) {
    let again = shared(error);
    for lookup in lookups {
        drop(lookup.answer.send(Err(again())));
    }
}

/// As many of the same error as are asked for.
fn shared(error: RepositoryError) -> impl Fn() -> RepositoryError {
    let unavailable = matches!(error, RepositoryError::Unavailable(_));
    let cause: Arc<dyn StdError + Send + Sync> = match error {
        RepositoryError::Unavailable(cause) | RepositoryError::Backend(cause) => cause.into(),
        other => Arc::new(other),
    };
    move || {
        let cause = SharedCause(Arc::clone(&cause));
        if unavailable { RepositoryError::unavailable(cause) } else { RepositoryError::backend(cause) }
    }
}

/// A cause that several errors have.
#[derive(Debug)]
struct SharedCause(Arc<dyn StdError + Send + Sync>);

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for SharedCause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

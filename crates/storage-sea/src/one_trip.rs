//! PostgreSQL: opening and closing a turn in one statement, which is one round trip and one transaction.
//!
//! A statement decides for itself whether the ordinary case is there; when it is not, it changes nothing,
//! answers no row, and the transaction of several statements tells why. What two statements at once may both
//! believe to be free, a unique index decides: the loser changes nothing and is told by the slow way as well.

use kernel::{MessageId, RepositoryError};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IdenStatic, Iterable,
    QueryResult, Statement, Value,
};
use session_core::model::{BusinessMetadata, ClosedTurn, NewTurn, OpenedTurn, Session, Turn, TurnClosing};
use uuid::Uuid;

use crate::entity::{message, name_of, session, turn};
use crate::error::repository_error;
use crate::pools::SeaSessions;
use crate::search::{IndexEntry, indexed_terms};
use crate::time::Ts;

/// The values of a statement while it is written.
#[derive(Default)]
struct Values(Vec<Value>);

impl Values {
    /// Adds a value and answers the name it has in the statement.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    fn statement(self, sql: String) -> Statement {
        Statement::from_sql_and_values(DbBackend::Postgres, sql, self.0)
    }
}

impl SeaSessions {
    /// `None` when this is not the ordinary case: then nothing was changed.
    pub(crate) async fn open_in_one_trip(&self, new: &NewTurn) -> Result<Option<OpenedTurn>, RepositoryError> {
        let ordinary = new.again.is_none() && new.business == BusinessMetadata::default();
        if !ordinary || self.pools.writer.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let Some(statement) = self.opening(new)? else { return Ok(None) };
        let Some(row) = self.ask(statement).await? else { return Ok(None) };
        let row = session::Model::from_query_result(&row, "").map_err(repository_error)?;
        let session = Session::try_from(row)?;
        let question = new.message(session.last_sequence);
        Ok(Some(OpenedTurn { turn: new.turn(), session, question }))
    }

    fn opening(&self, new: &NewTurn) -> Result<Option<Statement>, RepositoryError> {
        let mut values = Values::default();
        let session = values.bind(new.session.as_uuid());
        let store = values.bind(new.store.as_str());
        let now = values.bind(Ts::from(new.opened_at));
        let key = values.bind(new.client_message_id.clone());
        let title = values.bind(new.title.as_str());
        let expires = values.bind(Ts::from(new.expires_at));
        let turn = insert(&turn::row(&new.turn())?, &[], "moved", &mut values);
        let question = message::row(&new.message(0))?;
        let place = [(message::Column::SequenceNumber, "moved.last_sequence")];
        let question = insert(&question, &place, "moved", &mut values);
        let entry = IndexEntry {
            message: values.bind(new.question_id.as_uuid()),
            session: session.clone(),
            agent: values.bind(None::<String>),
            at: now.clone(),
            terms: values.bind(indexed_terms(&new.store, &new.user, &new.question)),
            from: "moved",
        };
        let Some(indexed) = self.index.insert(&entry) else { return Ok(None) };
        Ok(Some(values.statement(format!(
            "WITH live AS (SELECT id FROM chat_sessions WHERE id = {session} AND store_id = {store} \
             AND state = 'active' AND expires_at > {now} FOR UPDATE), \
             free AS (SELECT id FROM live WHERE NOT EXISTS (SELECT 1 FROM chat_turns \
             WHERE session_id = {session} AND state = 'open') AND NOT EXISTS (SELECT 1 FROM chat_turns \
             WHERE session_id = {session} AND client_message_id = {key})), \
             moved AS (UPDATE chat_sessions s SET request_count = s.request_count + 1, \
             message_count = s.message_count + 1, last_sequence = s.last_sequence + 1, \
             title = COALESCE(s.title, {title}), last_active_at = GREATEST(s.last_active_at, {now}), \
             expires_at = GREATEST(s.expires_at, {expires}), revision = s.revision + 1 \
             FROM free WHERE s.id = free.id RETURNING s.*), \
             turn AS ({turn}), question AS ({question}), indexed AS ({indexed}) SELECT * FROM moved"
        ))))
    }

    /// `None` when this is not the ordinary case: then nothing was changed.
    pub(crate) async fn close_in_one_trip(&self, closed: &ClosedTurn) -> Result<Option<TurnClosing>, RepositoryError> {
        if self.pools.writer.get_database_backend() != DbBackend::Postgres {
            return Ok(None);
        }
        let Some(statement) = self.closing(closed)? else { return Ok(None) };
        let Some(row) = self.ask(statement).await? else { return Ok(None) };
        let session = session::Model::from_query_result(&row, "").map_err(repository_error)?;
        let session = Box::new(Session::try_from(session)?);
        let question: Uuid = row.try_get("", "question_id").map_err(repository_error)?;
        let turn = Turn { question: MessageId::from_uuid(question), ..unplaced(closed) };
        let sequence = session.last_sequence;
        let answer = closed.answer.as_ref().map(|said| Box::new(said.message(&turn, sequence, closed.closed_at)));
        Ok(Some(TurnClosing::Closed { answer, session }))
    }

    fn closing(&self, closed: &ClosedTurn) -> Result<Option<Statement>, RepositoryError> {
        let Some(said) = &closed.answer else { return Ok(None) };
        let mut values = Values::default();
        let (turn, store) = (values.bind(closed.turn.as_uuid()), values.bind(closed.store.as_str()));
        let session = values.bind(closed.session.as_uuid());
        let (state, answer) = (values.bind(name_of(&closed.state)?), values.bind(said.id.as_uuid()));
        let (now, late) = (values.bind(Ts::from(closed.closed_at)), values.bind(closed.late));
        let agent = values.bind(said.agent.clone());
        let row = message::row(&said.message(&unplaced(closed), 0, closed.closed_at))?;
        let place = [
            (message::Column::SessionId, "moved.id"),
            (message::Column::ParentMessageId, "moved.question_id"),
            (message::Column::SequenceNumber, "moved.last_sequence"),
        ];
        let message = insert(&row, &place, "moved", &mut values);
        let entry = IndexEntry {
            message: answer.clone(),
            session: "moved.id".into(),
            agent: agent.clone(),
            at: now.clone(),
            terms: values.bind(indexed_terms(&closed.store, &closed.user, &said.content)),
            from: "moved",
        };
        let Some(indexed) = self.index.insert(&entry) else { return Ok(None) };
        // The session first and then its turn, as opening does: no two statements wait for each other.
        Ok(Some(values.statement(format!(
            "WITH held AS (SELECT id FROM chat_sessions WHERE id = {session} \
             AND store_id = {store} FOR UPDATE), \
             ended AS (UPDATE chat_turns t SET state = {state}, answer_id = {answer}, closed_at = {now} \
             FROM held WHERE t.id = {turn} AND t.session_id = held.id AND (t.state = 'open' \
             OR ({late} AND t.state = 'interrupted' AND t.answer_id IS NULL)) RETURNING t.*), \
             moved AS (UPDATE chat_sessions s SET message_count = s.message_count + 1, \
             last_sequence = s.last_sequence + 1, last_agent_used = {agent}, \
             last_active_at = GREATEST(s.last_active_at, {now}), revision = s.revision + 1 \
             FROM ended WHERE s.id = ended.session_id \
             RETURNING s.*, ended.question_id), \
             message AS ({message}), indexed AS ({indexed}) \
             SELECT * FROM moved"
        ))))
    }

    /// The row of a statement; none also when a unique index refused it, which undid all of it.
    async fn ask(&self, statement: Statement) -> Result<Option<QueryResult>, RepositoryError> {
        match self.pools.writer.query_one_raw(statement).await.map_err(repository_error) {
            Err(RepositoryError::Conflict) => Ok(None),
            other => other,
        }
    }
}

/// The turn as far as it is known before it is read; the statement fills in what its message needs.
fn unplaced(closed: &ClosedTurn) -> Turn {
    Turn {
        id: closed.turn,
        store: closed.store.clone(),
        session: closed.session,
        client_message_id: None,
        request_hash: String::new(),
        state: closed.state,
        question: MessageId::from_uuid(Uuid::nil()),
        answer: None,
        opened_at: closed.closed_at,
        lease_until: closed.closed_at,
        closed_at: Some(closed.closed_at),
        cancel_requested_at: None,
    }
}

/// An `INSERT` of a row for each row of `from`; columns in `given` are taken from there.
fn insert<A: ActiveModelTrait>(
    row: &A,
    given: &[(<A::Entity as EntityTrait>::Column, &str)],
    from: &str,
    values: &mut Values,
) -> String {
    let (mut names, mut expressions) = (Vec::new(), Vec::new());
    for column in <A::Entity as EntityTrait>::Column::iter() {
        let expression = match given.iter().find(|(given, _)| given.as_str() == column.as_str()) {
            Some((_, expression)) => (*expression).to_owned(),
            None => match row.get(column) {
                ActiveValue::Set(value) | ActiveValue::Unchanged(value) => values.bind(value),
                ActiveValue::NotSet => continue,
            },
        };
        names.push(column.as_str());
        expressions.push(expression);
    }
    let table = A::Entity::default();
    format!("INSERT INTO {} ({}) SELECT {} FROM {from}", table.as_str(), names.join(", "), expressions.join(", "))
}

//! Search over conversations: candidates from the database's own index, ranked by the domain.

use std::collections::HashMap;

use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, StoreId, UserId};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, Statement, Value};
use session_core::model::{Message, Session};
use session_core::ports::{ConversationQuery, ConversationSearch, SearchCursor, SearchHit};
use session_core::search::{Candidate, REACH, Ranked, best, message_terms, store_term, user_term};
use uuid::Uuid;

use crate::entity::{message, name_of, session};
use crate::error::repository_error;
use crate::messages::of_store;
use crate::pools::SeaSessions;
use crate::time::Ts;

/// A message on its way into the index.
#[derive(Debug)]
pub struct IndexedMessage {
    /// Values of the columns `message_id`, `session_id`, `agent` and `created_at` of `message_search`.
    pub columns: [Value; 4],
    /// Its terms with a space between them; none holds white space, and none stands twice.
    pub terms: String,
}

/// The names that an entry's values have within a larger statement.
#[derive(Debug)]
pub struct IndexEntry<'a> {
    /// The message's id.
    pub message: String,
    /// The session's id.
    pub session: String,
    /// The agent that answered.
    pub agent: String,
    /// When it was said.
    pub at: String,
    /// Its terms with a space between them.
    pub terms: String,
    /// What to select from: one row when the entry is to be made, none when not.
    pub from: &'a str,
}

/// How an index finds messages.
#[derive(Debug)]
pub struct Matching {
    /// Tables to select from: `message_search` is among them, under the name `i`, and the session of each message
    /// that is found, looked up by its id, under the name `s`.
    pub from: String,
    /// What must hold.
    pub condition: String,
    /// The number of the query's words a row has.
    pub words: String,
    /// What to order by so that rows with more words come first, then those stored last.
    pub order: String,
}

/// A database's own full-text index over messages; written in the transaction that stores the message. A
/// message that is removed takes its entry with it, by the database itself.
#[async_trait]
pub trait MessageIndex: Send + Sync {
    /// Adds a message.
    async fn add(&self, transaction: &DatabaseTransaction, message: IndexedMessage) -> Result<(), RepositoryError>;

    /// The `INSERT … SELECT` that adds an entry as a part of a larger statement; `None` where the database
    /// has no such statements.
    fn insert(&self, entry: &IndexEntry<'_>) -> Option<String> {
        let _ = entry;
        None
    }

    /// How to find what has all terms in `scope` and all of at least one word of the query. Values are
    /// appended to `values`; the first of them is `$1`.
    fn matching(&self, query: &ConversationQuery, scope: &[String], values: &mut Vec<Value>) -> Matching;
}

/// The message as the index takes it.
pub(crate) fn indexed(session: &Session, message: &Message) -> IndexedMessage {
    let columns = [
        message.id.as_uuid().into(),
        session.id.as_uuid().into(),
        message.agent.clone().into(),
        Ts::from(message.created_at).into(),
    ];
    IndexedMessage { columns, terms: indexed_terms(&session.store, &session.user, &message.content) }
}

/// A message's terms, those of its store and user among them, with a space between them.
pub fn indexed_terms(store: &StoreId, user: &UserId, content: &str) -> String {
    let mut terms: Vec<String> = message_terms(content).into_iter().collect();
    terms.extend([store_term(store), user_term(store, user)]);
    terms.join(" ")
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    created_at: Ts,
    words: i64,
    /// Nothing when the message is deleted.
    content: Option<String>,
}

impl SeaSessions {
    /// The statement that reads the candidates of a search.
    fn search_statement(&self, query: &ConversationQuery) -> Result<Statement, RepositoryError> {
        let mut scope = vec![store_term(&query.store)];
        scope.extend(query.user.as_ref().map(|user| user_term(&query.store, user)));
        let mut values = Vec::new();
        let Matching { from, condition, words, order } = self.index.matching(query, &scope, &mut values);
        // The terms of the scope are hashes of names: the names decide.
        let mut conditions = vec![condition, "s.state <> 'deleted'".to_owned()];
        for (condition, value) in filters(query)? {
            values.push(value);
            conditions.push(format!("{condition} ${}", values.len()));
        }
        // Texts are looked up one by one once the candidates are known, whatever the planner does.
        let sql = format!(
            "SELECT found.id AS id, found.created_at AS created_at, found.words AS words, \
             (SELECT m.content FROM chat_messages m WHERE m.id = found.id AND NOT m.is_deleted) AS content \
             FROM (SELECT i.message_id AS id, i.created_at AS created_at, {words} AS words FROM {from} \
             WHERE {} ORDER BY {order} LIMIT {REACH}) found",
            conditions.join(" AND ")
        );
        Ok(Statement::from_sql_and_values(self.pools.reader.get_database_backend(), sql, values))
    }

    async fn candidates(&self, query: &ConversationQuery) -> Result<Vec<Candidate>, RepositoryError> {
        let statement = self.search_statement(query)?;
        let rows = Found::find_by_statement(statement).all(&self.pools.reader).await.map_err(repository_error)?;
        let candidate = |row: Found| {
            Some(Candidate {
                message: MessageId::from_uuid(row.id),
                created_at: row.created_at.into(),
                content: row.content?,
                words: usize::try_from(row.words).unwrap_or(0),
            })
        };
        Ok(rows.into_iter().filter_map(candidate).collect())
    }

    /// What was ranked, with its sessions. What was removed since then is left out.
    async fn hits(&self, query: &ConversationQuery, ranked: &[Ranked]) -> Result<Vec<SearchHit>, RepositoryError> {
        let ids = ranked.iter().map(|hit| hit.message.as_uuid());
        let reader = &self.pools.reader;
        let messages = of_store(message::Entity::find().filter(message::Column::Id.is_in(ids)), &query.store);
        let messages = messages.all(reader).await.map_err(repository_error)?;
        // By their ids alone: told the store as well, SQLite may read all of the store's sessions.
        let sessions = session::Entity::find()
            .filter(session::Column::Id.is_in(messages.iter().map(|row| row.session_id)))
            .all(reader)
            .await
            .map_err(repository_error)?;
        let shown = |row: &session::Model| row.store_id == query.store.as_str() && row.state != "deleted";
        let sessions: HashMap<Uuid, session::Model> =
            sessions.into_iter().filter(shown).map(|row| (row.id, row)).collect();
        let mut messages: HashMap<Uuid, message::Model> = messages.into_iter().map(|row| (row.id, row)).collect();
        let mut hits = Vec::with_capacity(ranked.len());
        for hit in ranked {
            let Some(message) = messages.remove(&hit.message.as_uuid()) else { continue };
            let Some(session) = sessions.get(&message.session_id) else { continue };
            let snippet = query.text.snippet(&message.content);
            let (message, session) = (Message::try_from(message)?, Session::try_from(session.clone())?);
            hits.push(SearchHit { message, session, score: hit.score, snippet });
        }
        Ok(hits)
    }
}

#[async_trait]
impl ConversationSearch for SeaSessions {
    async fn search(
        &self,
        query: &ConversationQuery,
        after: Option<SearchCursor>,
        limit: PageLimit,
    ) -> Result<Page<SearchHit, SearchCursor>, RepositoryError> {
        let candidates = self.candidates(query).await?;
        let page = best(&query.text, &candidates, after, limit);
        Ok(Page { items: self.hits(query, &page.items).await?, next: page.next })
    }
}

/// Columns that must compare so with a value.
fn filters(query: &ConversationQuery) -> Result<Vec<(&'static str, Value)>, RepositoryError> {
    let mut filters: Vec<(&str, Value)> = vec![("s.store_id =", query.store.as_str().into())];
    let mut add = |condition: &'static str, value: Option<Value>| {
        filters.extend(value.map(|value| (condition, value)));
    };
    add("s.user_id =", query.user.as_ref().map(|user| user.as_str().into()));
    add("s.inquiry_category =", query.category.as_deref().map(Value::from));
    add("s.resolution_status =", query.status.as_ref().map(name_of).transpose()?.map(Value::from));
    add("i.agent =", query.agent.as_deref().map(Value::from));
    add("i.created_at >=", query.from.map(|from| Ts::from(from).into()));
    add("i.created_at <", query.to.map(|to| Ts::from(to).into()));
    Ok(filters)
}

//! The index over messages on FTS5.

use async_trait::async_trait;
use kernel::{RepositoryError, StoreId, UserId};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement, Value};
use session_core::ports::ConversationQuery;
use session_core::search::{Term, Word};
use storage_sea::{IndexedMessage, Matching, MessageIndex, indexed_terms, repository_error};

/// Reads and writes `message_search` and its FTS5 table. A trigger removes from the latter what leaves the
/// former.
#[derive(Debug)]
pub(crate) struct Fts5Messages;

/// The session of a message, joined last: SQLite keeps the order of what is joined so.
const SESSION: &str = "chat_sessions s";
const OF_MESSAGE: &str = "s.id = i.session_id";

/// Messages that are read at a time when the index is built anew.
const REBUILD_BATCH: i64 = 500;

/// Fills the empty FTS5 table for the rows of `message_search` that are stored. A schema from before it has
/// neither, and its migration does the same.
pub(crate) async fn rebuild(transaction: &DatabaseTransaction) -> Result<(), RepositoryError> {
    let there = "SELECT 1 FROM sqlite_master WHERE name = 'message_search'";
    if rows(transaction, there, Vec::new()).await?.is_empty() {
        return Ok(());
    }
    let stored = "SELECT i.seq AS seq, m.content AS content, s.store_id AS store_id, s.user_id AS user_id \
                  FROM message_search i JOIN chat_messages m ON m.id = i.message_id \
                  JOIN chat_sessions s ON s.id = m.session_id WHERE i.seq > $1 ORDER BY i.seq LIMIT $2";
    let mut after = 0_i64;
    loop {
        let batch = rows(transaction, stored, vec![after.into(), REBUILD_BATCH.into()]).await?;
        let Some(last) = batch.last() else { return Ok(()) };
        after = last.try_get("", "seq").map_err(repository_error)?;
        for row in &batch {
            let text = |column: &str| row.try_get::<String>("", column).map_err(repository_error);
            let store = StoreId::new(text("store_id")?).map_err(RepositoryError::backend)?;
            let user = UserId::new(text("user_id")?).map_err(RepositoryError::backend)?;
            let seq: i64 = row.try_get("", "seq").map_err(repository_error)?;
            let terms = indexed_terms(&store, &user, &text("content")?);
            let sql = "INSERT INTO message_search_terms (rowid, terms) VALUES ($1, $2)";
            let insert = Statement::from_sql_and_values(DbBackend::Sqlite, sql, vec![seq.into(), terms.into()]);
            transaction.execute_raw(insert).await.map_err(repository_error)?;
        }
    }
}

async fn rows(
    transaction: &DatabaseTransaction,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, RepositoryError> {
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    transaction.query_all_raw(statement).await.map_err(repository_error)
}

/// A term as an FTS5 string: whatever it holds, it is text and not syntax.
fn quoted(term: &Term) -> String {
    match term {
        Term::Whole(term) => format!("\"{term}\""),
        Term::Beginning(term) => format!("\"{term}\"*"),
    }
}

/// What has the word, within the scope.
fn having(word: &Word, scope: &[String]) -> String {
    let scope = scope.iter().map(|term| format!("\"{term}\""));
    word.terms().iter().map(quoted).chain(scope).collect::<Vec<_>>().join(" AND ")
}

#[async_trait]
impl MessageIndex for Fts5Messages {
    async fn add(&self, transaction: &DatabaseTransaction, message: IndexedMessage) -> Result<(), RepositoryError> {
        let row = "INSERT INTO message_search (message_id, session_id, agent, created_at) VALUES ($1, $2, $3, $4)";
        let terms = "INSERT INTO message_search_terms (rowid, terms) VALUES (last_insert_rowid(), $1)";
        for (sql, values) in [(row, message.columns.to_vec()), (terms, vec![message.terms.into()])] {
            let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
            transaction.execute_raw(statement).await.map_err(repository_error)?;
        }
        Ok(())
    }

    fn matching(&self, query: &ConversationQuery, scope: &[String], values: &mut Vec<Value>) -> Matching {
        if let [word] = query.text.words() {
            // FTS5 gives rows in the order they were stored, so that reading ends with the last candidate.
            values.push(having(word, scope).into());
            return Matching {
                from: format!("message_search_terms CROSS JOIN message_search i CROSS JOIN {SESSION}"),
                condition: format!(
                    "message_search_terms MATCH $1 AND i.seq = message_search_terms.rowid AND {OF_MESSAGE}"
                ),
                words: "1".into(),
                order: "message_search_terms.rowid DESC".into(),
            };
        }
        let mut each = Vec::new();
        for word in query.text.words() {
            values.push(having(word, scope).into());
            let number = values.len();
            each.push(format!(
                "SELECT rowid AS seq FROM message_search_terms WHERE message_search_terms MATCH ${number}"
            ));
        }
        let counted = format!("(SELECT seq, count(*) AS words FROM ({}) GROUP BY seq)", each.join(" UNION ALL "));
        Matching {
            from: format!("{counted} n CROSS JOIN message_search i CROSS JOIN {SESSION}"),
            condition: format!("i.seq = n.seq AND {OF_MESSAGE}"),
            words: "n.words".into(),
            order: "n.words DESC, n.seq DESC".into(),
        }
    }
}

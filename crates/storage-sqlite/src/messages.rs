//! The index over messages on FTS5.

use async_trait::async_trait;
use kernel::RepositoryError;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use session_core::ports::ConversationQuery;
use session_core::search::{Term, Word};
use storage_sea::{IndexedMessage, Matching, MessageIndex, repository_error};

/// Reads and writes `message_search` and its FTS5 table. A trigger removes from the latter what leaves the
/// former.
#[derive(Debug)]
pub(crate) struct Fts5Messages;

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
                from: "message_search_terms CROSS JOIN message_search i".into(),
                condition: "message_search_terms MATCH $1 AND i.seq = message_search_terms.rowid".into(),
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
            from: format!("{counted} n CROSS JOIN message_search i"),
            condition: "i.seq = n.seq".into(),
            words: "n.words".into(),
            order: "n.words DESC, n.seq DESC".into(),
        }
    }
}

//! The index over messages on a `tsvector` with GIN.
//!
//! Terms are split before they come here: neither `to_tsvector` nor `to_tsquery` sees a text, so no parser
//! and no dictionary changes them.

use async_trait::async_trait;
use kernel::RepositoryError;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use session_core::ports::ConversationQuery;
use session_core::search::{Term, Word};
use storage_sea::{IndexEntry, IndexedMessage, Matching, MessageIndex, repository_error};

/// Reads and writes `message_search`.
#[derive(Debug)]
pub(crate) struct TsvectorMessages;

/// The session of a message. As a part that is asked for one message at a time (`OFFSET 0` keeps it one) it is looked
/// up; joined, PostgreSQL may read all sessions there are for the few messages of a rare word.
const SESSION: &str = "(SELECT * FROM chat_sessions WHERE id = i.session_id OFFSET 0) s";

/// A term as a quoted lexeme; terms hold neither quotes nor backslashes.
fn quoted(term: &Term) -> String {
    match term {
        Term::Whole(term) => format!("'{term}'"),
        Term::Beginning(term) => format!("'{term}':*"),
    }
}

/// What has the word.
fn having(word: &Word) -> String {
    word.terms().iter().map(quoted).collect::<Vec<_>>().join(" & ")
}

#[async_trait]
impl MessageIndex for TsvectorMessages {
    async fn add(&self, transaction: &DatabaseTransaction, message: IndexedMessage) -> Result<(), RepositoryError> {
        let sql = "INSERT INTO message_search (message_id, session_id, agent, created_at, terms) \
                   VALUES ($1, $2, $3, $4, array_to_tsvector(string_to_array($5, ' ')))";
        let mut values = message.columns.to_vec();
        values.push(message.terms.into());
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        transaction.execute_raw(statement).await.map_err(repository_error)?;
        Ok(())
    }

    fn insert(&self, entry: &IndexEntry<'_>) -> Option<String> {
        let IndexEntry { message, session, agent, at, terms, from } = entry;
        Some(format!(
            "INSERT INTO message_search (message_id, session_id, agent, created_at, terms) \
             SELECT {message}, {session}, {agent}, {at}, array_to_tsvector(string_to_array({terms}, ' ')) FROM {from}"
        ))
    }

    fn matching(&self, query: &ConversationQuery, scope: &[String], values: &mut Vec<Value>) -> Matching {
        let words: Vec<String> = query.text.words().iter().map(having).collect();
        let any: Vec<String> = words.iter().map(|word| format!("({word})")).collect();
        let scope: Vec<String> = scope.iter().map(|term| format!("'{term}'")).collect();
        values.push(format!("{} & ({})", scope.join(" & "), any.join(" | ")).into());
        let mut counted = Vec::new();
        if words.len() > 1 {
            for word in words {
                values.push(word.into());
                counted.push(format!("(i.terms @@ ${}::tsquery)::int::int8", values.len()));
            }
        }
        let words = if counted.is_empty() { "1::int8".to_owned() } else { counted.join(" + ") };
        Matching {
            from: format!("message_search i CROSS JOIN LATERAL {SESSION}"),
            condition: "i.terms @@ $1::tsquery".into(),
            words,
            // Not the bare number: its index read backwards would be a scan of the table for a rare word.
            order: "words DESC, i.seq + 0 DESC".into(),
        }
    }
}

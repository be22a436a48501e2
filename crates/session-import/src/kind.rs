//! What a source can be, and where in it conversations are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ports::{Key, Query};

/// The systems whose conversations are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// Another Iyagi: sessions, turns, messages and feedback.
    Iyagi,
    /// The session manager's `sessions`: sessions without messages.
    SessionManager,
    /// The stage-1 server's `chat_sessions` and `chat_messages`.
    Stage1,
    /// The conversation database's `conversations` and `messages`.
    Conversations,
}

/// Why it is not clear what a source is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownKind {
    /// Not a name of a kind.
    #[error("\"{0}\" is no kind of source; there are iyagi, session-manager, stage1 and conversations")]
    Name(String),
    /// No known tables.
    #[error(
        "it has neither chat_sessions with chat_messages, nor conversations with messages, nor a sessions table \
         with session_id"
    )]
    Nothing,
    /// Tables of several systems.
    #[error("it has the tables of more than one system; say which to read: --kind {}", names(.0))]
    Several(Vec<SourceKind>),
    /// The kind that was told needs a table that is not there.
    #[error("it has no table {table} with a column {}", columns.join(" or "))]
    Missing {
        /// The table.
        table: &'static str,
        /// Any of these columns would do.
        columns: Vec<&'static str>,
    },
}

fn names(kinds: &[SourceKind]) -> String {
    kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or --kind ")
}

impl SourceKind {
    const ALL: [Self; 4] = [Self::Iyagi, Self::Stage1, Self::Conversations, Self::SessionManager];

    /// The name that is typed and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Iyagi => "iyagi",
            Self::SessionManager => "session-manager",
            Self::Stage1 => "stage1",
            Self::Conversations => "conversations",
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SourceKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| UnknownKind::Name(text.chars().take(40).collect()))
    }
}

/// A table of the source and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<String>,
}

/// The tables that tell kinds apart and hold what is read.
pub(crate) const TABLES: [&str; 7] =
    ["chat_sessions", "chat_messages", "chat_turns", "chat_feedback", "sessions", "conversations", "messages"];

/// What to read of a source: everything that belongs to one session has the session's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) sessions: Query,
    pub(crate) messages: Option<Query>,
    pub(crate) turns: Option<Query>,
    pub(crate) feedback: Option<Query>,
}

/// Names that a key is known by, the likeliest first.
const SESSION_KEYS: &[&str] = &["id", "session_id", "conversation_id"];
const MANAGER_KEYS: &[&str] = &["session_id"];
const MESSAGE_KEYS: &[&str] = &["session_id", "chat_session_id", "conversation_id"];
const CONVERSATION_KEYS: &[&str] = &["conversation_id", "conversationId", "session_id"];

impl Layout {
    /// Where conversations of a kind are.
    ///
    /// # Errors
    /// [`UnknownKind::Missing`] when they are not there.
    pub(crate) fn of(kind: SourceKind, tables: &[Table]) -> Result<Self, UnknownKind> {
        let find = |table, keys| query(table, keys, tables);
        let only = |sessions| Self { sessions, messages: None, turns: None, feedback: None };
        Ok(match kind {
            SourceKind::SessionManager => only(find("sessions", MANAGER_KEYS)?),
            SourceKind::Conversations => Self {
                messages: Some(find("messages", CONVERSATION_KEYS)?),
                ..only(find("conversations", SESSION_KEYS)?)
            },
            SourceKind::Stage1 => Self {
                messages: Some(find("chat_messages", MESSAGE_KEYS)?),
                ..only(find("chat_sessions", SESSION_KEYS)?)
            },
            SourceKind::Iyagi => Self {
                messages: Some(find("chat_messages", MESSAGE_KEYS)?),
                turns: Some(find("chat_turns", &["session_id"])?),
                feedback: find("chat_feedback", &["message_id"]).ok().map(|query| Query {
                    table: query.table,
                    key: Key::Through {
                        column: "message_id".into(),
                        table: "chat_messages".into(),
                        id: "id".into(),
                        key: "session_id".into(),
                    },
                }),
                ..only(find("chat_sessions", SESSION_KEYS)?)
            },
        })
    }
}

fn query(table: &'static str, keys: &[&'static str], tables: &[Table]) -> Result<Query, UnknownKind> {
    let columns = tables.iter().find(|found| found.name == table).map(|found| found.columns.as_slice());
    let key = keys.iter().find(|key| columns.unwrap_or_default().iter().any(|column| column == *key));
    let key = key.ok_or_else(|| UnknownKind::Missing { table, columns: keys.to_vec() })?;
    Ok(Query { table: table.into(), key: Key::Column((*key).into()) })
}

/// Tells what a source is by its tables.
pub(crate) fn detect(tables: &[Table]) -> Result<SourceKind, UnknownKind> {
    let mut fitting: Vec<SourceKind> =
        SourceKind::ALL.into_iter().filter(|kind| Layout::of(*kind, tables).is_ok()).collect();
    // An Iyagi has all that a stage-1 server has.
    if fitting.contains(&SourceKind::Iyagi) {
        fitting.retain(|kind| *kind != SourceKind::Stage1);
    }
    match fitting.as_slice() {
        [] => Err(UnknownKind::Nothing),
        [kind] => Ok(*kind),
        _ => Err(UnknownKind::Several(fitting)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &'static str, columns: &[&str]) -> Table {
        Table { name, columns: columns.iter().map(|column| (*column).to_owned()).collect() }
    }

    fn stage1() -> Vec<Table> {
        vec![table("chat_sessions", &["id", "store_id"]), table("chat_messages", &["id", "session_id"])]
    }

    #[test]
    fn each_system_is_known_by_its_tables() {
        assert_eq!(detect(&stage1()), Ok(SourceKind::Stage1));
        let turns = table("chat_turns", &["id", "session_id"]);
        assert_eq!(detect(&[stage1(), vec![turns]].concat()), Ok(SourceKind::Iyagi));
        assert_eq!(detect(&[table("sessions", &["session_id", "metadata"])]), Ok(SourceKind::SessionManager));
        let conversations = [table("conversations", &["id"]), table("messages", &["conversation_id"])];
        assert_eq!(detect(&conversations), Ok(SourceKind::Conversations));
    }

    #[test]
    fn nothing_and_several_systems_are_refused_with_what_to_do() {
        assert_eq!(detect(&[table("sessions", &["token"])]), Err(UnknownKind::Nothing));
        let both = [stage1(), vec![table("sessions", &["session_id"])]].concat();
        let error = detect(&both).unwrap_err().to_string();
        assert!(error.ends_with("--kind stage1 or --kind session-manager"), "{error}");
    }

    #[test]
    fn a_kind_that_was_told_names_the_table_it_misses() {
        let error = Layout::of(SourceKind::Conversations, &stage1()).unwrap_err().to_string();
        assert!(error.contains("messages with a column conversation_id"), "{error}");
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in SourceKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!("oracle".parse::<SourceKind>().is_err());
    }
}

use std::collections::BTreeMap;

use kernel::MessageId;
use session_core::model::{Feedback, Message, Session, Turn};

/// A whole session with all that belongs to it, ready to be stored in one transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// The session; its counters agree with the messages.
    pub session: Session,
    /// Its turns, all closed.
    pub turns: Vec<Turn>,
    /// Its messages by sequence number, from 1 without gaps.
    pub messages: Vec<Message>,
    /// The LangSmith traces of messages that have one.
    pub traces: BTreeMap<MessageId, String>,
    /// What users think of its messages.
    pub feedback: Vec<Feedback>,
}

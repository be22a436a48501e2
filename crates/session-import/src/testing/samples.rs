//! Values that tests start from.
#![allow(clippy::expect_used, clippy::missing_panics_doc)] // constants that are valid by construction

use std::time::Duration;

use kernel::testing::ManualClock;
use kernel::{Clock, StoreId, Timestamp};
use serde_json::{Value, json};
use session_core::model::{Feedback, Verdict};
use uuid::Uuid;

use crate::mapping::Mapping;
use crate::merge::Group;
use crate::report::Notes;
use crate::{Conversation, Entry, Import, ImportId, ImportState, Row, SourceKind, digests};

/// How rows are understood that name no store.
pub(crate) fn mapping() -> Mapping {
    Mapping {
        kind: SourceKind::Stage1,
        store: StoreId::new("shop").expect("a valid id"),
        namespace: String::new(),
        lifetimes: Duration::from_hours(24).into(),
    }
}

/// Rows as a source gives them.
pub(crate) fn rows(values: &[Value]) -> Vec<Result<Row, String>> {
    values.iter().map(|value| Row::read(value.to_string().as_bytes())).collect()
}

/// A conversation of so many messages, questions and answers in turns; another `key` makes other ids.
pub fn conversation(key: &str, messages: usize) -> Conversation {
    let session = json!({"id": key, "store_id": "shop", "user_id": "kim", "created_at": "2026-11-20T00:00:00Z"});
    let message = |number: usize| {
        let role = if number % 2 == 1 { "user" } else { "assistant" };
        json!({"id": format!("{key} {number}"), "session_id": key, "role": role, "content": format!("말 {number}"),
            "sequence_number": number, "created_at": format!("2026-11-20T00:00:{number:02}Z")})
    };
    let messages: Vec<_> = (1..=messages).map(message).collect();
    let group =
        Group { key: Some(key.to_owned()), sessions: rows(&[session]), messages: rows(&messages), ..Group::default() };
    mapping().conversation(group, &mut Notes::default()).expect("a usable session").1
}

/// The same with a trace and a verdict on its last message.
pub fn judged_conversation(key: &str, messages: usize) -> Conversation {
    let mut conversation = conversation(key, messages);
    let last = conversation.messages.last().expect("a message").id;
    conversation.traces.insert(last, "0197a6f2-trace".into());
    conversation.feedback.push(verdict(&conversation));
    conversation
}

/// What a user thinks of a conversation's last message.
pub fn verdict(conversation: &Conversation) -> Feedback {
    Feedback {
        message: conversation.messages.last().expect("a message").id,
        user: None,
        verdict: Verdict::Up,
        comment: Some("빨라요".into()),
        given_at: at(60),
    }
}

/// `seconds` after the sample clock's start.
pub fn at(seconds: u64) -> Timestamp {
    ManualClock::new().now().plus(Duration::from_secs(seconds))
}

/// A running import, begun so many seconds after the sample clock's start.
pub fn import(number: u64) -> Import {
    Import {
        id: ImportId::from_uuid(Uuid::from_u128((9 << 64) | u128::from(number))),
        kind: SourceKind::Stage1,
        origin: "sqlite:/가게/chat.db".into(),
        namespace: "옛 서버".into(),
        store: StoreId::new("shop").expect("a valid id"),
        state: ImportState::Running,
        backup: None,
        report: json!({}),
        started_at: at(number),
        finished_at: None,
    }
}

/// What an import remembers of a conversation that it brings.
pub fn entry(import: &Import, conversation: &Conversation) -> Entry {
    let messages = conversation.messages.len() as u64;
    Entry {
        import: import.id,
        session: conversation.session.id,
        source_id: format!("원본 {}", conversation.session.id),
        messages,
        turns: conversation.turns.len() as u64,
        feedback: conversation.feedback.len() as u64,
        digests: digests(conversation, messages),
    }
}

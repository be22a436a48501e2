//! Values that tests start from.
#![allow(clippy::expect_used, clippy::missing_panics_doc)] // constants that are valid by construction

use std::time::Duration;

use kernel::{Clock, MessageId, SessionId, ShareId, StoreId, Timestamp, TurnId, UserId, testing::ManualClock};
use serde_json::{Map, Value, json};

use crate::model::{
    Answer, BusinessMetadata, ClosedTurn, Message, MessageStatus, NewSession, NewTurn, Role, Session, ShareLink,
    ShareToken, Source, TurnState, Usage, UserContextChange,
};
use crate::ports::ConversationQuery;
use crate::search::SearchText;

/// A UUID that reads as `group` and `number`.
fn sample_uuid(group: u64, number: u64) -> uuid::Uuid {
    uuid::Uuid::from_u128((u128::from(group) << 64) | u128::from(number))
}

/// The clock's first moment.
pub fn start() -> Timestamp {
    ManualClock::new().now()
}

/// `seconds` after [`start`].
pub fn at(seconds: u64) -> Timestamp {
    start().plus(Duration::from_secs(seconds))
}

/// The store of the samples.
pub fn store() -> StoreId {
    StoreId::new("demo").expect("a valid id")
}

/// A session id.
pub fn session_id(number: u64) -> SessionId {
    SessionId::from_uuid(sample_uuid(1, number))
}

/// A turn id.
pub fn turn_id(number: u64) -> TurnId {
    TurnId::from_uuid(sample_uuid(2, number))
}

/// A message id.
pub fn message_id(number: u64) -> MessageId {
    MessageId::from_uuid(sample_uuid(3, number))
}

/// What a session of `user` is made from.
pub fn new_session(user: &str) -> NewSession {
    NewSession {
        store: store(),
        user: UserId::new(user).expect("a valid id"),
        title: None,
        channel: "web".into(),
        metadata: json!({}),
    }
}

/// A fresh session of `user`, number 1, that lives for a day.
pub fn session(user: &str) -> Session {
    numbered_session(1, user)
}

/// A fresh session of `user`.
pub fn numbered_session(number: u64, user: &str) -> Session {
    let ids = kernel::testing::SequentialIds::default();
    let begun = Session::begin(new_session(user), &ManualClock::new(), &ids, Duration::from_hours(24));
    Session { id: session_id(number), ..begun }
}

/// A turn of [`session`] number `session`, opened at `start` with a lease of two minutes.
pub fn new_turn(session: u64, number: u64, question: &str) -> NewTurn {
    NewTurn {
        id: turn_id(number),
        store: store(),
        session: session_id(session),
        user: UserId::new("kim").expect("a valid id"),
        client_message_id: None,
        request_hash: "hash".into(),
        question_id: message_id(number * 2),
        question: question.into(),
        metadata: json!({}),
        business: BusinessMetadata::default(),
        title: question.into(),
        opened_at: at(1),
        lease_until: at(121),
        expires_at: at(86_401),
        again: None,
    }
}

/// The end of turn `number` of [`session`] number 1, completed with `content`.
pub fn closed_turn(number: u64, content: &str) -> ClosedTurn {
    closed_turn_of(1, number, content)
}

/// The end of turn `number` of [`session`] number `session`, completed with `content`.
pub fn closed_turn_of(session: u64, number: u64, content: &str) -> ClosedTurn {
    ClosedTurn {
        turn: turn_id(number),
        store: store(),
        session: session_id(session),
        user: UserId::new("kim").expect("a valid id"),
        state: TurnState::Completed,
        answer: Some(Answer {
            id: message_id(number * 2 + 1),
            content: content.into(),
            status: MessageStatus::Complete,
            usage: Usage {
                prompt_tokens: 120,
                completion_tokens: 30,
                total_tokens: 150,
                cost: Some(kernel::Money::from_micros(310)),
                estimated: true,
            },
            model: Some("iyagi-extractive-1".into()),
            first_token_ms: Some(12),
            response_time_ms: Some(34),
            agent: Some("default".into()),
            routing: json!({"selected": "default"}),
            sources: vec![source(1)],
            metadata: json!({"k": "값"}),
        }),
        closed_at: at(2),
        late: false,
    }
}

/// Link `number` to [`session`] number `session`; it works for 100 seconds from `start`, and its token is
/// made of that number.
pub fn share_link(session: u64, number: u8) -> ShareLink {
    ShareLink {
        id: ShareId::from_uuid(sample_uuid(4, number.into())),
        store: store(),
        session: session_id(session),
        token_hash: ShareToken::of([number; 32]).hash(),
        created_at: start(),
        expires_at: at(100),
        revoked_at: None,
    }
}

/// The fields of a JSON object; none of anything else.
pub fn preferences(object: &Value) -> Map<String, Value> {
    object.as_object().cloned().unwrap_or_default()
}

/// What is to be remembered of `user`, whatever was before.
pub fn user_context_change(user: &str) -> UserContextChange {
    UserContextChange {
        store: store(),
        user: UserId::new(user).expect("a valid id"),
        preferences: preferences(&json!({"말투": "존댓말", "알림": {"문자": true}})),
        summary: Some("제주도 배송비를 물었고, 지난달에 환불을 받았다.".into()),
        expected_revision: None,
    }
}

/// A cited document.
pub fn source(number: u32) -> Source {
    Source {
        number,
        id: "shipping".into(),
        title: "배송 안내".into(),
        headings: vec!["지역별 배송비".into()],
        score: 0.75,
        content: "제주도는 3,000원이 추가됩니다.".into(),
        url: Some("https://demo.example/help/shipping".into()),
    }
}

fn message(number: u64, role: Role, sequence: u64, content: &str) -> Message {
    Message {
        id: message_id(number * 2 + u64::from(role == Role::Assistant)),
        session: session_id(1),
        turn: turn_id(number),
        role,
        content: content.into(),
        status: MessageStatus::Complete,
        usage: Usage::default(),
        model: None,
        first_token_ms: None,
        response_time_ms: None,
        agent: None,
        routing: json!({}),
        sources: Vec::new(),
        metadata: json!({}),
        parent: None,
        sequence,
        created_at: start(),
    }
}

/// The question of turn `number`.
pub fn user_message(number: u64, content: &str) -> Message {
    message(number, Role::User, number * 2 - 1, content)
}

/// The answer of turn `number`.
pub fn assistant_message(number: u64, content: &str) -> Message {
    Message { sources: vec![source(1)], ..message(number, Role::Assistant, number * 2, content) }
}

/// A search of [`store`] for a text.
pub fn conversation_query(text: &str) -> ConversationQuery {
    ConversationQuery {
        store: store(),
        user: None,
        agent: None,
        category: None,
        status: None,
        from: None,
        to: None,
        text: SearchText::parse(text).expect("a text with letters"),
    }
}

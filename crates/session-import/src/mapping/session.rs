use kernel::{StoreId, Timestamp, UserId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use session_core::SessionLifetimes;
use session_core::model::{Message, PrivacyLevel, Role, Session, SessionState, Turn};

use super::{Ids, Mapping, SESSION_ID, business, text, with_import};
use crate::report::{Notes, Repair};
use crate::row::{Fields, Row};

const TITLE: &[&str] = &["title", "name", "subject"];
const USER: &[&str] = &["user_id", "user", "userId", "username", "user_name"];
const STORE: &[&str] = &["store_id", "storeId", "store"];
const CREATED: &[&str] = &["created_at", "createdAt", "started_at", "created"];
const ACTIVE: &[&str] = &["last_active_at", "last_activity", "last_activity_at", "last_accessed", "updated_at"];
const EXPIRES: &[&str] = &["expires_at", "expiresAt", "expiry"];
/// Counted from the messages.
const COUNTERS: [&str; 5] = ["message_count", "messageCount", "last_sequence", "revision", "total_messages"];

/// A session of the source, and what the source says of it; the rest is filled in by [`complete`].
pub(super) struct Draft {
    pub(super) value: Session,
    created_at: Option<Timestamp>,
    last_active_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    request_count: Option<u64>,
}

impl Draft {
    /// When it began, as far as the source tells.
    pub(super) fn begun(&self) -> Option<Timestamp> {
        self.created_at.or(self.last_active_at)
    }
}

fn named<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// The beginning of time, for what has none: the same at every reading.
pub(super) fn long_ago() -> Timestamp {
    Timestamp::from_offset(time::OffsetDateTime::UNIX_EPOCH)
}

pub(super) fn read(mapping: &Mapping, ids: &Ids, row: Row, notes: &mut Notes) -> Draft {
    let mut fields = Fields::new(row, notes);
    fields.drop_key(SESSION_ID, &ids.key);
    for counter in COUNTERS {
        fields.value(&[counter]);
    }
    let metadata = fields.object(&["metadata", "meta"]);
    let business = business::from_metadata(&metadata).merged(&business::from_columns(&mut fields));
    let (created_at, last_active_at) = (fields.time(CREATED), fields.time(ACTIVE));
    let expires_at = fields.time(EXPIRES);
    let request_count = fields.count(&["request_count"]);
    let value = Session {
        id: ids.session,
        store: store(mapping, &mut fields),
        user: user(ids, &mut fields),
        title: title(&mut fields),
        channel: fields.text(&["channel"]).unwrap_or_else(|| mapping.kind.name().to_owned()),
        business,
        privacy: fields.parsed(&["privacy_level"], Repair::Value, named::<PrivacyLevel>).unwrap_or_default(),
        state: SessionState::Active,
        request_count: 0,
        message_count: 0,
        last_sequence: 0,
        last_agent: fields.text(&["last_agent_used", "agent_used", "agent"]),
        created_at: long_ago(),
        last_active_at: long_ago(),
        expires_at: long_ago(),
        ended_at: fields.time(&["ended_at"]),
        deleted_at: fields.time(&["deleted_at"]),
        revision: 0,
        metadata: Value::Null,
    };
    let state = state(&value, &mut fields);
    let metadata = with_import(metadata, ids, ids.source_id.as_deref(), fields);
    Draft { value: Session { state, metadata, ..value }, created_at, last_active_at, expires_at, request_count }
}

fn store(mapping: &Mapping, fields: &mut Fields<'_>) -> StoreId {
    let named = fields.text(STORE);
    match named.as_deref().map(StoreId::new) {
        Some(Ok(store)) => return store,
        Some(Err(_)) => fields.repaired(Repair::Store),
        None => {}
    }
    mapping.store.clone()
}

fn user(ids: &Ids, fields: &mut Fields<'_>) -> UserId {
    let given = fields.text(USER);
    let fitting = given.as_deref().and_then(|given| text::name(given, UserId::MAX_CHARS));
    if fitting.is_none() || fitting != given {
        fields.repaired(Repair::User);
    }
    let fitting = fitting.and_then(|name| UserId::new(name).ok());
    fitting.unwrap_or_else(|| ids.anonymous.clone())
}

fn title(fields: &mut Fields<'_>) -> Option<String> {
    let given = fields.text(TITLE)?;
    let title = text::title(&given, Session::MAX_TITLE_CHARS);
    if title.as_deref() != Some(given.trim()) {
        fields.repaired(Repair::Title);
    }
    title
}

fn state(session: &Session, fields: &mut Fields<'_>) -> SessionState {
    let told = fields.parsed(&["state", "status"], Repair::Value, named::<SessionState>);
    let inactive = fields.flag(&["is_active", "active"]) == Some(false);
    let deleted = fields.flag(&["is_deleted"]) == Some(true) || session.deleted_at.is_some();
    match told {
        _ if deleted => SessionState::Deleted,
        Some(state) => state,
        None if inactive => SessionState::Ended,
        None => SessionState::Active,
    }
}

/// Fills in counters, title and times from the messages.
pub(super) fn complete(draft: Draft, messages: &[Message], turns: &[Turn], lifetimes: &SessionLifetimes) -> Session {
    let mut session = draft.value;
    let times = || messages.iter().map(|message| message.created_at);
    let active = draft.last_active_at.or_else(|| times().max()).or(draft.created_at).unwrap_or_else(long_ago);
    session.created_at = draft.created_at.or_else(|| times().min()).unwrap_or(active);
    session.last_active_at = active.max(session.created_at);
    let lifetime = lifetimes.by_store.get(&session.store).copied().unwrap_or(lifetimes.usual);
    session.expires_at = draft.expires_at.unwrap_or_else(|| session.last_active_at.plus(lifetime));
    session.message_count = messages.len() as u64;
    session.last_sequence = messages.last().map_or(0, |message| message.sequence);
    session.request_count = draft.request_count.unwrap_or(turns.len() as u64);
    let answer = messages.iter().rev().find(|message| message.role == Role::Assistant);
    session.last_agent = session.last_agent.or_else(|| answer.and_then(|message| message.agent.clone()));
    if session.title.is_none() {
        let question = messages.iter().find(|message| message.role == Role::User);
        session.title =
            question.and_then(|message| text::title(&Session::title_from(&message.content), Session::MAX_TITLE_CHARS));
    }
    match session.state {
        SessionState::Ended => session.ended_at = session.ended_at.or(Some(session.last_active_at)),
        SessionState::Deleted => session.deleted_at = session.deleted_at.or(Some(session.last_active_at)),
        SessionState::Active | SessionState::Expired => {}
    }
    session
}

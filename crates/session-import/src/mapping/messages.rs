use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use kernel::{MessageId, Money, Timestamp, TurnId};
use serde::de::DeserializeOwned;
use serde_json::Value;
use session_core::model::{Message, MessageStatus, Role, Usage};
use uuid::Uuid;

use super::session::{Draft, long_ago};
use super::{Ids, keep_id, sources, with_import};
use crate::report::{Notes, Repair, SkipReason};
use crate::row::{Fields, Row};

const ID: &[&str] = &["id", "message_id"];
const KEYS: &[&str] = &["session_id", "chat_session_id", "conversation_id", "conversationId"];
const CONTENT: &[&str] = &["content", "text", "message", "body"];
const ROLE: &[&str] = &["role", "sender", "sender_type", "type"];
const SEQUENCE: &[&str] = &["sequence_number", "sequence", "seq", "message_index"];
const CREATED: &[&str] = &["created_at", "createdAt", "timestamp", "sent_at"];

/// The messages of a conversation.
pub(super) struct Said {
    /// In order, with their numbers, each under the nil turn or the source's own.
    pub(super) messages: Vec<Message>,
    pub(super) traces: BTreeMap<MessageId, String>,
    /// Messages by their id in the source.
    pub(super) ids: HashMap<String, MessageId>,
}

/// A message and where the source says that it stands.
struct Placed {
    source_id: Option<String>,
    sequence: Option<i64>,
    at: Option<Timestamp>,
    parent: Option<String>,
    trace: Option<String>,
    message: Message,
}

fn named<T: DeserializeOwned>(value: &Value) -> Option<T> {
    serde_json::from_value(value.clone()).ok()
}

/// Who says something, under the names that systems have for it; `None` for others.
fn role(name: &str) -> Option<Role> {
    match name.trim().to_lowercase().as_str() {
        "user" | "human" | "customer" | "client" | "visitor" | "question" | "고객" | "사용자" => Some(Role::User),
        "assistant" | "ai" | "bot" | "chatbot" | "agent" | "model" | "answer" | "상담원" | "챗봇" => {
            Some(Role::Assistant)
        }
        "system" | "developer" | "tool" | "function" => Some(Role::System),
        _ => None,
    }
}

pub(super) fn read(ids: &Ids, session: &Draft, rows: Vec<Row>, notes: &mut Notes) -> Said {
    let mut placed: Vec<Placed> = rows.into_iter().filter_map(|row| one(ids, row, notes)).collect();
    order(&mut placed);
    number(&placed, notes);
    let mut said = Said { messages: Vec::with_capacity(placed.len()), traces: BTreeMap::new(), ids: HashMap::new() };
    let (mut taken, mut before) = (HashSet::new(), session.begun());
    let mut parents = Vec::with_capacity(placed.len());
    for (place, mut found) in placed.into_iter().enumerate() {
        let message = &mut found.message;
        let source_id = found.source_id.as_deref().unwrap_or_default();
        message.id = id(ids, place, source_id, &mut taken, notes);
        if !source_id.is_empty() && ids.message(source_id) != message.id {
            keep_id(&mut message.metadata, ids, source_id);
        }
        said.ids.entry(source_id.to_owned()).or_insert(message.id);
        message.sequence = place as u64 + 1;
        if found.at.is_none() {
            notes.repaired(Repair::Time);
        }
        message.created_at = found.at.or(before).unwrap_or_else(long_ago);
        before = Some(message.created_at);
        said.traces.extend(found.trace.map(|trace| (message.id, trace)));
        parents.push(found.parent);
        said.messages.push(found.message);
    }
    for (message, parent) in said.messages.iter_mut().zip(parents) {
        let Some(parent) = parent else { continue };
        message.parent = said.ids.get(&parent).copied();
        if message.parent.is_none() {
            notes.repaired(Repair::Parent);
        }
    }
    said
}

/// The id of a message; one without an id, and a second one with the same, gets one of its own.
fn id(ids: &Ids, place: usize, source_id: &str, taken: &mut HashSet<MessageId>, notes: &mut Notes) -> MessageId {
    let wanted = (!source_id.is_empty()).then(|| ids.message(source_id));
    let id = match wanted {
        Some(id) if !taken.contains(&id) => id,
        _ => {
            notes.repaired(Repair::MessageId);
            ids.message_at(place, source_id)
        }
    };
    taken.insert(id);
    id
}

/// By number where all have one; else by time. What is still equal goes by id: numbers as numbers, and a
/// question before its answer.
fn order(placed: &mut [Placed]) {
    let numbered = placed.iter().all(|found| found.sequence.is_some());
    placed.sort_by(|one, other| {
        let (sequence, time) = (one.sequence.cmp(&other.sequence), one.at.cmp(&other.at));
        let first = if numbered { sequence.then(time) } else { time.then(sequence) };
        first.then_with(|| by_id(one, other))
    });
}

fn by_id(one: &Placed, other: &Placed) -> Ordering {
    let number = |found: &Placed| found.source_id.as_deref().and_then(|id| id.parse::<u64>().ok());
    let speaker = |found: &Placed| match found.message.role {
        Role::System => 0,
        Role::User => 1,
        Role::Assistant => 2,
    };
    let by_speaker = speaker(one).cmp(&speaker(other));
    number(one).cmp(&number(other)).then(by_speaker).then_with(|| one.source_id.cmp(&other.source_id))
}

/// Notes whether the numbers of the source were not 1, 2, 3 … already. A source without any is in order.
fn number(placed: &[Placed], notes: &mut Notes) {
    let without = placed.iter().all(|found| found.sequence.is_none());
    if !without && placed.iter().zip(1_i64..).any(|(found, number)| found.sequence != Some(number)) {
        notes.repaired(Repair::Sequence);
    }
}

fn one(ids: &Ids, row: Row, notes: &mut Notes) -> Option<Placed> {
    let source_id = row.shown(ID);
    let mut fields = Fields::new(row, notes);
    if fields.flag(&["is_deleted"]) == Some(true) || fields.time(&["deleted_at"]).is_some() {
        notes.repaired(Repair::DeletedMessage);
        return None;
    }
    let Some(content) = fields.content(CONTENT) else {
        notes.skip("message", source_id, Some(&ids.key), SkipReason::NoContent);
        return None;
    };
    fields.drop_key(ID, source_id.as_deref().unwrap_or_default());
    fields.drop_key(KEYS, &ids.key);
    let kept_id = source_id.as_deref().filter(|id| crate::row::uuid(id).is_none()).map(str::to_owned);
    let metadata = fields.object(&["metadata", "meta"]);
    let turn = fields.uuid(&["turn_id"]).unwrap_or(Uuid::nil());
    let message = Message {
        id: MessageId::from_uuid(Uuid::nil()),
        session: ids.session,
        turn: TurnId::from_uuid(turn),
        role: spoken(&mut fields),
        content,
        status: fields.parsed(&["status"], Repair::Value, named).unwrap_or(MessageStatus::Complete),
        usage: usage(&mut fields),
        model: fields.text(&["model", "model_name"]),
        first_token_ms: fields.count(&["first_token_ms"]),
        response_time_ms: fields.count(&["response_time_ms", "response_time"]),
        agent: fields.text(&["agent_used", "agent"]),
        routing: Value::Object(fields.object(&["routing_info", "routing"])),
        sources: listed(&mut fields),
        metadata: Value::Null,
        parent: None,
        sequence: 0,
        created_at: long_ago(),
    };
    let (sequence, at) = (fields.integer(SEQUENCE), fields.time(CREATED));
    let (parent, trace) = (fields.text(&["parent_message_id", "parent_id"]), fields.text(&["langsmith_trace_id"]));
    let metadata = with_import(metadata, ids, kept_id.as_deref(), fields);
    Some(Placed { source_id, sequence, at, parent, trace, message: Message { metadata, ..message } })
}

/// Who said it. A role that nobody knows becomes the system's and stays in the metadata.
fn spoken(fields: &mut Fields<'_>) -> Role {
    let plain = |value: &Value| value.as_str().and_then(named_role);
    if let Some(role) = fields.parsed(ROLE, Repair::Role, plain) {
        if role.1 {
            fields.repaired(Repair::Role);
        }
        return role.0;
    }
    Role::System
}

/// The role, and whether it goes by another name here.
fn named_role(name: &str) -> Option<(Role, bool)> {
    role(name).map(|role| (role, !["user", "assistant", "system"].contains(&name)))
}

fn usage(fields: &mut Fields<'_>) -> Usage {
    let prompt_tokens = fields.count::<u32>(&["prompt_tokens"]).unwrap_or(0);
    let completion_tokens = fields.count::<u32>(&["completion_tokens"]).unwrap_or(0);
    let total = fields.count::<u32>(&["total_tokens", "token_count", "tokens"]);
    Usage {
        prompt_tokens,
        completion_tokens,
        total_tokens: total.unwrap_or(prompt_tokens.saturating_add(completion_tokens)),
        cost: fields.integer(&["cost_micros"]).map(Money::from_micros),
        estimated: fields.flag(&["usage_estimated"]).unwrap_or(false),
    }
}

fn listed(fields: &mut Fields<'_>) -> Vec<session_core::model::Source> {
    let names = &["sources", "references", "citations"];
    let read = fields.parsed(names, Repair::Value, |value| match value {
        Value::String(text) => sources::read(&serde_json::from_str(text).unwrap_or_else(|_| value.clone())),
        other => sources::read(other),
    });
    read.unwrap_or_default()
}

//! Roughly what it costs to keep something in memory, in bytes.

use serde_json::Value;

use crate::model::{Message, Session, UserContext};

/// What a session, a message or a context weighs beside its texts.
pub(super) const WEIGHT: usize = 600;
/// What a JSON value weighs beside its texts: the size of one.
const VALUE: usize = 32;

/// A session, without what was said in it.
pub(super) fn of_session(session: &Session) -> usize {
    let business = &session.business;
    let texts = [&session.title, &session.last_agent, &business.inquiry_category, &business.business_impact];
    let texts: usize = texts.into_iter().flatten().chain(&business.topic_tags).map(String::len).sum();
    WEIGHT + texts + of_json(&session.metadata)
}

/// A message with its sources.
pub(super) fn of_message(message: &Message) -> usize {
    let sources: usize = message.sources.iter().map(|source| source.content.len() + WEIGHT / 2).sum();
    WEIGHT + message.content.len() + sources + of_json(&message.metadata)
}

/// What a store remembers of a user.
pub(super) fn of_context(context: Option<&UserContext>) -> usize {
    let texts = |context: &UserContext| {
        let preferences: usize = context.preferences.iter().map(|(name, value)| name.len() + of_json(value)).sum();
        preferences + context.summary.as_ref().map_or(0, String::len)
    };
    WEIGHT + context.map_or(0, texts)
}

fn of_json(value: &Value) -> usize {
    VALUE
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(of_json).sum(),
            Value::Object(values) => values.iter().map(|(name, value)| name.len() + of_json(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}

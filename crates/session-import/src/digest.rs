//! What a conversation says, in 64 digits.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::Conversation;

/// Checksums of a conversation, as lower-case hexadecimal SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// What the session says of itself, without what use and upkeep move (counters, state, expiry).
    pub session: String,
    /// Every field of its first messages.
    pub messages: String,
}

/// The checksums of a conversation and its first `count` messages. They do not depend on how a database
/// writes JSON: neither the order of keys nor `1.0` for `1` makes a difference.
pub fn digests(conversation: &Conversation, count: u64) -> Digests {
    Digests { session: session(conversation), messages: messages(conversation, count) }
}

fn session(conversation: &Conversation) -> String {
    let session = &conversation.session;
    let business = serde_json::to_value(&session.business).unwrap_or_default();
    let mut sum = Sum::default();
    sum.text(&session.id.to_string());
    sum.text(session.store.as_str());
    sum.text(session.user.as_str());
    sum.text(session.title.as_deref().unwrap_or_default());
    sum.text(&session.channel);
    sum.json(&session.metadata);
    sum.json(&business);
    sum.text(&format!("{:?} {}", session.privacy, session.created_at));
    sum.finish()
}

fn messages(conversation: &Conversation, count: u64) -> String {
    let mut sum = Sum::default();
    for message in conversation.messages.iter().filter(|message| message.sequence <= count) {
        let usage = message.usage;
        let trace = conversation.traces.get(&message.id).map(String::as_str);
        sum.text(&format!("{} {} {} {}", message.sequence, message.id, message.session, message.turn));
        sum.text(&format!("{:?} {:?} {}", message.role, message.status, message.created_at));
        sum.text(&message.content);
        sum.text(&format!("{usage:?} {:?} {:?}", message.first_token_ms, message.response_time_ms));
        sum.text(&format!("{:?} {:?} {:?} {trace:?}", message.model, message.agent, message.parent));
        sum.json(&message.routing);
        sum.json(&serde_json::to_value(&message.sources).unwrap_or_default());
        sum.json(&message.metadata);
    }
    sum.finish()
}

/// A checksum over parts; a length before each keeps their borders.
#[derive(Default)]
struct Sum(Sha256);

impl Sum {
    fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn json(&mut self, value: &Value) {
        let mut text = String::new();
        canonical(value, &mut text);
        self.text(&text);
    }

    fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => text.push_str(&plain(number)),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            text.push('{');
            for key in keys {
                text.push_str(&Value::String(key.clone()).to_string());
                text.push(':');
                canonical(&map[key], text);
                text.push(',');
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}

/// A number as PostgreSQL's `jsonb` and SQLite's text both give it back: `1.0`, `1` and `1e0` are one.
fn plain(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() && float.fract() == 0.0 && float.abs() < 9e15 => {
            (float as i64).to_string()
        }
        Some(float) if number.is_f64() => format!("{float:?}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::samples::conversation;

    #[test]
    fn the_way_a_database_writes_json_makes_no_difference() {
        let mut one = conversation("s", 2);
        let mut other = one.clone();
        one.messages[0].metadata = json!({"a": 1.0, "b": {"c": [1e2, 0.5]}});
        other.messages[0].metadata = serde_json::from_str(r#"{"b":{"c":[100,0.5]},"a":1}"#).unwrap();
        assert_eq!(digests(&one, 2), digests(&other, 2));
    }

    #[test]
    fn one_changed_character_is_noticed_and_a_later_message_is_not() {
        let whole = conversation("s", 2);
        let mut changed = whole.clone();
        changed.messages[1].content.push('.');
        assert_ne!(digests(&changed, 2).messages, digests(&whole, 2).messages);
        assert_eq!(digests(&changed, 2).session, digests(&whole, 2).session);
        assert_eq!(digests(&changed, 1), digests(&whole, 1));
    }

    #[test]
    fn what_use_and_upkeep_move_is_left_out() {
        let whole = conversation("s", 2);
        let mut used = whole.clone();
        used.session.request_count += 1;
        used.session.state = session_core::model::SessionState::Expired;
        assert_eq!(digests(&used, 2), digests(&whole, 2));
    }
}

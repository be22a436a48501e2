//! What is said over a connection, as JSON texts.

use kernel::{SessionId, Timestamp, TurnId};
use serde::{Deserialize, Serialize};
use session_core::model::BusinessMetadata;

use crate::dto::{CancelledTurn, StreamEvent};

/// What a client may say.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(super) enum FromClient {
    /// A question.
    Message {
        message: String,
        /// The client's own id of the question: repeating it never asks twice.
        client_message_id: Option<String>,
        business_metadata: Option<BusinessMetadata>,
    },
    /// Go on with a turn of this session after the last event heard.
    Resume {
        turn_id: TurnId,
        #[serde(default)]
        after: u64,
    },
    /// Stop a turn of this session; what was said is kept.
    Cancel { turn_id: TurnId },
    /// For clients that cannot send a ping of the protocol: browsers.
    Ping,
}

impl FromClient {
    /// What an answer to this is recognised by.
    pub(super) fn client_message_id(self) -> Option<String> {
        match self {
            Self::Message { client_message_id, .. } => client_message_id,
            Self::Resume { .. } | Self::Cancel { .. } | Self::Ping => None,
        }
    }
}

/// What the server says.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ToClient {
    Told(Box<Told>),
    Notice(Notice),
}

/// An event of a turn, or an error.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    /// Its number, to resume after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    /// Its turn; the event `session` says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) turn_id: Option<TurnId>,
    /// The question's, on the event `session` and on the error that refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_message_id: Option<String>,
    #[serde(flatten)]
    pub(super) event: StreamEvent,
}

/// What is not about the course of an answer.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Notice {
    /// First of all: the session is there and can be used.
    Ready { session_id: SessionId, expires_at: Timestamp },
    /// How a turn stands after it was asked to stop.
    Cancelled(CancelledTurn),
    /// The answer to `ping`.
    Pong,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    #[test]
    fn an_event_is_flat_and_says_only_what_it_has() {
        let event = StreamEvent::Token { content: "배송".into() };
        let said = Told { id: Some(4), turn_id: None, client_message_id: None, event };
        let said = serde_json::to_value(ToClient::Told(Box::new(said))).unwrap();
        assert_eq!(said, serde_json::json!({"id": 4, "type": "token", "content": "배송"}));
        let pong = serde_json::to_value(ToClient::Notice(Notice::Pong)).unwrap();
        assert_eq!(pong, serde_json::json!({"type": "pong"}));
        let turn: TurnId = "0197a6f2-0000-7000-8000-000000000000".parse().unwrap();
        let cut = serde_json::to_value(StreamEvent::cut(turn, Language::English)).unwrap();
        assert_eq!(cut["resume"], "/api/turns/0197a6f2-0000-7000-8000-000000000000/stream");
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (text, named) in [
            (r#"{"type":"shout"}"#, "shout"),
            (r#"{"type":"message"}"#, "message"),
            (r#"{"type":"message","message":"?","user":"kim"}"#, "user"),
            (r#"{"type":"cancel","turnId":"7"}"#, "UUID"),
            (r#"{"message":"?"}"#, "type"),
        ] {
            let error = serde_json::from_str::<FromClient>(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}

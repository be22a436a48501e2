use kernel::{SessionId, StoreId, TurnId, UserId};
use session_core::model::BusinessMetadata;
use sha2::{Digest, Sha256};

use crate::{ChatError, ChatSettings};

const MAX_CLIENT_ID_CHARS: usize = 128;

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The store.
    pub store: StoreId,
    /// Who asks; without it, and without a session, a new anonymous session is begun.
    pub user: Option<UserId>,
    /// The session; without it the user's live one, else a new one.
    pub session: Option<SessionId>,
    /// What is asked.
    pub message: String,
    /// What the caller says of the business side.
    pub business: BusinessMetadata,
    /// The caller's own id of the request: repeating it attaches to the turn it made.
    pub client_message_id: Option<String>,
    /// Where the question comes from; kept with a new session.
    pub channel: String,
}

/// The turn a question became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedTurn {
    /// The turn.
    pub turn: TurnId,
    /// Its session.
    pub session: SessionId,
    /// Whether the session was made for this question.
    pub is_new: bool,
    /// Whether the request was made before, and this is the turn it made then.
    pub repeated: bool,
}

impl Ask {
    /// Checks the limits.
    pub(crate) fn validate(&self, settings: &ChatSettings) -> Result<(), ChatError> {
        if self.message.trim().is_empty() {
            return Err(ChatError::EmptyMessage);
        }
        if self.message.chars().count() > settings.max_message_chars {
            return Err(ChatError::MessageTooLong { max: settings.max_message_chars });
        }
        if self.message.contains('\0') {
            return Err(ChatError::InvalidCharacters);
        }
        if let Some(id) = &self.client_message_id {
            check_client_message_id(id)?;
        }
        self.business.validate()?;
        Ok(())
    }

    /// SHA-256 (hex) of what is asked: a repeated request has the same, another one has not.
    pub(crate) fn fingerprint(&self) -> String {
        fingerprint(&serde_json::json!([self.message, self.business]))
    }
}

/// SHA-256 (hex) of what is asked.
pub(crate) fn fingerprint(asked: &serde_json::Value) -> String {
    Sha256::digest(asked.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn check_client_message_id(id: &str) -> Result<(), ChatError> {
    let fits = (1..=MAX_CLIENT_ID_CHARS).contains(&id.chars().count());
    if fits && !id.chars().any(char::is_control) { Ok(()) } else { Err(ChatError::InvalidClientMessageId) }
}

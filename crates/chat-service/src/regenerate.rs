use kernel::{MessageId, StoreId, UserId};
use session_core::model::{BusinessMetadata, Message, Role};

use crate::ask::fingerprint;
use crate::opening::{Question, TurnRequest};
use crate::{AskedTurn, ChatError, ChatService};

/// A question to be answered once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regenerate {
    /// The store.
    pub store: StoreId,
    /// Who asks; another user's message is not known to them.
    pub user: Option<UserId>,
    /// The question, or an answer to it.
    pub message: MessageId,
    /// The caller's own id of the request: repeating it attaches to the turn it made.
    pub client_message_id: Option<String>,
}

impl ChatService {
    /// Answers a question once more. The new answer is another child of the same question: nothing that
    /// was said before is changed. The conversation that the model sees ends before that question.
    ///
    /// # Errors
    /// [`ChatError::UnknownMessage`], [`ChatError::NothingToAnswer`], and as [`ask`](Self::ask).
    pub async fn regenerate(&self, again: Regenerate) -> Result<AskedTurn, ChatError> {
        if let Some(id) = &again.client_message_id {
            crate::ask::check_client_message_id(id)?;
        }
        let live = self.live.begin().ok_or(ChatError::Draining)?;
        let message = self.message(&again.store, again.message).await?;
        let session = self.ports.sessions.get(&again.store, again.user.as_ref(), message.session).await;
        let session = session.map_err(|error| match error {
            session_core::SessionError::NotFound => ChatError::UnknownMessage,
            other => other.into(),
        })?;
        let question = match (message.role, message.parent) {
            (Role::User, _) => message,
            (Role::Assistant, Some(parent)) => self.message(&again.store, parent).await?,
            _ => return Err(ChatError::NothingToAnswer),
        };
        let slot = self.slot(&again.store, &session.user);
        let request = TurnRequest {
            store: again.store,
            session: session.id,
            user: session.user,
            client_message_id: again.client_message_id,
            fingerprint: fingerprint(&serde_json::json!(["regenerate", question.id])),
            question: Question::Again(Box::new(question)),
            business: BusinessMetadata::default(),
        };
        self.take(request, slot, false, live).await
    }

    async fn message(&self, store: &StoreId, id: MessageId) -> Result<Message, ChatError> {
        self.ports.turns.find_message(store, id).await?.ok_or(ChatError::UnknownMessage)
    }
}

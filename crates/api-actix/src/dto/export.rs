use kernel::{Timestamp, UserId};
use serde::{Deserialize, Serialize};
use session_core::model::Feedback;
use utoipa::ToSchema;

use super::{MessageFeedback, SaidBody, SessionBody};
use crate::conversation::Told;

/// What a session is exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ExportFormat {
    /// All that is kept, for programs.
    #[default]
    Json,
    /// A transcript, for people.
    Markdown,
}

/// What comes before the messages of an export.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportHead {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) exported_at: Timestamp,
    pub(crate) session: SessionBody,
}

/// A whole session. It is written piece by piece: this is how the pieces look together.
#[derive(ToSchema)]
#[allow(dead_code)] // for the OpenAPI document
pub(crate) struct SessionExport {
    #[serde(flatten)]
    head: ExportHead,
    /// All of them, oldest first.
    messages: Vec<ExportedMessage>,
}

/// A message with what was thought of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExportedMessage {
    #[serde(flatten)]
    said: SaidBody,
    /// That of every user; with `userId`, of that one.
    feedback: Vec<GivenFeedback>,
}

impl From<Told> for ExportedMessage {
    fn from(told: Told) -> Self {
        Self { said: told.message.into(), feedback: told.feedback.into_iter().map(GivenFeedback::from).collect() }
    }
}

/// What one user thinks of a message.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GivenFeedback {
    /// Null when it was given anonymously.
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
    #[serde(flatten)]
    verdict: MessageFeedback,
    comment: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
}

impl From<Feedback> for GivenFeedback {
    fn from(feedback: Feedback) -> Self {
        Self {
            user_id: feedback.user,
            verdict: feedback.verdict.into(),
            comment: feedback.comment,
            given_at: feedback.given_at,
        }
    }
}

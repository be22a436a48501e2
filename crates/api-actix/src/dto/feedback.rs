use kernel::{MessageId, StoreId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use session_core::model::{Feedback, Verdict};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorCode, ErrorDetail};

/// A thumb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Thumbs {
    Up,
    Down,
}

/// A verdict: either `thumbs` or `rating`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FeedbackRequest)]
pub(crate) struct FeedbackBody {
    thumbs: Option<Thumbs>,
    /// From bad to good.
    #[schema(minimum = 1, maximum = 5)]
    rating: Option<u8>,
    /// In the customer's own words.
    #[schema(max_length = 2000)]
    comment: Option<String>,
    /// Who gives it; a later verdict of the same user replaces an earlier one.
    #[schema(value_type = Option<String>)]
    pub(crate) user_id: Option<UserId>,
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>)]
    pub(crate) store_id: Option<StoreId>,
}

impl FeedbackBody {
    pub(crate) fn into_feedback(self, message: MessageId, given_at: Timestamp) -> Result<Feedback, ApiError> {
        let verdict = match (self.thumbs, self.rating) {
            (Some(Thumbs::Up), None) => Verdict::Up,
            (Some(Thumbs::Down), None) => Verdict::Down,
            (None, Some(rating)) => Verdict::Rating(rating),
            _ => {
                let detail = ErrorDetail::of(None, "give either thumbs or rating");
                return Err(ApiError::new(ErrorCode::InvalidFeedback).with_detail(detail));
            }
        };
        let comment = self.comment.filter(|comment| !comment.trim().is_empty());
        let feedback = Feedback { message, user: self.user_id, verdict, comment, given_at };
        feedback.validate()?;
        Ok(feedback)
    }
}

/// What is kept.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeedbackReply {
    #[schema(value_type = String, format = Uuid)]
    message_id: MessageId,
    feedback: MessageFeedback,
    comment: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    given_at: Timestamp,
}

impl From<Feedback> for FeedbackReply {
    fn from(feedback: Feedback) -> Self {
        Self {
            message_id: feedback.message,
            feedback: feedback.verdict.into(),
            comment: feedback.comment,
            given_at: feedback.given_at,
        }
    }
}

/// A verdict as a message shows it: one of two scales.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MessageFeedback {
    /// A thumb.
    Thumbs { thumbs: Thumbs },
    /// From bad (1) to good (5).
    Rating { rating: u8 },
}

impl From<Verdict> for MessageFeedback {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Up => Self::Thumbs { thumbs: Thumbs::Up },
            Verdict::Down => Self::Thumbs { thumbs: Thumbs::Down },
            Verdict::Rating(rating) => Self::Rating { rating },
        }
    }
}

//! Domain errors, classified. An error of ours keeps its cause for the log.

use chat_service::ChatError;
use kernel::RepositoryError;
use rag_pipeline::ingest::SubmitError;
use session_core::model::InvalidFeedback;
use session_core::ports::{StreamLimit, StreamLogError};
use session_core::search::InvalidSearch;
use session_core::stream::TurnFailure;
use session_core::{SessionError, ShareError, UserContextError};

use super::{ApiError, ErrorCode, ErrorDetail};

impl From<RepositoryError> for ApiError {
    fn from(error: RepositoryError) -> Self {
        let code = match error {
            RepositoryError::Conflict | RepositoryError::Stale => ErrorCode::Conflict,
            RepositoryError::Unavailable(_) => ErrorCode::StorageUnavailable,
            RepositoryError::Corrupt(_) | RepositoryError::Backend(_) => ErrorCode::InternalError,
        };
        Self::new(code).caused_by(error)
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::NotFound => ErrorCode::SessionNotFound.into(),
            SessionError::Expired => ErrorCode::SessionExpired.into(),
            SessionError::Ended => ErrorCode::SessionEnded.into(),
            SessionError::InvalidTitle => ErrorCode::InvalidTitle.into(),
            SessionError::InvalidBusiness(invalid) => Self::new(ErrorCode::InvalidBusinessMetadata)
                .with_detail(ErrorDetail::of(Some("businessMetadata"), &invalid.to_string())),
            SessionError::InvalidExtension { max } => {
                Self::new(ErrorCode::InvalidBody).with_detail(ErrorDetail::of(Some("hours"), &format!("1 to {max}")))
            }
            SessionError::Repository(error) => error.into(),
        }
    }
}

impl From<ShareError> for ApiError {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::NotFound => ErrorCode::ShareNotFound.into(),
            ShareError::InvalidLifetime { max } => Self::new(ErrorCode::InvalidBody)
                .with_detail(ErrorDetail::of(Some("expiresInHours"), &format!("1 to {max}"))),
            ShareError::Session(error) => error.into(),
            ShareError::Secret(error) => Self::new(ErrorCode::InternalError).caused_by(error),
            ShareError::Repository(error) => error.into(),
        }
    }
}

impl From<UserContextError> for ApiError {
    fn from(error: UserContextError) -> Self {
        match error {
            UserContextError::Invalid(invalid) => Self::new(ErrorCode::InvalidUserContext)
                .with_detail(ErrorDetail::of(Some(invalid.field()), &invalid.to_string())),
            UserContextError::Stale { .. } => {
                Self::new(ErrorCode::StaleRevision).with_detail(ErrorDetail::of(Some("revision"), &error.to_string()))
            }
            UserContextError::Repository(error) => error.into(),
        }
    }
}

impl From<StreamLogError> for ApiError {
    fn from(error: StreamLogError) -> Self {
        let code = match error {
            StreamLogError::Backend(_) => ErrorCode::StorageUnavailable,
            StreamLogError::Behind { .. } | StreamLogError::NotOpen => ErrorCode::InternalError,
        };
        Self::new(code).caused_by(error)
    }
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::EmptyMessage => ErrorCode::EmptyMessage.into(),
            ChatError::MessageTooLong { max } => Self::new(ErrorCode::MessageTooLong).with_figure(max),
            ChatError::InvalidCharacters => ErrorCode::InvalidCharacters.into(),
            ChatError::InvalidClientMessageId => ErrorCode::InvalidClientMessageId.into(),
            ChatError::InvalidBusiness(invalid) => Self::new(ErrorCode::InvalidBusinessMetadata)
                .with_detail(ErrorDetail::of(Some("businessMetadata"), &invalid.to_string())),
            ChatError::Session(error) => error.into(),
            ChatError::TurnInProgress { turn } => {
                Self::new(ErrorCode::TurnInProgress).with_detail(ErrorDetail::of(Some("turnId"), &turn.to_string()))
            }
            ChatError::TooManyStreams { limit, allowed } => {
                let whose = match limit {
                    StreamLimit::PerUser => "user",
                    StreamLimit::PerStore => "store",
                };
                Self::new(ErrorCode::TooManyStreams)
                    .with_figure(allowed)
                    .with_detail(ErrorDetail::of(Some("limit"), whose))
            }
            ChatError::KeyReused { turn } => Self::new(ErrorCode::IdempotencyKeyReused)
                .with_detail(ErrorDetail::of(Some("turnId"), &turn.to_string())),
            ChatError::UnknownTurn => ErrorCode::TurnNotFound.into(),
            ChatError::UnknownMessage => ErrorCode::MessageNotFound.into(),
            ChatError::NothingToAnswer => ErrorCode::NothingToAnswer.into(),
            ChatError::Draining => ErrorCode::ShuttingDown.into(),
            ChatError::Repository(error) => error.into(),
            ChatError::Stream(error) => error.into(),
            ChatError::Spool(error) => Self::new(ErrorCode::StorageUnavailable).caused_by(error),
        }
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::TooLarge { limit } => Self::new(ErrorCode::BodyTooLarge).with_figure(limit),
            SubmitError::Empty => ErrorCode::EmptyDocument.into(),
            SubmitError::Busy => ErrorCode::TooManyDocuments.into(),
            SubmitError::Storage(error) => error.into(),
        }
    }
}

impl From<InvalidFeedback> for ApiError {
    fn from(error: InvalidFeedback) -> Self {
        let field = match error {
            InvalidFeedback::Rating => "rating",
            InvalidFeedback::Comment => "comment",
        };
        Self::new(ErrorCode::InvalidFeedback).with_detail(ErrorDetail::of(Some(field), &error.to_string()))
    }
}

impl From<InvalidSearch> for ApiError {
    fn from(error: InvalidSearch) -> Self {
        match error {
            InvalidSearch::Empty => ErrorCode::EmptyQuery.into(),
            InvalidSearch::TooLong { max } => Self::new(ErrorCode::QueryTooLong).with_figure(max),
        }
    }
}

impl From<TurnFailure> for ErrorCode {
    fn from(failure: TurnFailure) -> Self {
        match failure {
            TurnFailure::ModelUnavailable => Self::ModelUnavailable,
            TurnFailure::StorageUnavailable => Self::StorageUnavailable,
            TurnFailure::TimedOut => Self::TurnTimedOut,
            TurnFailure::Interrupted => Self::TurnInterrupted,
            TurnFailure::Cancelled => Self::TurnCancelled,
            TurnFailure::Internal => Self::InternalError,
        }
    }
}

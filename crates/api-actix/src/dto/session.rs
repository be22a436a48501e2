use kernel::{IdSource, SessionId, StoreId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use session_core::model::{BusinessMetadata, NewSession, PrivacyLevel, Session, SessionState};
use utoipa::ToSchema;

use super::BusinessBody;
use crate::error::{ApiError, ErrorCode, ErrorDetail};
use crate::state::ApiState;

/// The longest channel, in characters.
const MAX_CHANNEL_CHARS: usize = 50;

/// A session to begin.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewSession)]
pub(crate) struct NewSessionBody {
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>, max_length = 100)]
    store_id: Option<StoreId>,
    /// The customer; an anonymous one is made up when left out.
    #[schema(value_type = Option<String>, max_length = 200)]
    user_id: Option<UserId>,
    /// A title; otherwise the first question becomes it.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// Where the session comes from; `web` when left out.
    #[schema(min_length = 1, max_length = 50)]
    channel: Option<String>,
    /// Anything the caller wants to keep with it.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

impl NewSessionBody {
    pub(crate) fn into_new(self, state: &ApiState) -> Result<NewSession, ApiError> {
        let channel = self.channel.unwrap_or_else(|| "web".to_owned());
        let fits = !channel.trim().is_empty() && channel.chars().count() <= MAX_CHANNEL_CHARS;
        if !fits || channel.chars().any(char::is_control) {
            let detail = ErrorDetail::of(Some("channel"), "1 to 50 characters, no control characters");
            return Err(ApiError::new(ErrorCode::InvalidBody).with_detail(detail));
        }
        Ok(NewSession {
            store: state.store(self.store_id),
            user: self.user_id.map_or_else(|| anonymous(&*state.ids), Ok)?,
            title: self.title,
            channel,
            metadata: Value::Object(self.metadata.unwrap_or_default()),
        })
    }
}

fn anonymous(ids: &dyn IdSource) -> Result<UserId, ApiError> {
    let user = UserId::new(format!("anon-{}", ids.uuid()));
    user.map_err(|error| ApiError::new(ErrorCode::InternalError).caused_by(error))
}

/// Which sessions a list shows.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SessionStateFilter)]
pub(crate) enum StateParam {
    Active,
    Ended,
    Expired,
}

impl From<StateParam> for SessionState {
    fn from(state: StateParam) -> Self {
        match state {
            StateParam::Active => Self::Active,
            StateParam::Ended => Self::Ended,
            StateParam::Expired => Self::Expired,
        }
    }
}

/// A conversation of one user with one store.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    #[schema(value_type = String, format = Uuid)]
    pub(crate) id: SessionId,
    #[schema(value_type = String)]
    store_id: StoreId,
    #[schema(value_type = String)]
    user_id: UserId,
    title: Option<String>,
    channel: String,
    /// `active`, `ended` or `expired`.
    #[schema(value_type = String, example = "active")]
    state: SessionState,
    #[schema(value_type = Object)]
    metadata: Value,
    #[schema(value_type = BusinessBody)]
    business_metadata: BusinessMetadata,
    /// `private`, `team` or `store`.
    #[schema(value_type = String, example = "private")]
    privacy_level: PrivacyLevel,
    /// Questions asked.
    request_count: u64,
    message_count: u64,
    last_agent_used: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_active_at: Timestamp,
    /// Moves on with every question.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

impl SessionBody {
    pub(crate) fn of(session: Session, now: Timestamp) -> Self {
        Self {
            state: session.state_at(now),
            id: session.id,
            store_id: session.store,
            user_id: session.user,
            title: session.title,
            channel: session.channel,
            metadata: session.metadata,
            business_metadata: session.business,
            privacy_level: session.privacy,
            request_count: session.request_count,
            message_count: session.message_count,
            last_agent_used: session.last_agent,
            created_at: session.created_at,
            last_active_at: session.last_active_at,
            expires_at: session.expires_at,
            ended_at: session.ended_at,
        }
    }
}

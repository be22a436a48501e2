use kernel::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use session_core::Validated;
use session_core::model::{BusinessMetadata, PrivacyLevel, SessionChange, SessionStats};
use utoipa::ToSchema;

use super::BusinessBody;

/// What to change of a session. What is left out stays; null is for a title only.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = SessionChange)]
pub(crate) struct SessionChangeBody {
    /// A title; null takes it away, so that the next question becomes it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    #[allow(clippy::option_option)] // left out, null and a text are three things
    title: Option<Option<String>>,
    /// The metadata, in place of what was there.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Object)]
    metadata: Option<Map<String, Value>>,
    /// Fields to set; those left out stay, and tags are added.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = BusinessBody)]
    business_metadata: Option<BusinessMetadata>,
    /// `private`, `team` or `store`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, example = "team")]
    privacy_level: Option<PrivacyLevel>,
}

/// A field that is there: null is a value like any other, and refused where the type has none.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<SessionChangeBody> for SessionChange {
    fn from(body: SessionChangeBody) -> Self {
        Self {
            title: body.title,
            metadata: body.metadata.map(Value::Object),
            business: body.business_metadata.unwrap_or_default(),
            privacy: body.privacy_level,
        }
    }
}

/// How long to extend a session by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ExtendRequest)]
pub(crate) struct ExtendBody {
    /// Hours on top of the time it has.
    #[schema(minimum = 1, maximum = 8760, example = 24)]
    pub(crate) hours: u64,
}

/// Whether a session can be talked in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Validation)]
pub(crate) struct ValidationBody {
    /// False for a session that has expired or ended.
    valid: bool,
    /// Moved on by this request when the session is valid.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// This request included when the session is valid.
    request_count: u64,
}

impl From<Validated> for ValidationBody {
    fn from(validated: Validated) -> Self {
        Self {
            valid: validated.valid,
            expires_at: validated.session.expires_at,
            request_count: validated.session.request_count,
        }
    }
}

/// Figures of a session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SessionStats)]
pub(crate) struct StatsBody {
    message_count: u64,
    /// Tokens of all answers, prompts included.
    total_tokens: u64,
    /// Milliseconds to an answer, on average; 0 before the first.
    avg_response_time: u64,
    #[schema(value_type = String, format = DateTime)]
    last_active_at: Timestamp,
}

impl StatsBody {
    pub(crate) fn of(stats: SessionStats, last_active_at: Timestamp) -> Self {
        Self {
            message_count: stats.messages,
            total_tokens: stats.total_tokens,
            avg_response_time: stats.mean_response_ms().unwrap_or_default().round() as u64,
            last_active_at,
        }
    }
}

use kernel::{StoreId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use session_core::model::{UserContext, UserContextChange};
use utoipa::ToSchema;

use crate::state::ApiState;

/// What to remember of a user, in place of all that was remembered before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = UserContextRequest)]
pub(crate) struct UserContextBody {
    /// The store; the configured default when left out.
    #[schema(value_type = Option<String>, max_length = 100)]
    store_id: Option<StoreId>,
    /// Any object, of at most 16,384 bytes as JSON; none when left out.
    #[serde(default)]
    #[schema(value_type = Object)]
    preferences: Map<String, Value>,
    /// What earlier conversations were about; none when left out.
    #[schema(max_length = 4000)]
    summary: Option<String>,
    /// The revision that this was made from, 0 for none: refused when there is another one by now. Without it,
    /// whatever there is is replaced.
    #[schema(minimum = 0)]
    revision: Option<u64>,
}

impl UserContextBody {
    pub(crate) fn into_change(self, state: &ApiState, user: UserId) -> UserContextChange {
        UserContextChange {
            store: state.store(self.store_id),
            user,
            preferences: self.preferences,
            summary: self.summary,
            expected_revision: self.revision,
        }
    }
}

/// What a store remembers of a user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserContext)]
pub(crate) struct UserContextReply {
    #[schema(value_type = String)]
    store_id: StoreId,
    #[schema(value_type = String)]
    user_id: UserId,
    #[schema(value_type = Object)]
    preferences: Map<String, Value>,
    summary: Option<String>,
    /// How often it was written; 0 when nothing is remembered.
    revision: u64,
    /// When it was last written; null when nothing is remembered.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<Timestamp>,
}

impl From<UserContext> for UserContextReply {
    fn from(context: UserContext) -> Self {
        Self {
            store_id: context.store,
            user_id: context.user,
            preferences: context.preferences,
            summary: context.summary,
            revision: context.revision,
            updated_at: context.updated_at,
        }
    }
}

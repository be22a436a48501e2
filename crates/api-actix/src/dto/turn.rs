use kernel::{MessageId, SessionId, TurnId};
use serde::{Deserialize, Serialize};
use session_core::model::{Turn, TurnState};
use utoipa::ToSchema;

/// How a turn stands after it was asked to stop.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelledTurn {
    #[schema(value_type = String, format = Uuid)]
    turn_id: TurnId,
    #[schema(value_type = String, format = Uuid)]
    session_id: SessionId,
    /// `interrupted`; `completed` or `failed` when it was over before; `open` when it is still stopping.
    #[schema(value_type = String, example = "interrupted")]
    state: TurnState,
    /// What was said, when anything was.
    #[schema(value_type = Option<String>, format = Uuid)]
    message_id: Option<MessageId>,
}

impl From<Turn> for CancelledTurn {
    fn from(turn: Turn) -> Self {
        Self { turn_id: turn.id, session_id: turn.session, state: turn.state, message_id: turn.answer }
    }
}

/// How a question is answered once more.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = Regenerate)]
pub(crate) struct RegenerateBody {
    /// The caller's own id of the request: repeating it never makes a second answer.
    #[schema(min_length = 1, max_length = 128)]
    pub(crate) client_message_id: Option<String>,
}

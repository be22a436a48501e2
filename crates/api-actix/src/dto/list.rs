use serde::Serialize;
use utoipa::ToSchema;

use super::{MessageBody, SessionBody};

/// One page of sessions, the one used last first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionList {
    pub(crate) items: Vec<SessionBody>,
    /// Give it back as `cursor` to read on; null at the end.
    pub(crate) next_cursor: Option<String>,
}

/// One page of messages, oldest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MessageList {
    pub(crate) items: Vec<MessageBody>,
    /// Give it back as `before`, or as `after` if that was asked for, to read on; null at the end.
    pub(crate) next_cursor: Option<String>,
}

use kernel::{StoreId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Check;

/// How many sessions are active.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActiveCount {
    #[schema(value_type = String)]
    pub(crate) store_id: StoreId,
    pub(crate) active_count: u64,
}

/// The server is alive.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
    #[schema(example = "iyagi")]
    pub(crate) service: &'static str,
    pub(crate) version: String,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) timestamp: Timestamp,
    pub(crate) limits: Limits,
}

/// What a client may send.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    /// The longest question, in characters.
    pub(crate) max_message_chars: usize,
    /// The largest body, in bytes.
    pub(crate) max_body_bytes: usize,
}

/// The answer to a ping.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ping {
    #[schema(example = "pong")]
    pub(crate) message: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) timestamp: Timestamp,
}

/// The server can serve.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    #[schema(example = "ready")]
    pub(crate) status: &'static str,
    pub(crate) checks: Vec<CheckBody>,
}

/// One thing that was checked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Check)]
pub(crate) struct CheckBody {
    name: String,
    ok: bool,
    detail: Option<String>,
}

impl From<Check> for CheckBody {
    fn from(check: Check) -> Self {
        Self { name: check.name, ok: check.ok, detail: check.detail }
    }
}

use std::fmt;
use std::str::FromStr;

use kernel::{InvalidId, SessionId, StoreId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Digests, SourceKind};

/// An import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImportId(Uuid);

impl ImportId {
    /// Wraps a UUID that is already known.
    pub const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// The bare UUID, for storage.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ImportId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::try_parse(text).map(Self).map_err(|_| InvalidId::NotUuid(text.chars().take(64).collect()))
    }
}

/// Where an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    /// Under way, or killed: the next import of the same source goes on with it.
    Running,
    /// Copied and verified.
    Completed,
    /// Copied, but not all that arrived is what was meant.
    Different,
    /// Taken back, all of it.
    RolledBack,
    /// Taken back but for the sessions that were used since.
    PartlyRolledBack,
}

/// One import into this database.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// What the source is.
    pub kind: SourceKind,
    /// Where the source is, without user and password.
    pub origin: String,
    /// What tells this source's ids from those of others of its kind.
    pub namespace: String,
    /// The store of rows that name none.
    pub store: StoreId,
    /// Where it is.
    pub state: ImportState,
    /// The backup that was made before.
    pub backup: Option<String>,
    /// What it brought: the report, a JSON object; empty until it ends.
    pub report: serde_json::Value,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What an import remembers of a session that it brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The import.
    pub import: ImportId,
    /// The session here.
    pub session: SessionId,
    /// Its id in the source.
    pub source_id: String,
    /// Messages it was brought with: those with sequence numbers up to this one.
    pub messages: u64,
    /// Turns it was brought with.
    pub turns: u64,
    /// Verdicts it was brought with.
    pub feedback: u64,
    /// What it said.
    pub digests: Digests,
}

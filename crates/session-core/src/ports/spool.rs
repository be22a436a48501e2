use async_trait::async_trait;

use crate::model::ClosedTurn;

/// Why the spool cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Its storage failed: nothing is kept.
    #[error("the emergency spool failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the spool holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpooledTurns {
    /// Turns in the order they were appended.
    pub turns: Vec<ClosedTurn>,
    /// What to give [`TurnSpool::forget`] once all of them are stored.
    pub through: u64,
    /// Records that could not be read: torn by a crash while they were written, or damaged.
    pub damaged: u64,
}

/// Keeps closed turns while the database is gone, local to one process and safe from its crash.
///
/// Contract: what `append` has answered for is in `pending`, in order, until it is forgotten, also after
/// the process was killed; a record that was torn while it was written is never half a turn.
#[async_trait]
pub trait TurnSpool: Send + Sync {
    /// Keeps a turn. It is on disk when this answers.
    async fn append(&self, turn: &ClosedTurn) -> Result<(), SpoolError>;

    /// What is kept, oldest first.
    async fn pending(&self) -> Result<SpooledTurns, SpoolError>;

    /// Forgets what was pending up to `through`; what came after stays.
    async fn forget(&self, through: u64) -> Result<(), SpoolError>;

    /// How many turns are kept; costs no I/O.
    fn depth(&self) -> u64;
}

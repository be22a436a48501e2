use async_trait::async_trait;

use crate::model::ClosedTurn;

/// Why the spool cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Its storage failed: nothing was kept or forgotten.
    #[error("the emergency spool failed")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The oldest that a spool holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SpooledTurns {
    /// Turns in the order they were appended; a few hundred at most, whatever waits behind them.
    pub turns: Vec<ClosedTurn>,
    /// What to give [`TurnSpool::forget`] once all of them are stored.
    pub through: u64,
    /// Records among them that could not be read: torn by a crash while they were written, or damaged.
    pub damaged: u64,
}

impl SpooledTurns {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty() && self.damaged == 0
    }
}

/// Keeps closed turns while the database is gone, local to one process and safe from its crash.
///
/// Contract: what `append` has answered for is pending, in order, until it is forgotten, also after the
/// process was killed; a record that was torn while it was written never becomes half a turn and takes
/// no other record with it.
#[async_trait]
pub trait TurnSpool: Send + Sync {
    /// Keeps a turn. It is on disk when this answers.
    async fn append(&self, turn: &ClosedTurn) -> Result<(), SpoolError>;

    /// The oldest that is kept; ask again after [`forget`](Self::forget) for what comes next.
    async fn pending(&self) -> Result<SpooledTurns, SpoolError>;

    /// Forgets what was pending up to `through`; what came after stays.
    async fn forget(&self, through: u64) -> Result<(), SpoolError>;

    /// Keeps a turn that the database refuses, and why, where a person finds it; it is never pending again.
    async fn set_aside(&self, turn: &ClosedTurn, why: &str) -> Result<(), SpoolError>;

    /// How many turns are kept; costs no I/O.
    fn depth(&self) -> u64;
}

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::model::ClosedTurn;
use crate::ports::{SpoolError, SpooledTurns, TurnSpool};

/// A spool in memory, that can be made to fail.
#[derive(Debug, Default)]
pub struct MemorySpool(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    turns: Vec<ClosedTurn>,
    forgotten: u64,
    aside: Vec<(ClosedTurn, String)>,
    failing: bool,
}

impl MemorySpool {
    /// Whether the spool fails from now on.
    pub fn fail(&self, failing: bool) {
        self.kept().failing = failing;
    }

    /// What was set aside, and why.
    pub fn aside(&self) -> Vec<(ClosedTurn, String)> {
        self.kept().aside.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn working(&self) -> Result<MutexGuard<'_, Kept>, SpoolError> {
        let kept = self.kept();
        if kept.failing { Err(SpoolError::Backend("made to fail".into())) } else { Ok(kept) }
    }
}

#[async_trait]
impl TurnSpool for MemorySpool {
    async fn append(&self, turn: &ClosedTurn) -> Result<(), SpoolError> {
        self.working()?.turns.push(turn.clone());
        Ok(())
    }

    async fn pending(&self) -> Result<SpooledTurns, SpoolError> {
        let kept = self.working()?;
        let through = kept.forgotten + kept.turns.len() as u64;
        Ok(SpooledTurns { turns: kept.turns.clone(), through, damaged: 0 })
    }

    async fn forget(&self, through: u64) -> Result<(), SpoolError> {
        let mut kept = self.working()?;
        let count = through.saturating_sub(kept.forgotten).min(kept.turns.len() as u64);
        kept.turns.drain(..usize::try_from(count).unwrap_or(usize::MAX));
        kept.forgotten += count;
        Ok(())
    }

    async fn set_aside(&self, turn: &ClosedTurn, why: &str) -> Result<(), SpoolError> {
        self.working()?.aside.push((turn.clone(), why.to_owned()));
        Ok(())
    }

    fn depth(&self) -> u64 {
        self.kept().turns.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::spool_contract!(async { (std::sync::Arc::new(MemorySpool::default()), ()) });
}

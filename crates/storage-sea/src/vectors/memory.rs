//! The spaces that a process holds in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rag_pipeline::model::VectorError;
use vector_search::{Change, SearchError, Settings, Space, Spaces};

use super::rows::{Changed, Kind, Rows, SpaceState};
use super::vector_error;

/// Changes that are applied at once while a space is read: a space of any size is read with little more memory than it
/// takes in the end.
const PART: usize = 2_048;

/// What is held.
pub(super) struct Memory {
    spaces: Spaces,
    /// Held by whoever brings a space up to date: the others wait and find it done.
    reading: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>,
}

impl Memory {
    pub(super) fn new(settings: Settings) -> Self {
        Self { spaces: Spaces::new(settings), reading: Mutex::default() }
    }

    /// The space as new as its row says, or newer.
    pub(super) async fn up_to_date(&self, rows: &Rows, kind: Kind, state: SpaceState) -> Result<Space, VectorError> {
        let space = self.open(kind, state)?;
        if space.revision() >= state.revision {
            return Ok(space);
        }
        let turn = {
            let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(reading.entry(state.id).or_default())
        };
        let _turn = turn.lock().await;
        let mut space = self.open(kind, state)?;
        if space.revision() >= state.revision {
            return Ok(space);
        }
        if space.revision() > 0 && space.revision() < state.forgotten {
            // What was removed since is not remembered any more: it is read anew.
            self.spaces.remove(state.id).map_err(|error| refused(&error))?;
            space = self.open(kind, state)?;
        }
        read(rows, &space, state).await?;
        self.spaces.tidy();
        Ok(space)
    }

    fn open(&self, kind: Kind, state: SpaceState) -> Result<Space, VectorError> {
        self.spaces.open(state.id, kind.dimension as usize, state.revision).map_err(|error| refused(&error))
    }
}

/// Reads what changed since the space's revision. Until the last part it keeps that revision: who is interrupted reads it
/// once more, which changes nothing.
async fn read(rows: &Rows, space: &Space, state: SpaceState) -> Result<(), VectorError> {
    let (known, mut newest) = (space.revision(), state.revision);
    let mut part = Vec::with_capacity(PART);
    let mut failed = None;
    let changes = rows.changes(state.id, known, |changed| {
        newest = newest.max(changed.revision);
        part.push(change(changed, space.dimension()));
        if part.len() == PART {
            let full = std::mem::replace(&mut part, Vec::with_capacity(PART));
            failed = space.apply(full, known).err();
        }
        failed.is_none()
    });
    changes.await.map_err(vector_error)?;
    if let Some(error) = failed {
        return Err(refused(&error));
    }
    space.apply(part, newest).map(|_| ()).map_err(|error| refused(&error))
}

fn change(changed: Changed, dimension: usize) -> Change {
    match changed.vector.filter(|vector| vector.len() == dimension) {
        Some(vector) => Change::Put(changed.chunk, vector),
        None => Change::Remove(changed.chunk),
    }
}

/// An error of the search in memory as one of a vector store.
pub(super) fn refused(error: &SearchError) -> VectorError {
    VectorError::Permanent(error.to_string())
}

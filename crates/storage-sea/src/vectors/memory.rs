//! The spaces that a process holds in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kernel::RepositoryError;
use uuid::Uuid;

use super::rows::{Changed, Kind, Rows, SpaceState};

/// What is held.
#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<i64, Arc<Held>>>);

/// A space in memory.
pub(super) struct Held {
    space: RwLock<Space>,
    /// Held by whoever brings it up to date: the others wait and find it done.
    reading: tokio::sync::Mutex<()>,
}

impl Memory {
    /// The space as new as its row says, or newer.
    pub(super) async fn up_to_date(
        &self,
        rows: &Rows,
        kind: Kind,
        state: SpaceState,
    ) -> Result<Arc<Held>, RepositoryError> {
        let held = {
            let mut spaces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = || {
                Arc::new(Held { space: RwLock::new(Space::new(kind.dimension)), reading: tokio::sync::Mutex::new(()) })
            };
            Arc::clone(spaces.entry(state.id).or_insert_with(fresh))
        };
        if held.revision() >= state.revision {
            return Ok(held);
        }
        let reading = held.reading.lock().await;
        let known = held.revision();
        if known < state.revision {
            let after = if known < state.forgotten { 0 } else { known };
            let (mut changes, mut newest) = (Vec::new(), state.revision);
            rows.changes(state.id, after, |changed| {
                newest = newest.max(changed.revision);
                changes.push(changed);
            })
            .await?;
            held.space.write().unwrap_or_else(PoisonError::into_inner).apply(changes, newest, after == 0);
        }
        drop(reading);
        Ok(held)
    }
}

impl Held {
    fn revision(&self) -> i64 {
        self.space.read().unwrap_or_else(PoisonError::into_inner).revision
    }

    pub(super) fn bytes(&self) -> usize {
        self.space.read().unwrap_or_else(PoisonError::into_inner).rows.len() * 4
    }

    pub(super) fn search(&self, vector: &[f32], limit: usize) -> Vec<(Uuid, f32)> {
        self.space.read().unwrap_or_else(PoisonError::into_inner).search(vector, limit)
    }
}

/// Vectors one after the other.
struct Space {
    dimension: usize,
    revision: i64,
    ids: Vec<Uuid>,
    rows: Vec<f32>,
    at: HashMap<Uuid, usize>,
}

impl Space {
    fn new(dimension: u32) -> Self {
        Self { dimension: dimension as usize, revision: 0, ids: Vec::new(), rows: Vec::new(), at: HashMap::new() }
    }

    fn apply(&mut self, changes: Vec<Changed>, revision: i64, from_nothing: bool) {
        if from_nothing {
            *self = Self::new(self.dimension as u32);
        }
        for change in changes {
            match change.vector.filter(|vector| vector.len() == self.dimension) {
                Some(vector) => self.put(change.chunk, &vector),
                None => self.remove(change.chunk),
            }
        }
        self.revision = revision;
    }

    fn put(&mut self, id: Uuid, vector: &[f32]) {
        match self.at.get(&id) {
            Some(at) => self.rows[at * self.dimension..(at + 1) * self.dimension].copy_from_slice(vector),
            None => {
                self.at.insert(id, self.ids.len());
                self.ids.push(id);
                self.rows.extend_from_slice(vector);
            }
        }
    }

    /// The last row takes the place of the removed one.
    fn remove(&mut self, id: Uuid) {
        let Some(at) = self.at.remove(&id) else { return };
        let last = self.ids.len() - 1;
        if at < last {
            self.rows.copy_within(last * self.dimension..(last + 1) * self.dimension, at * self.dimension);
            self.at.insert(self.ids[last], at);
        }
        self.ids.swap_remove(at);
        self.rows.truncate(last * self.dimension);
    }

    fn search(&self, vector: &[f32], limit: usize) -> Vec<(Uuid, f32)> {
        let rows = self.rows.chunks_exact(self.dimension.max(1));
        let scored = rows.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum::<f32>());
        let mut hits: Vec<(Uuid, f32)> = self.ids.iter().copied().zip(scored).collect();
        hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        hits.truncate(limit);
        hits
    }
}

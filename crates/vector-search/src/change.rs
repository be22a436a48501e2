use std::collections::HashMap;

use uuid::Uuid;

use crate::version::Version;

/// What happened to a vector. Either can be repeated.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// There is a vector under an id, instead of any other.
    Put(Uuid, Vec<f32>),
    /// There is none.
    Remove(Uuid),
}

/// What only those who change a space need.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    rows_of: HashMap<Uuid, u32>,
    /// Dead rows that no graph leads through.
    pub(crate) free: Vec<u32>,
    pub(crate) building: bool,
    /// How many rows were linked when the file was written.
    pub(crate) saved: usize,
}

impl Writer {
    /// That of a version from a file; none when an id is there twice.
    pub(crate) fn of(version: &Version) -> Option<Self> {
        let live = version.rows_in(|block| version.rows.live(block));
        let rows_of: HashMap<Uuid, u32> = live.map(|row| (version.rows.id(row), row)).collect();
        let saved = version.graph.as_ref().map_or(0, |graph| version.linked_and_dead(graph).0);
        let unique = rows_of.len() == version.rows.alive();
        unique.then(|| Self { rows_of, free: version.free(), building: false, saved })
    }

    /// Makes a change in the next version.
    pub(crate) fn take(&mut self, change: &Change, next: &mut Version) {
        match change {
            Change::Put(id, vector) if self.has(next, *id, vector) => {}
            Change::Put(id, vector) => self.put(*id, vector, next),
            Change::Remove(id) => self.remove(*id, next),
        }
    }

    fn has(&self, next: &Version, id: Uuid, vector: &[f32]) -> bool {
        self.rows_of.get(&id).is_some_and(|row| next.rows.vector(*row) == Some(vector))
    }

    /// Without a graph a vector is replaced where it is. A graph leads to the old one by what it was, so that the new
    /// one gets a row of its own.
    fn put(&mut self, id: Uuid, vector: &[f32], next: &mut Version) {
        if next.graph.is_some() {
            self.remove(id, next);
        }
        let known = self.rows_of.get(&id).copied().or_else(|| self.free.pop());
        let row = known.unwrap_or_else(|| next.rows.push(id, vector));
        if known.is_some() {
            next.rows.overwrite(row, id, vector);
        }
        self.rows_of.insert(id, row);
    }

    fn remove(&mut self, id: Uuid, next: &mut Version) {
        if let Some(row) = self.rows_of.remove(&id) {
            next.rows.kill(row);
            if next.graph.is_none() {
                self.free.push(row);
            }
        }
    }
}

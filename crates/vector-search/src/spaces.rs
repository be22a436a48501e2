use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::builder;
use crate::error::SearchError;
use crate::file::{self, Loaded};
use crate::settings::Settings;
use crate::space::{Shared, Space};

/// The spaces of a process, within one limit of memory.
///
/// When they take more, those that were searched longest ago are dropped; whoever wants one again opens it, and brings
/// it up to date. A space that alone would take more refuses the changes that would make it so large: dropping it
/// would only have it loaded again with every search.
#[derive(Debug)]
pub struct Spaces {
    settings: Settings,
    shared: Arc<Shared>,
    held: Mutex<HashMap<i64, Arc<OnceLock<Space>>>>,
}

impl Spaces {
    /// No spaces yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings: settings.bounded(), shared: Arc::default(), held: Mutex::default() }
    }

    /// The space that is held, or from its file, or an empty one, in this order. It may be behind: apply the changes
    /// since its [`revision`](Space::revision).
    ///
    /// `newest` is the present revision of what the space is a copy of. A file that is newer, as after a backup was
    /// restored, is not read, and neither is one that is damaged or of another origin.
    ///
    /// # Errors
    /// [`SearchError::Length`] when it is held with vectors of another length.
    pub fn open(&self, id: i64, dimension: usize, newest: i64) -> Result<Space, SearchError> {
        let place = Arc::clone(self.held().entry(id).or_default());
        let space = place.get_or_init(|| self.load(id, dimension, newest)).clone();
        if space.dimension() != dimension {
            return Err(SearchError::Length { kept: space.dimension(), given: dimension });
        }
        space.touch();
        self.tidy();
        Ok(space)
    }

    /// The space, if it is held.
    pub fn get(&self, id: i64) -> Option<Space> {
        self.held().get(&id).and_then(|place| place.get()).cloned()
    }

    /// Drops spaces until the rest is within the limit, those searched longest ago first; says their ids. To be called
    /// after changes; opening a space does it too.
    pub fn tidy(&self) -> Vec<i64> {
        let mut held = self.held();
        let mut spaces: Vec<(u64, i64, u64)> = held
            .iter()
            .filter_map(|(id, place)| place.get().map(|space| (space.searched(), *id, space.bytes())))
            .collect();
        spaces.sort_unstable();
        let mut bytes: u64 = spaces.iter().map(|(_, _, bytes)| bytes).sum();
        let mut dropped = Vec::new();
        for (_, id, size) in spaces {
            if bytes <= self.settings.memory_limit {
                break;
            }
            held.remove(&id);
            bytes -= size;
            dropped.push(id);
        }
        dropped
    }

    /// Memory of all spaces in bytes.
    pub fn bytes(&self) -> u64 {
        self.held().values().filter_map(|place| place.get()).map(Space::bytes).sum()
    }

    /// Writes every space that has a graph to its file, if there is a folder; to be called when the process ends.
    ///
    /// # Errors
    /// [`SearchError::File`], the first, after all were tried.
    pub fn save(&self) -> Result<(), SearchError> {
        let spaces: Vec<Space> = self.held().values().filter_map(|place| place.get().cloned()).collect();
        let saved: Vec<_> = spaces.iter().map(Space::save).collect();
        saved.into_iter().find_map(Result::err).map_or(Ok(()), Err)
    }

    /// Forgets a space for good, with its file.
    ///
    /// # Errors
    /// [`SearchError::File`] when the file cannot be removed.
    pub fn remove(&self, id: i64) -> Result<(), SearchError> {
        self.held().remove(&id);
        let Some(folder) = &self.settings.folder else { return Ok(()) };
        let path = file::path(folder, id);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => Err(SearchError::File { path, source }),
            _ => Ok(()),
        }
    }

    fn load(&self, id: i64, dimension: usize, newest: i64) -> Space {
        let loaded = file::load(&self.settings, id, dimension, newest).unwrap_or_else(|refused| {
            tracing::warn!(space = id, reason = %refused, "a file of vectors is not used; its graph is built again");
            None
        });
        let Some(Loaded { version, writer }) = loaded else {
            return Space::empty(id, dimension, self.settings.clone(), Arc::clone(&self.shared));
        };
        let space = Space::with(id, version, writer, self.settings.clone(), Arc::clone(&self.shared));
        builder::wake(space.inner(), &mut space.inner().writer());
        space
    }

    fn held(&self) -> MutexGuard<'_, HashMap<i64, Arc<OnceLock<Space>>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

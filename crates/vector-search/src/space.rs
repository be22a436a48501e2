use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use uuid::Uuid;

use crate::builder;
use crate::change::{Change, Writer};
use crate::dot::Kernel;
use crate::error::SearchError;
use crate::file;
use crate::graph::Links;
use crate::rows::Rows;
use crate::settings::Settings;
use crate::version::Version;

/// How far the square of a vector's length may be from 1: providers round.
const UNIT_TOLERANCE: f32 = 0.02;
/// What an entry of the table of ids takes in bytes, when the table is as empty as it gets.
const ID_BYTES: usize = 48;

/// Figures of a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Vectors.
    pub vectors: usize,
    /// Those that every search compares one by one, because no graph leads to them.
    pub compared: usize,
    /// Rows that are kept only because the graph leads through them, or to be used again.
    pub dead: usize,
    /// Memory in bytes.
    pub bytes: u64,
}

/// The vectors of one embedder for one collection of a store, in memory. Clones are the same space.
#[derive(Debug, Clone)]
pub struct Space(Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) id: i64,
    pub(crate) dimension: usize,
    pub(crate) settings: Settings,
    pub(crate) kernel: Kernel,
    version: RwLock<Arc<Version>>,
    writer: Mutex<Writer>,
    /// Told when the builder has nothing left to do.
    pub(crate) settled: Condvar,
    shared: Arc<Shared>,
    searched: AtomicU64,
}

/// What the spaces of a process share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// Whoever links rows or writes a file; one at a time, that chats have a processor left.
    pub(crate) turn: Mutex<()>,
    /// Counts searches, to know which space was searched last.
    clock: AtomicU64,
}

impl Space {
    /// An empty space, at revision 0. `id` names its file, if it gets one.
    pub fn new(id: i64, dimension: usize, settings: Settings) -> Self {
        Self::empty(id, dimension, settings.bounded(), Arc::default())
    }

    pub(crate) fn empty(id: i64, dimension: usize, settings: Settings, shared: Arc<Shared>) -> Self {
        let version = Version { revision: 0, rows: Rows::new(dimension), graph: None };
        Self::with(id, version, Writer::default(), settings, shared)
    }

    pub(crate) fn with(id: i64, version: Version, writer: Writer, settings: Settings, shared: Arc<Shared>) -> Self {
        Self(Arc::new(Inner {
            id,
            dimension: version.rows.dimension(),
            settings,
            kernel: Kernel::new(),
            version: RwLock::new(Arc::new(version)),
            writer: Mutex::new(writer),
            settled: Condvar::new(),
            shared,
            searched: AtomicU64::new(0),
        }))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    /// The length of its vectors.
    pub fn dimension(&self) -> usize {
        self.0.dimension
    }

    /// How new its content is: the revision of the last change that was applied, 0 before any.
    pub fn revision(&self) -> i64 {
        self.0.version().revision
    }

    /// How many vectors there are.
    pub fn len(&self) -> usize {
        self.0.version().rows.alive()
    }

    /// Whether there is no vector.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory in bytes.
    pub fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    /// How many vectors there are, and how they are held.
    pub fn figures(&self) -> Figures {
        let version = self.0.version();
        let vectors = version.rows.alive();
        Figures { vectors, compared: version.compared(), dead: version.rows.len() - vectors, bytes: bytes(&version) }
    }

    /// Takes changes that bring the content to a revision; later searches see all of them, earlier ones none.
    ///
    /// A space that has to be read in parts is given each but the last with its present revision. Changes of a
    /// revision before the present one are old: they are passed over, and `false` is said.
    ///
    /// # Errors
    /// [`SearchError::Length`] and [`SearchError::NotUnit`] for vectors that do not belong here,
    /// [`SearchError::TooLarge`] when there is no memory for them. Nothing is changed then.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>, revision: i64) -> Result<bool, SearchError> {
        let changes: Vec<Change> = changes.into_iter().collect();
        for change in &changes {
            if let Change::Put(_, vector) = change {
                self.0.check(vector)?;
            }
        }
        let mut writer = self.0.writer();
        let mut next = Version::clone(&self.0.version());
        if revision < next.revision {
            return Ok(false);
        }
        self.0.room(&next, &changes)?;
        next.revision = revision;
        for change in &changes {
            writer.take(change, &mut next);
        }
        if next.graph.is_none() && next.rows.alive() >= self.0.settings.graph_from {
            next.graph = Some(Links::new(self.0.settings.connectivity, 0));
        }
        let blocks = next.rows.blocks();
        if let Some(graph) = &mut next.graph {
            graph.cover(blocks);
        }
        self.0.publish(next);
        builder::wake(&self.0, &mut writer);
        Ok(true)
    }

    /// The nearest vectors to one, best first, ties by id, at most `limit`, each with the cosine.
    ///
    /// The calling thread works for as long as it takes, a millisecond for every ten thousand vectors that are
    /// compared; it waits for nobody.
    ///
    /// # Errors
    /// [`SearchError::Length`] and [`SearchError::NotUnit`] for a vector that does not belong here.
    pub fn search(&self, query: &[f32], limit: usize) -> Result<Vec<(Uuid, f32)>, SearchError> {
        self.0.check(query)?;
        self.touch();
        let version = self.0.version();
        let limit = limit.min(version.rows.alive());
        if limit == 0 {
            return Ok(Vec::new());
        }
        Ok(version.search(self.0.kernel, query, limit, self.0.settings.expansion_search))
    }

    /// Waits until the graph leads to every vector, or there is none to build. Says whether that came in time.
    pub fn settle(&self, patience: Duration) -> bool {
        let writer = self.0.writer();
        let waited = self.0.settled.wait_timeout_while(writer, patience, |writer| writer.building);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Writes it to its file, if it has a graph and there is a folder; says whether it did. The builder does that by
    /// itself when the graph is built, and whenever it has grown by an eighth.
    ///
    /// # Errors
    /// [`SearchError::File`]; the file that was there before is still there.
    pub fn save(&self) -> Result<bool, SearchError> {
        file::save(&self.0)
    }

    pub(crate) fn touch(&self) {
        let now = self.0.shared.clock.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.searched.fetch_max(now, Ordering::Relaxed);
    }

    /// When it was searched last, as the spaces of a process count.
    pub(crate) fn searched(&self) -> u64 {
        self.0.searched.load(Ordering::Relaxed)
    }
}

impl Inner {
    pub(crate) fn version(&self) -> Arc<Version> {
        Arc::clone(&self.version.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn publish(&self, version: Version) {
        let version = Arc::new(version);
        // The old one is dropped after the lock, if nobody searches it any more.
        let _old = std::mem::replace(&mut *self.version.write().unwrap_or_else(PoisonError::into_inner), version);
    }

    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bytes(&self) -> u64 {
        bytes(&self.version())
    }

    fn check(&self, vector: &[f32]) -> Result<(), SearchError> {
        if vector.len() != self.dimension {
            return Err(SearchError::Length { kept: self.dimension, given: vector.len() });
        }
        let square = self.kernel.dot(vector, vector);
        let unit = (square - 1.0).abs() <= UNIT_TOLERANCE;
        if unit || square == 0.0 { Ok(()) } else { Err(SearchError::NotUnit { length: square.sqrt() }) }
    }

    /// Whether there is memory, and row numbers, for what is put.
    fn room(&self, version: &Version, changes: &[Change]) -> Result<(), SearchError> {
        let puts = changes.iter().filter(|change| matches!(change, Change::Put(..))).count();
        if version.rows.len() + puts >= u32::MAX as usize {
            return Err(SearchError::Full);
        }
        let new = puts * (self.dimension * 4 + size_of::<Uuid>() + ID_BYTES);
        let needed = bytes(version) + new as u64;
        let limit = self.settings.memory_limit;
        if puts > 0 && needed > limit { Err(SearchError::TooLarge { needed, limit }) } else { Ok(()) }
    }
}

fn bytes(version: &Version) -> u64 {
    (version.bytes() + version.rows.alive() * ID_BYTES) as u64
}

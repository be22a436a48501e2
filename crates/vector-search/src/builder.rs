//! The thread that builds a space's graph, while it is needed.
//!
//! It links rows in small portions, each on the newest version. When too many rows of the graph are dead, it builds
//! another graph of the living beside it, and puts that in its place.

use std::sync::{Arc, Weak};

use crate::change::Writer;
use crate::file;
use crate::graph::{Ground, Links, Notes};
use crate::space::Inner;
use crate::version::Version;

/// Rows that are linked before others get their turn: about 20 ms of work.
const PORTION: usize = 64;
/// A graph is built anew when one in so many of its rows is dead.
const DEAD_SHARE: usize = 4;
/// The file is written anew when the graph has grown by one in so many rows.
const GROWTH: usize = 8;

/// Starts the thread when there is something to do and none is at it.
pub(crate) fn wake(inner: &Arc<Inner>, writer: &mut Writer) {
    if writer.building || Task::next(&inner.version(), None, writer.saved, inner).is_none() {
        return;
    }
    let space = Arc::downgrade(inner);
    let name = format!("vectors-{}", inner.id);
    match std::thread::Builder::new().name(name).spawn(move || run(&space)) {
        Ok(_) => writer.building = true,
        // Searches compare what no graph leads to; the next change tries again.
        Err(error) => tracing::warn!(space = inner.id, %error, "no thread to build a graph of vectors"),
    }
}

/// What there is to do next.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    /// Link rows of the graph that is searched.
    Link,
    /// Begin or go on building another.
    Rebuild,
    /// Put that one in place.
    Replace,
    Save,
}

impl Task {
    fn next(version: &Version, other: Option<&Links>, saved: usize, inner: &Inner) -> Option<Self> {
        let graph = version.graph.as_ref()?;
        let (linked, dead) = version.linked_and_dead(graph);
        if version.unlinked(graph).next().is_some() {
            return Some(Self::Link);
        }
        if let Some(other) = other {
            return Some(if version.unlinked(other).next().is_some() { Self::Rebuild } else { Self::Replace });
        }
        if dead * DEAD_SHARE > linked {
            return Some(Self::Rebuild);
        }
        let grown = linked.saturating_sub(saved) * GROWTH > linked;
        (grown && inner.settings.folder.is_some()).then_some(Self::Save)
    }
}

fn run(space: &Weak<Inner>) {
    let mut other = None;
    let mut notes = Notes::default();
    // The space may be dropped between two portions; that ends the thread.
    while let Some(inner) = space.upgrade() {
        if !step(&inner, &mut other, &mut notes) {
            break;
        }
    }
}

/// Does a portion of work; false when there is none left.
fn step(inner: &Arc<Inner>, other: &mut Option<Links>, notes: &mut Notes) -> bool {
    let version = inner.version();
    let saved = inner.writer().saved;
    match Task::next(&version, other.as_ref(), saved, inner) {
        Some(Task::Link) => {
            if let Some(graph) = &version.graph {
                link(inner, &version, graph, notes);
            }
        }
        // Too few for a graph: they are compared again.
        Some(Task::Rebuild) if version.rows.alive() < inner.settings.graph_from => {
            *other = None;
            replace(inner, None);
        }
        Some(Task::Rebuild) => {
            let blocks = version.rows.blocks();
            let other = other.get_or_insert_with(|| Links::new(inner.settings.connectivity, blocks));
            other.cover(blocks);
            link(inner, &version, other, notes);
        }
        Some(Task::Replace) => {
            if let Some(other) = other.take() {
                replace(inner, Some(other));
            }
        }
        Some(Task::Save) => save(inner, &version),
        None => return !rest(inner),
    }
    true
}

/// Links a portion of the rows that a graph does not lead to.
fn link(inner: &Inner, version: &Version, links: &Links, notes: &mut Notes) {
    let _turn = inner.turn();
    let ground = Ground { rows: &version.rows, links, kernel: inner.kernel };
    for row in version.unlinked(links).take(PORTION) {
        ground.link(row, inner.settings.expansion_add, notes);
    }
}

/// Has another graph, or none, searched from now on; rows that no graph leads through can be used again.
fn replace(inner: &Inner, other: Option<Links>) {
    let mut writer = inner.writer();
    let mut next = Version::clone(&inner.version());
    let blocks = next.rows.blocks();
    next.graph = other.map(|mut other| {
        other.cover(blocks);
        other
    });
    writer.free = next.free();
    writer.saved = 0;
    inner.publish(next);
}

fn save(inner: &Inner, version: &Version) {
    if let Err(error) = file::save(inner) {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::warn!(space = inner.id, %error, cause, "a restart will have to build this graph again");
    }
    // Also when it failed: it is tried again when there is more to lose.
    if let Some(graph) = &version.graph {
        inner.writer().saved = version.linked_and_dead(graph).0;
    }
}

/// Ends the work, unless a change came in between. Says whether it ended.
fn rest(inner: &Inner) -> bool {
    let mut writer = inner.writer();
    // Under the lock no version is published: whoever changes the space now will find nobody building.
    if Task::next(&inner.version(), None, writer.saved, inner).is_some() {
        return false;
    }
    writer.building = false;
    inner.settled.notify_all();
    true
}

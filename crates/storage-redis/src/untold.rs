//! Writes that Redis does not know of.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use session_core::cache::ABANDONED;
use tokio::time::Instant;

use crate::link::Place;

/// Writes beyond which those that are over are forgotten, which leaves their entries unknown for a while at worst.
const MANY: usize = 4_096;

/// Writes that Redis was not told of, or may have been too late, by their tickets.
#[derive(Default)]
pub(crate) struct Untold(Mutex<HashMap<String, Write>>);

struct Write {
    place: Place,
    since: Instant,
    over: bool,
}

impl Untold {
    pub(crate) fn add(&self, ticket: &str, place: Place) {
        let since = Instant::now();
        let mut writes = self.writes();
        if writes.len() >= MANY {
            writes.retain(|_, write| !write.over && since.duration_since(write.since) < ABANDONED);
        }
        writes.insert(ticket.to_owned(), Write { place, since, over: false });
    }

    /// The write is over.
    pub(crate) fn is_over(&self, ticket: &str) {
        if let Some(write) = self.writes().get_mut(ticket) {
            write.over = true;
        }
    }

    /// Forgets a write, if it is over.
    pub(crate) fn forget(&self, ticket: &str) -> bool {
        let mut writes = self.writes();
        let over = writes.get(ticket).is_some_and(|write| write.over);
        if over {
            writes.remove(ticket);
        }
        over
    }

    /// Tickets and keys of all writes, and whether they are over.
    pub(crate) fn all(&self) -> Vec<(String, Place, bool)> {
        self.writes().iter().map(|(ticket, write)| (ticket.clone(), write.place.clone(), write.over)).collect()
    }

    fn writes(&self) -> MutexGuard<'_, HashMap<String, Write>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

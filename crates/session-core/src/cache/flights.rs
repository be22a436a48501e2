//! Reading something once for all who ask for it at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// What is being read, and who waits for it.
#[derive(Debug)]
pub(super) struct Flights<K, V>(Arc<Mutex<HashMap<K, watch::Receiver<Option<V>>>>>);

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, V> Clone for Flights<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Whether somebody else is reading it.
pub(super) enum Boarding<K: Hash + Eq + Clone, V> {
    /// Nobody is: read it, and say what was found.
    Pilot(Flight<K, V>),
    /// Somebody is.
    Passenger(watch::Receiver<Option<V>>),
}

impl<K: Hash + Eq + Clone, V: Clone> Flights<K, V> {
    /// The flight that is under way, if there is one.
    pub(super) fn under_way(&self, key: &K) -> Option<watch::Receiver<Option<V>>> {
        self.lock().get(key).cloned()
    }

    /// Joins the flight that is under way, or begins one.
    pub(super) fn board(&self, key: K) -> Boarding<K, V> {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(&key) {
            return Boarding::Passenger(flight.clone());
        }
        let (landed, flight) = watch::channel(None);
        flights.insert(key.clone(), flight);
        Boarding::Pilot(Flight { flights: self.clone(), key, landed })
    }
}

impl<K, V> Flights<K, V> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, watch::Receiver<Option<V>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held while something is read. Dropped without a word, those who wait read for themselves.
pub(super) struct Flight<K: Hash + Eq + Clone, V> {
    flights: Flights<K, V>,
    key: K,
    landed: watch::Sender<Option<V>>,
}

impl<K: Hash + Eq + Clone, V> Flight<K, V> {
    /// Tells all who wait.
    pub(super) fn land(self, found: V) {
        self.landed.send_replace(Some(found));
    }
}

impl<K: Hash + Eq + Clone, V> Drop for Flight<K, V> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}

/// What the pilot found; `None` when it is not known.
pub(super) async fn arrival<V: Clone>(mut flight: watch::Receiver<Option<V>>) -> Option<V> {
    // An error says that the pilot went away without a word.
    flight.wait_for(Option::is_some).await.ok().and_then(|found| found.clone())
}

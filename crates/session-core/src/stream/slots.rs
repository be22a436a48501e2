use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{Clock, RepositoryError, StoreId, Timestamp, TurnId, UserId};

use crate::ports::{LiveStream, SlotTaking, StreamLimit, StreamLimits, StreamSlots};

/// Counts the live turns of one process: all there are, where it alone uses the storage.
pub struct MemoryStreamSlots {
    clock: Arc<dyn Clock>,
    stores: Mutex<HashMap<StoreId, Slots>>,
}

/// The slots of a store: whose each is, and until when.
type Slots = HashMap<TurnId, (UserId, Timestamp)>;

impl MemoryStreamSlots {
    /// No slot is taken yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, stores: Mutex::default() }
    }

    fn stores(&self) -> MutexGuard<'_, HashMap<StoreId, Slots>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The limit that leaves no room for a turn among the slots that others have.
fn full(slots: &Slots, stream: &LiveStream, limits: StreamLimits) -> Option<StreamLimit> {
    let others = || slots.iter().filter(|(turn, _)| **turn != stream.turn);
    let reached = |limit: u32, taken: usize| limit > 0 && taken >= limit as usize;
    let of_the_user = others().filter(|(_, (user, _))| *user == stream.user).count();
    if reached(limits.per_user, of_the_user) {
        return Some(StreamLimit::PerUser);
    }
    reached(limits.per_store, others().count()).then_some(StreamLimit::PerStore)
}

#[async_trait]
impl StreamSlots for MemoryStreamSlots {
    async fn take(
        &self,
        stream: &LiveStream,
        limits: StreamLimits,
        lease: Duration,
    ) -> Result<SlotTaking, RepositoryError> {
        let now = self.clock.now();
        let mut stores = self.stores();
        let slots = stores.entry(stream.store.clone()).or_default();
        slots.retain(|_, (_, until)| *until > now);
        if let Some(limit) = full(slots, stream, limits) {
            return Ok(SlotTaking::Full(limit));
        }
        slots.insert(stream.turn, (stream.user.clone(), now.plus(lease)));
        Ok(SlotTaking::Taken)
    }

    async fn hold(&self, stream: &LiveStream, lease: Duration) -> Result<(), RepositoryError> {
        let until = self.clock.now().plus(lease);
        let mut stores = self.stores();
        stores.entry(stream.store.clone()).or_default().insert(stream.turn, (stream.user.clone(), until));
        Ok(())
    }

    async fn release(&self, stream: &LiveStream) -> Result<(), RepositoryError> {
        let mut stores = self.stores();
        if let Some(slots) = stores.get_mut(&stream.store) {
            slots.remove(&stream.turn);
            if slots.is_empty() {
                stores.remove(&stream.store);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::ManualClock;

    use super::*;
    use crate::testing::contract::stream_slots::stream;

    const ONE: StreamLimits = StreamLimits { per_user: 1, per_store: 0 };
    const LEASE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn a_slot_is_taken_until_the_very_end_of_its_lease() {
        let clock = Arc::new(ManualClock::new());
        let slots = MemoryStreamSlots::new(clock.clone());
        slots.take(&stream(1, "kim"), ONE, LEASE).await.unwrap();
        clock.advance(LEASE.saturating_sub(Duration::from_micros(1)));
        let early = slots.take(&stream(2, "kim"), ONE, LEASE).await.unwrap();
        clock.advance(Duration::from_micros(1));
        let late = slots.take(&stream(2, "kim"), ONE, LEASE).await.unwrap();
        assert_eq!((early, late), (SlotTaking::Full(StreamLimit::PerUser), SlotTaking::Taken));
    }

    #[tokio::test]
    async fn a_store_without_live_turns_takes_no_memory() {
        let slots = MemoryStreamSlots::new(Arc::new(ManualClock::new()));
        slots.take(&stream(1, "kim"), ONE, LEASE).await.unwrap();
        slots.release(&stream(1, "kim")).await.unwrap();
        assert!(slots.stores().is_empty());
    }
}

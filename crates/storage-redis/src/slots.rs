//! The turns that are being answered, counted for all instances.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kernel::{RepositoryError, TurnId};
use session_core::ports::{LiveStream, SlotTaking, StreamLimit, StreamLimits, StreamSlots};

use crate::link::RedisLink;
use crate::scripts::SlotKeys;

/// Counts live turns in Redis, by its clock.
///
/// While Redis is away they are counted by `fallback`: what the database, or this process alone, knows of. The limits
/// hold approximately then. The turns that began before are counted there from their next sign of life on; and once
/// Redis is back, those that ended meanwhile count there until their leases are over.
#[derive(Clone)]
pub struct RedisStreamSlots {
    link: RedisLink,
    fallback: Arc<dyn StreamSlots>,
    /// The turns of this process that the fallback may have slots for.
    elsewhere: Arc<Mutex<HashSet<TurnId>>>,
}

impl RedisStreamSlots {
    /// Slots over a link, and what counts while Redis is away.
    pub fn new(link: RedisLink, fallback: Arc<dyn StreamSlots>) -> Self {
        Self { link, fallback, elsewhere: Arc::default() }
    }

    fn keys(&self, stream: &LiveStream) -> SlotKeys {
        let keys = self.link.keys();
        SlotKeys { user: keys.live_of_user(&stream.store, &stream.user), store: keys.live_of_store(&stream.store) }
    }

    fn elsewhere(&self) -> MutexGuard<'_, HashSet<TurnId>> {
        self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl StreamSlots for RedisStreamSlots {
    async fn take(
        &self,
        stream: &LiveStream,
        limits: StreamLimits,
        lease: Duration,
    ) -> Result<SlotTaking, RepositoryError> {
        let (keys, turn) = (self.keys(stream), stream.turn.to_string());
        let taken = self.link.run_on(async |connection| {
            self.link.scripts().take_slot(connection, &keys, &turn, (limits.per_user, limits.per_store), lease).await
        });
        match taken.await {
            Ok(0) => Ok(SlotTaking::Taken),
            Ok(1) => Ok(SlotTaking::Full(StreamLimit::PerUser)),
            Ok(_) => Ok(SlotTaking::Full(StreamLimit::PerStore)),
            Err(_) => {
                // Before it is asked: who does not wait for its answer gives back what may be there.
                self.elsewhere().insert(stream.turn);
                let taking = self.fallback.take(stream, limits, lease).await;
                if matches!(taking, Ok(SlotTaking::Full(_))) {
                    self.elsewhere().remove(&stream.turn);
                }
                taking
            }
        }
    }

    async fn hold(&self, stream: &LiveStream, lease: Duration) -> Result<(), RepositoryError> {
        let (keys, turn) = (self.keys(stream), stream.turn.to_string());
        let held =
            self.link.run_on(async |connection| self.link.scripts().hold_slot(connection, &keys, &turn, lease).await);
        if held.await.is_ok() {
            return Ok(());
        }
        self.elsewhere().insert(stream.turn);
        self.fallback.hold(stream, lease).await
    }

    async fn release(&self, stream: &LiveStream) -> Result<(), RepositoryError> {
        let (keys, turn) = (self.keys(stream), stream.turn.to_string());
        let released = self.link.run_on(async |connection| {
            let mut commands = redis::pipe();
            commands.cmd("ZREM").arg(&keys.user).arg(&turn).ignore().cmd("ZREM").arg(&keys.store).arg(&turn).ignore();
            commands.exec_async(connection).await
        });
        // Without Redis the slot there is free when its lease is over.
        released.await.ok();
        let was_elsewhere = self.elsewhere().remove(&stream.turn);
        if was_elsewhere { self.fallback.release(stream).await } else { Ok(()) }
    }
}

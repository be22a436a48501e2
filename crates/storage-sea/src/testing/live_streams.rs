use std::time::Duration;

use kernel::UserId;
use session_core::ports::{LiveStream, SlotTaking, StreamLimit, StreamLimits, StreamSlots};
use session_core::testing::samples::{store, turn_id};

use super::Watch;
use super::hot::fresh;

const LEASE: Duration = Duration::from_secs(20);

/// Takes, holds and releases slots among very many live turns of the store, of which each user has a few.
pub async fn slots_among_many(watch: &mut Watch, slots: &dyn StreamSlots, round: u64) {
    let stream = |turn, user: &str| LiveStream { turn, store: store(), user: UserId::new(user).unwrap() };
    let new = stream(turn_id(fresh(round, 9)), "user 7");
    let many = StreamLimits { per_user: 10, per_store: 1_000_000 };
    let few = StreamLimits { per_user: 10, per_store: 10 };
    assert_eq!(watch.call("take a slot", slots.take(&new, few, LEASE)).await, SlotTaking::Full(StreamLimit::PerStore));
    let by_user = StreamLimits { per_store: 0, ..many };
    assert_eq!(watch.call("take a slot of a user's", slots.take(&new, by_user, LEASE)).await, SlotTaking::Taken);
    watch.call("hold a slot", slots.hold(&new, LEASE)).await;
    watch.call("release a slot", slots.release(&new)).await;
    watch.call("hold a slot that was lost", slots.hold(&new, LEASE)).await;
    watch.call("release it", slots.release(&new)).await;
}

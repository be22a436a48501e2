//! The contract of [`StreamSlots`].

use std::time::Duration;

use futures::future::join_all;
use kernel::{StoreId, UserId};

use crate::ports::{LiveStream, SlotTaking, StreamLimit, StreamLimits, StreamSlots};
use crate::testing::samples::{store, turn_id};

/// Longer than any test takes.
const LONG: Duration = Duration::from_hours(1);
const TAKERS: u64 = 40;
const PER_USER: StreamLimit = StreamLimit::PerUser;
const PER_STORE: StreamLimit = StreamLimit::PerStore;

/// A turn of a user of the sample store.
pub fn stream(turn: u64, user: &str) -> LiveStream {
    LiveStream { turn: turn_id(turn), store: store(), user: UserId::new(user).unwrap() }
}

const fn limits(per_user: u32, per_store: u32) -> StreamLimits {
    StreamLimits { per_user, per_store }
}

async fn take(slots: &dyn StreamSlots, stream: &LiveStream, limits: StreamLimits) -> SlotTaking {
    slots.take(stream, limits, LONG).await.unwrap()
}

/// Takes what must be there.
async fn taken(slots: &dyn StreamSlots, stream: &LiveStream, limits: StreamLimits) {
    assert_eq!(take(slots, stream, limits).await, SlotTaking::Taken, "{stream:?}");
}

/// Asks for what must not be there.
async fn refused(slots: &dyn StreamSlots, stream: &LiveStream, limits: StreamLimits, by: StreamLimit) {
    assert_eq!(take(slots, stream, limits).await, SlotTaking::Full(by), "{stream:?}");
}

pub async fn a_user_has_so_many_streams_and_others_have_their_own(slots: &dyn StreamSlots) {
    let two = limits(2, 0);
    taken(slots, &stream(1, "kim"), two).await;
    taken(slots, &stream(2, "kim"), two).await;
    refused(slots, &stream(3, "kim"), two, PER_USER).await;
    taken(slots, &stream(4, "lee"), two).await;
    let elsewhere = LiveStream { store: StoreId::new("other").unwrap(), ..stream(5, "kim") };
    taken(slots, &elsewhere, two).await;
}

pub async fn a_store_has_so_many_streams_whoever_asks(slots: &dyn StreamSlots) {
    let two = limits(0, 2);
    taken(slots, &stream(1, "kim"), two).await;
    taken(slots, &stream(2, "lee"), two).await;
    refused(slots, &stream(3, "park"), two, PER_STORE).await;
    let elsewhere = LiveStream { store: StoreId::new("other").unwrap(), ..stream(4, "kim") };
    taken(slots, &elsewhere, two).await;
}

pub async fn both_limits_hold_and_a_refusal_takes_nothing(slots: &dyn StreamSlots) {
    let both = limits(2, 3);
    taken(slots, &stream(1, "kim"), both).await;
    taken(slots, &stream(2, "kim"), both).await;
    refused(slots, &stream(3, "kim"), both, PER_USER).await;
    taken(slots, &stream(4, "lee"), both).await;
    refused(slots, &stream(5, "lee"), both, PER_STORE).await;
    slots.release(&stream(1, "kim")).await.unwrap();
    taken(slots, &stream(5, "lee"), both).await;
    refused(slots, &stream(3, "kim"), both, PER_STORE).await;
}

pub async fn names_that_run_together_are_told_apart(slots: &dyn StreamSlots) {
    let one = limits(1, 1);
    let of = |turn, store: &str, user: &str| LiveStream {
        store: StoreId::new(store).unwrap(),
        user: UserId::new(user).unwrap(),
        ..stream(turn, "kim")
    };
    taken(slots, &of(1, "a", "김:1:b {c} '\"%"), one).await;
    taken(slots, &of(2, "a-1", "b"), one).await;
    taken(slots, &of(3, "a-1-1", "1:b"), one).await;
    refused(slots, &of(4, "a", "김:1:b {c} '\"%"), one, PER_USER).await;
}

pub async fn zero_limits_nothing(slots: &dyn StreamSlots) {
    for turn in 1..=30 {
        taken(slots, &stream(turn, "kim"), limits(0, 0)).await;
    }
    refused(slots, &stream(31, "kim"), limits(30, 0), PER_USER).await;
    taken(slots, &stream(31, "kim"), limits(31, 31)).await;
}

pub async fn taking_twice_for_one_turn_counts_once(slots: &dyn StreamSlots) {
    let two = limits(2, 2);
    for _ in 0..3 {
        taken(slots, &stream(1, "kim"), two).await;
    }
    taken(slots, &stream(2, "kim"), two).await;
    taken(slots, &stream(1, "kim"), two).await;
}

pub async fn a_released_slot_is_free_and_releasing_again_frees_nothing_more(slots: &dyn StreamSlots) {
    let one = limits(1, 0);
    taken(slots, &stream(1, "kim"), one).await;
    slots.release(&stream(1, "kim")).await.unwrap();
    taken(slots, &stream(2, "kim"), one).await;
    slots.release(&stream(1, "kim")).await.unwrap();
    slots.release(&stream(9, "nobody")).await.unwrap();
    refused(slots, &stream(3, "kim"), one, PER_USER).await;
}

pub async fn a_slot_is_free_when_its_lease_is_over(slots: &dyn StreamSlots) {
    let one = limits(1, 1);
    let over = slots.take(&stream(1, "kim"), one, Duration::ZERO).await.unwrap();
    assert_eq!(over, SlotTaking::Taken);
    taken(slots, &stream(2, "kim"), one).await;
    refused(slots, &stream(3, "kim"), one, PER_USER).await;
    slots.hold(&stream(2, "kim"), Duration::ZERO).await.unwrap();
    taken(slots, &stream(3, "kim"), one).await;
}

pub async fn a_turn_that_goes_on_after_its_slot_was_lost_counts_again_whatever_the_limits(slots: &dyn StreamSlots) {
    let one = limits(1, 1);
    slots.take(&stream(1, "kim"), one, Duration::ZERO).await.unwrap();
    taken(slots, &stream(2, "kim"), one).await;
    slots.hold(&stream(1, "kim"), LONG).await.unwrap();
    slots.release(&stream(2, "kim")).await.unwrap();
    refused(slots, &stream(3, "kim"), one, PER_USER).await;
    refused(slots, &stream(3, "lee"), one, PER_STORE).await;
}

pub async fn of_many_who_ask_at_once_no_more_than_allowed_get_a_slot(slots: &dyn StreamSlots) {
    let takers = |limits, user: fn(u64) -> String, from: u64| async move {
        let streams: Vec<_> = (from..from + TAKERS).map(|turn| stream(turn, &user(turn))).collect();
        let takings = join_all(streams.iter().map(|stream| take(slots, stream, limits))).await;
        takings.into_iter().filter(|taking| *taking == SlotTaking::Taken).count()
    };
    assert_eq!(takers(limits(7, 0), |_| "kim".into(), 1).await, 7);
    let left = takers(limits(1, 12), |turn| format!("user {turn}"), 1 + TAKERS).await;
    assert_eq!(left, 12 - 7);
}

/// Makes every case of the contract of stream slots a test. `$fixture` is an expression that is a future of an
/// `Option` of an `Arc<dyn StreamSlots>` of which none is taken, and of what must live as long as the test.
#[macro_export]
macro_rules! stream_slots_contract {
    ($fixture:expr) => {
        $crate::stream_slots_contract!(@cases $fixture;
            a_user_has_so_many_streams_and_others_have_their_own,
            a_store_has_so_many_streams_whoever_asks,
            both_limits_hold_and_a_refusal_takes_nothing,
            names_that_run_together_are_told_apart,
            zero_limits_nothing,
            taking_twice_for_one_turn_counts_once,
            a_released_slot_is_free_and_releasing_again_frees_nothing_more,
            a_slot_is_free_when_its_lease_is_over,
            a_turn_that_goes_on_after_its_slot_was_lost_counts_again_whatever_the_limits,
            of_many_who_ask_at_once_no_more_than_allowed_get_a_slot);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            if let Some((slots, _guard)) = $fixture.await {
                $crate::testing::contract::stream_slots::$case(&*slots).await;
            }
        })+
    };
}

#[cfg(test)]
mod memory {
    use std::sync::Arc;

    use kernel::testing::ManualClock;

    use crate::ports::StreamSlots;
    use crate::stream::MemoryStreamSlots;

    crate::stream_slots_contract!(async {
        Some((Arc::new(MemoryStreamSlots::new(Arc::new(ManualClock::new()))) as Arc<dyn StreamSlots>, ()))
    });
}

//! The contract of [`TurnSignals`]: two processes and whoever listens in them.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

use crate::ports::{TurnSignal, TurnSignals};
use crate::testing::samples::turn_id;

/// What a signal may take on the worst day.
const LIMIT: Duration = Duration::from_secs(30);

async fn heard(listener: &mut Receiver<TurnSignal>) -> TurnSignal {
    timeout(LIMIT, listener.recv()).await.expect("nothing was heard").unwrap()
}

pub async fn every_listener_of_every_process_hears_a_signal_once(one: &dyn TurnSignals, other: &dyn TurnSignals) {
    let mut listeners = [one.hear(), one.hear(), other.hear()];
    one.tell(TurnSignal::Stop(turn_id(1))).await.unwrap();
    other.tell(TurnSignal::Closed(turn_id(2))).await.unwrap();
    for listener in &mut listeners {
        let mut both = [heard(listener).await, heard(listener).await];
        both.sort_by_key(|signal| matches!(signal, TurnSignal::Closed(_)));
        assert_eq!(both, [TurnSignal::Stop(turn_id(1)), TurnSignal::Closed(turn_id(2))]);
    }
    // Nothing came twice: the next one heard is the next one told.
    one.tell(TurnSignal::Await(turn_id(3))).await.unwrap();
    for listener in &mut listeners {
        assert_eq!(heard(listener).await, TurnSignal::Await(turn_id(3)));
    }
}

pub async fn one_process_is_heard_in_the_order_in_which_it_tells(one: &dyn TurnSignals, other: &dyn TurnSignals) {
    let mut listener = other.hear();
    for number in 1..=50 {
        one.tell(TurnSignal::Await(turn_id(number))).await.unwrap();
    }
    for number in 1..=50 {
        assert_eq!(heard(&mut listener).await, TurnSignal::Await(turn_id(number)));
    }
}

pub async fn only_what_is_told_from_now_on_is_heard(one: &dyn TurnSignals, other: &dyn TurnSignals) {
    let mut before = other.hear();
    one.tell(TurnSignal::Stop(turn_id(1))).await.unwrap();
    assert_eq!(heard(&mut before).await, TurnSignal::Stop(turn_id(1)));
    let mut after = other.hear();
    one.tell(TurnSignal::Stop(turn_id(2))).await.unwrap();
    assert_eq!(heard(&mut after).await, TurnSignal::Stop(turn_id(2)));
}

pub async fn telling_nobody_is_no_error(one: &dyn TurnSignals, _other: &dyn TurnSignals) {
    one.tell(TurnSignal::Closed(turn_id(1))).await.unwrap();
}

//! The contract of [`TurnStreamLog`].

use std::time::Duration;

use kernel::TurnId;
use kernel::testing::ManualClock;

use crate::ports::{Glance, StreamLogError, TurnStreamLog};
use crate::stream::{TurnEvent, TurnFailure};
use crate::testing::samples::{session_id, turn_id};

fn token(text: &str) -> TurnEvent {
    TurnEvent::Token { content: text.into() }
}

fn end() -> TurnEvent {
    TurnEvent::Failed { session: session_id(1), failure: TurnFailure::Interrupted }
}

async fn written(log: &dyn TurnStreamLog, events: &[TurnEvent]) -> TurnId {
    log.open(turn_id(1)).await.unwrap();
    for event in events {
        log.append(turn_id(1), event.clone()).await.unwrap();
    }
    turn_id(1)
}

pub async fn events_are_numbered_from_one_and_read_in_order(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    log.open(turn_id(1)).await.unwrap();
    assert_eq!(log.append(turn_id(1), token("배")).await.unwrap(), 1);
    assert_eq!(log.append(turn_id(1), token("송")).await.unwrap(), 2);
    log.open(turn_id(1)).await.unwrap();
    let batch = log.read(turn_id(1), 0).await.unwrap().unwrap();
    assert_eq!((batch.first, batch.ended), (1, false));
    assert_eq!(batch.events, [token("배"), token("송")]);
}

pub async fn a_reader_waits_for_the_next_event(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    let turn = written(log, &[token("하나")]).await;
    let (read, appended) = tokio::join!(log.read(turn, 1), async {
        tokio::task::yield_now().await;
        log.append(turn, token("둘")).await
    });
    assert_eq!(appended.unwrap(), 2);
    let batch = read.unwrap().unwrap();
    assert_eq!((batch.first, batch.events), (2, vec![token("둘")]));
}

pub async fn a_reader_from_any_number_sees_the_rest(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    let all = [token("a"), token("b"), token("c"), end()];
    let turn = written(log, &all).await;
    for after in 0..=4_u64 {
        let batch = log.read(turn, after).await.unwrap().unwrap();
        assert_eq!((batch.first, batch.ended), (after + 1, true));
        assert_eq!(batch.events, all[usize::try_from(after).unwrap()..]);
    }
}

pub async fn an_ended_log_ends_its_readers(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    let turn = written(log, &[token("a")]).await;
    let (read, _) = tokio::join!(log.read(turn, 1), async {
        tokio::task::yield_now().await;
        log.append(turn, end()).await.unwrap()
    });
    assert!(read.unwrap().unwrap().ended);
    let past_the_end = log.read(turn, 2).await.unwrap().unwrap();
    assert!(past_the_end.ended && past_the_end.events.is_empty());
}

pub async fn a_glance_never_waits(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    assert_eq!(log.glance(turn_id(1), 0).await.unwrap(), Glance::Unknown);
    let turn = written(log, &[token("a")]).await;
    assert_eq!(log.glance(turn, 1).await.unwrap(), Glance::Waiting);
    let Glance::Batch(batch) = log.glance(turn, 0).await.unwrap() else { panic!("no batch") };
    assert_eq!((batch.first, batch.events, batch.ended), (1, vec![token("a")], false));
    log.append(turn, end()).await.unwrap();
    let Glance::Batch(batch) = log.glance(turn, 2).await.unwrap() else { panic!("no batch") };
    assert!(batch.events.is_empty() && batch.ended);
}

pub async fn an_unknown_log_is_told_as_such(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    assert_eq!(log.read(turn_id(9), 0).await.unwrap(), None);
}

pub async fn nothing_is_added_before_the_start_or_after_the_end(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    assert!(matches!(log.append(turn_id(9), token("?")).await, Err(StreamLogError::NotOpen)));
    let turn = written(log, &[end()]).await;
    assert!(matches!(log.append(turn, token("?")).await, Err(StreamLogError::NotOpen)));
}

pub async fn a_finished_log_is_forgotten_after_its_time(log: &dyn TurnStreamLog, clock: &ManualClock) {
    let turn = written(log, &[token("a"), end()]).await;
    clock.advance(Duration::from_secs(599));
    assert!(log.read(turn, 0).await.unwrap().is_some());
    clock.advance(Duration::from_secs(1));
    assert!(log.read(turn, 0).await.unwrap().is_none());
}

pub async fn a_turn_may_say_more_than_a_log_holds(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    log.open(turn_id(1)).await.unwrap();
    let lengthy = token(&"가".repeat(10_000));
    for number in 1..=300 {
        assert_eq!(log.append(turn_id(1), lengthy.clone()).await.unwrap(), number);
    }
    log.append(turn_id(1), end()).await.unwrap();
    let oldest = match log.read(turn_id(1), 0).await {
        Err(StreamLogError::Behind { oldest }) => oldest,
        other => panic!("a log of 9 MB was held: {other:?}"),
    };
    // Who is not behind hears everything to the end.
    let events = read_to_the_end(log, oldest - 1).await;
    assert_eq!(events.len() as u64, 301 - (oldest - 1));
    assert!(oldest > 1 && events.last().is_some_and(TurnEvent::ends_turn));
    assert!(matches!(log.read(turn_id(1), oldest - 2).await, Err(StreamLogError::Behind { .. })));
}

pub async fn a_reader_gets_a_long_log_in_parts(log: &dyn TurnStreamLog, _clock: &ManualClock) {
    let all: Vec<TurnEvent> =
        (0..2_000).map(|number| token(&format!("{number} {}", "말".repeat(20)))).chain([end()]).collect();
    let turn = written(log, &all).await;
    let first = log.read(turn, 0).await.unwrap().unwrap();
    assert!(!first.ended && first.events.len() < 2_000, "{} events at once", first.events.len());
    assert_eq!(read_to_the_end(log, 0).await, all);
}

async fn read_to_the_end(log: &dyn TurnStreamLog, mut after: u64) -> Vec<TurnEvent> {
    let mut events = Vec::new();
    loop {
        let batch = log.read(turn_id(1), after).await.unwrap().unwrap();
        assert_eq!(batch.first, after + 1);
        after += batch.events.len() as u64;
        events.extend(batch.events);
        if batch.ended {
            return events;
        }
    }
}

//! The contract of [`TurnSpool`].

use crate::model::ClosedTurn;
use crate::ports::{SpooledTurns, TurnSpool};
use crate::testing::samples::closed_turn;

async fn append(spool: &dyn TurnSpool, numbers: std::ops::RangeInclusive<u64>) -> Vec<ClosedTurn> {
    let turns: Vec<ClosedTurn> = numbers.map(|n| closed_turn(n, &format!("답변 {n}\n\"두 줄\" 👋"))).collect();
    for turn in &turns {
        spool.append(turn).await.unwrap();
    }
    turns
}

pub async fn an_empty_spool_has_nothing_pending(spool: &dyn TurnSpool) {
    assert_eq!(spool.depth(), 0);
    let pending = spool.pending().await.unwrap();
    assert!(pending.is_empty(), "{pending:?}");
    spool.forget(pending.through).await.unwrap();
    assert_eq!(spool.pending().await.unwrap().turns, []);
}

pub async fn turns_are_pending_in_order_with_every_field(spool: &dyn TurnSpool) {
    let turns = append(spool, 1..=3).await;
    let pending = spool.pending().await.unwrap();
    assert_eq!((pending.turns, pending.damaged, spool.depth()), (turns, 0, 3));
}

pub async fn asking_again_tells_the_same_until_it_is_forgotten(spool: &dyn TurnSpool) {
    append(spool, 1..=2).await;
    let first = spool.pending().await.unwrap();
    assert_eq!(spool.pending().await.unwrap(), first);
    spool.forget(first.through).await.unwrap();
    assert_eq!(spool.depth(), 0);
    assert!(spool.pending().await.unwrap().is_empty());
    let more = append(spool, 3..=3).await;
    assert_eq!(spool.pending().await.unwrap().turns, more);
}

pub async fn what_came_after_the_question_is_not_forgotten(spool: &dyn TurnSpool) {
    append(spool, 1..=2).await;
    let SpooledTurns { through, .. } = spool.pending().await.unwrap();
    let later = append(spool, 3..=4).await;
    spool.forget(through).await.unwrap();
    assert_eq!((spool.pending().await.unwrap().turns, spool.depth()), (later, 2));
    spool.forget(through).await.unwrap();
    assert_eq!(spool.depth(), 2);
}

pub async fn a_long_outage_is_told_in_parts_and_completely(spool: &dyn TurnSpool) {
    let turns = append(spool, 1..=600).await;
    let mut told = Vec::new();
    loop {
        let pending = spool.pending().await.unwrap();
        if pending.is_empty() {
            break;
        }
        told.extend(pending.turns);
        spool.forget(pending.through).await.unwrap();
    }
    assert_eq!(told.len(), 600);
    assert_eq!((told, spool.depth()), (turns, 0));
}

pub async fn a_turn_set_aside_is_not_pending(spool: &dyn TurnSpool) {
    spool.set_aside(&closed_turn(1, "답"), "the turn is not known").await.unwrap();
    assert_eq!(spool.depth(), 0);
    assert!(spool.pending().await.unwrap().is_empty());
}

//! Where the end of a turn is kept, whatever becomes of the database.

use std::sync::Arc;
use std::time::Duration;

use chat_service::{ChatError, Replayed};
use session_core::model::{Role, TurnState};
use session_core::ports::{TurnRepository, TurnSpool};
use session_core::stream::{Durability, TurnDone, TurnEvent, TurnFailure};
use session_core::testing::samples;

use crate::flaky::Flaky;
use crate::support::{Chat, QUESTION, Script, ask, chat_over, settings};

/// A chat whose storage is away for so many closings.
async fn away(failures: usize) -> (Chat, Arc<Flaky>) {
    let mut storage = None;
    let chat = chat_over(Script::Say(vec!["가"]), settings(), |inner| {
        storage.insert(Arc::new(Flaky::new(inner, failures))).clone()
    });
    (chat.await, storage.unwrap())
}

fn done(events: &[TurnEvent]) -> &TurnDone {
    match events.last() {
        Some(TurnEvent::Done(done)) => done,
        other => panic!("not done: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_storage_that_is_away_for_a_moment_costs_nothing() {
    let (chat, _) = away(3).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    assert_eq!(done(&chat.events(asked.turn).await).durable, Durability::Database);
    assert_eq!(chat.spool.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_made_while_the_storage_is_away_is_spooled_and_stored_once_when_it_is_back() {
    let (chat, storage) = away(usize::MAX).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    let events = chat.events(asked.turn).await;
    let told = done(&events);
    assert_eq!((told.durable, told.session_message_count), (Durability::Spool, 2));
    assert!(matches!(chat.service.replay_spool().await, Err(ChatError::Repository(_))));
    assert_eq!(chat.spool.depth(), 1);
    storage.come_back();
    assert_eq!(chat.service.replay_spool().await.unwrap(), Replayed { stored: 1, ..Replayed::default() });
    assert_eq!(chat.service.replay_spool().await.unwrap(), Replayed::default());
    let stored = chat.messages(asked.session).await;
    assert_eq!((stored.len(), stored[1].id, stored[1].content.as_str()), (2, told.message, "가"));
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_was_cut_off_before_it_forgot_doubles_nothing() {
    let (chat, storage) = away(usize::MAX).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(asked.turn).await;
    let spooled = chat.spool.pending().await.unwrap().turns.remove(0);
    storage.come_back();
    chat.service.replay_spool().await.unwrap();
    chat.spool.append(&spooled).await.unwrap();
    assert_eq!(chat.service.replay_spool().await.unwrap(), Replayed { known: 1, ..Replayed::default() });
    assert_eq!(chat.messages(asked.session).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_next_question_waits_for_the_spooled_answer_and_comes_after_it() {
    let (chat, storage) = away(usize::MAX).await;
    let first = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(first.turn).await;
    storage.come_back();
    let second = chat.service.ask(ask("그럼 며칠 걸려요?")).await.unwrap();
    chat.events(second.turn).await;
    let stored = chat.messages(first.session).await;
    let order: Vec<_> = stored.iter().map(|message| (message.sequence, message.role, message.turn)).collect();
    assert_eq!(
        order,
        [
            (1, Role::User, first.turn),
            (2, Role::Assistant, first.turn),
            (3, Role::User, second.turn),
            (4, Role::Assistant, second.turn)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_swept_as_dead_before_the_replay_still_gets_its_answer() {
    let (chat, storage) = away(usize::MAX).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(asked.turn).await;
    chat.clock.advance(Duration::from_mins(1));
    assert_eq!(chat.service.interrupt_abandoned(false).await.unwrap(), 1);
    storage.come_back();
    assert_eq!(chat.service.replay_spool().await.unwrap().stored, 1);
    let turn = chat.storage.find_turn(&samples::store(), asked.turn).await.unwrap().unwrap();
    assert_eq!((turn.state, turn.answer.is_some()), (TurnState::Completed, true));
}

#[tokio::test(start_paused = true)]
async fn a_spooled_turn_the_database_does_not_know_is_set_aside_and_blocks_nothing() {
    let (chat, storage) = away(usize::MAX).await;
    chat.spool.append(&samples::closed_turn(77, "주인 없는 답")).await.unwrap();
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(asked.turn).await;
    storage.come_back();
    let replayed = chat.service.replay_spool().await.unwrap();
    assert_eq!((replayed.stored, replayed.refused), (1, 1));
    let aside = chat.spool.aside();
    assert_eq!((aside.len(), aside[0].0.turn), (1, samples::turn_id(77)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_can_be_kept_nowhere_is_never_said_to_be_done() {
    let (chat, _) = away(usize::MAX).await;
    chat.spool.fail(true);
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    let events = chat.events(asked.turn).await;
    let Some(TurnEvent::Failed { failure, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(*failure, TurnFailure::StorageUnavailable);
}

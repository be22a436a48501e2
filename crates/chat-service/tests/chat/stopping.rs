//! Stopping an answer, and having a question answered again.

use std::time::Duration;

use chat_service::{Ask, BusyPolicy, ChatError, ChatSettings, Regenerate};
use futures::StreamExt;
use kernel::{StoreId, UserId};
use session_core::model::{MessageStatus, Role, TurnState};
use session_core::ports::{SessionRepository, TurnRepository};
use session_core::stream::{TurnEvent, TurnFailure};
use session_core::testing::samples;

use crate::support::{Chat, QUESTION, Script, ask, chat, chat_over, settings};

fn failure(events: &[TurnEvent]) -> Option<TurnFailure> {
    match events.last() {
        Some(TurnEvent::Failed { failure, .. }) => Some(*failure),
        _ => None,
    }
}

/// Waits until the turn has said something.
async fn until_it_speaks(chat: &Chat, turn: kernel::TurnId) {
    let mut events = chat.service.follow(&samples::store(), turn, 0).await.unwrap();
    while let Some(event) = events.next().await {
        if matches!(event.unwrap().event, TurnEvent::Token { .. }) {
            return;
        }
    }
    panic!("the turn ended without a word");
}

#[tokio::test]
async fn a_cancelled_turn_keeps_what_was_said_and_frees_its_session() {
    let chat = chat(Script::Hang(vec!["3,000원"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    until_it_speaks(&chat, asked.turn).await;
    let turn = chat.service.cancel(&samples::store(), asked.turn).await.unwrap();
    assert_eq!((turn.state, turn.answer.is_some()), (TurnState::Interrupted, true));
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::Cancelled));
    let stored = chat.messages(asked.session).await;
    assert_eq!((stored[1].content.as_str(), stored[1].status), ("3,000원", MessageStatus::Interrupted));
    chat.now(Script::Say(vec!["다음"]));
    let next = chat.service.ask(ask("다음 질문")).await.unwrap();
    assert!(matches!(chat.events(next.turn).await.last(), Some(TurnEvent::Done(_))));
}

#[tokio::test]
async fn a_cancelled_turn_is_told_as_cancelled_also_when_its_stream_is_forgotten() {
    let chat = chat(Script::Hang(vec!["3,000원"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    until_it_speaks(&chat, asked.turn).await;
    chat.service.cancel(&samples::store(), asked.turn).await.unwrap();
    chat.events(asked.turn).await;
    chat.clock.advance(Duration::from_mins(11));
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::Cancelled));
}

#[tokio::test]
async fn cancelling_what_is_over_changes_nothing_and_what_is_unknown_is_said() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(asked.turn).await;
    let turn = chat.service.cancel(&samples::store(), asked.turn).await.unwrap();
    assert_eq!((turn.state, turn.cancel_requested_at), (TurnState::Completed, None));
    let other = StoreId::new("other").unwrap();
    assert!(matches!(chat.service.cancel(&other, asked.turn).await, Err(ChatError::UnknownTurn)));
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_another_process_stops_when_that_one_gives_its_next_sign_of_life() {
    let chat = chat(Script::Hang(vec!["3,000원"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    until_it_speaks(&chat, asked.turn).await;
    let other = chat.another_process();
    let begun = tokio::time::Instant::now();
    let mut turn = other.cancel(&samples::store(), asked.turn).await.unwrap();
    if turn.state == TurnState::Open {
        turn = other.cancel(&samples::store(), asked.turn).await.unwrap();
    }
    assert_eq!(turn.state, TurnState::Interrupted);
    assert!(begun.elapsed() <= Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_keeps_its_lease_and_a_dead_one_loses_it() {
    let chat = chat(Script::Hang(vec!["…"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    until_it_speaks(&chat, asked.turn).await;
    for _ in 0..8 {
        chat.clock.advance(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(5_001)).await;
        assert_eq!(chat.service.interrupt_abandoned(false).await.unwrap(), 0);
    }
    chat.storage.insert(&samples::numbered_session(7, "lee")).await.unwrap();
    let dead = session_core::model::NewTurn {
        lease_until: chat.clock_now().plus(Duration::from_secs(20)),
        opened_at: chat.clock_now(),
        ..samples::new_turn(7, 70, "?")
    };
    chat.storage.open_turn(&dead).await.unwrap();
    chat.clock.advance(Duration::from_secs(15));
    tokio::time::sleep(Duration::from_millis(5_001)).await;
    chat.clock.advance(Duration::from_secs(5));
    assert_eq!(chat.service.interrupt_abandoned(false).await.unwrap(), 1);
}

async fn chat_with(busy: BusyPolicy, script: Script) -> Chat {
    chat_over(script, ChatSettings { busy, ..settings() }, |storage| storage).await
}

#[tokio::test]
async fn a_busy_session_refuses_at_once_when_it_is_told_to_but_knows_a_repeated_request() {
    let chat = chat_with(BusyPolicy::Reject, Script::Hang(vec!["…"])).await;
    let request = Ask { client_message_id: Some("c-1".into()), ..ask(QUESTION) };
    let first = chat.service.ask(request.clone()).await.unwrap();
    let second = chat.service.ask(ask("둘")).await;
    assert!(matches!(second, Err(ChatError::TurnInProgress { turn }) if turn == first.turn), "{second:?}");
    let repeated = chat.service.ask(request).await.unwrap();
    assert_eq!((repeated.turn, repeated.repeated), (first.turn, true));
}

#[tokio::test]
async fn a_new_question_interrupts_the_answer_when_it_is_told_to() {
    let chat = chat_with(BusyPolicy::Interrupt, Script::Hang(vec!["말하다"])).await;
    let first = chat.service.ask(ask("하나")).await.unwrap();
    until_it_speaks(&chat, first.turn).await;
    chat.now(Script::Say(vec!["둘째 답"]));
    let second = chat.service.ask(ask("둘")).await.unwrap();
    assert!(matches!(chat.events(second.turn).await.last(), Some(TurnEvent::Done(_))));
    assert_eq!(failure(&chat.events(first.turn).await), Some(TurnFailure::Cancelled));
    let stored = chat.messages(first.session).await;
    let said: Vec<_> = stored.iter().map(|message| (message.content.as_str(), message.status)).collect();
    assert_eq!(
        said,
        [
            ("하나", MessageStatus::Complete),
            ("말하다", MessageStatus::Interrupted),
            ("둘", MessageStatus::Complete),
            ("둘째 답", MessageStatus::Complete)
        ]
    );
}

#[tokio::test]
async fn questions_that_wait_are_answered_in_the_order_they_came() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let first = chat.service.ask(ask("질문 0")).await.unwrap();
    let asks = (1..=20).map(|n| chat.service.ask(Ask { session: Some(first.session), ..ask(&format!("질문 {n}")) }));
    for asked in futures::future::join_all(asks).await {
        chat.events(asked.unwrap().turn).await;
    }
    let stored = chat.messages(first.session).await;
    let questions: Vec<String> =
        stored.into_iter().filter(|message| message.role == Role::User).map(|message| message.content).collect();
    assert_eq!(questions, (0..=20).map(|n| format!("질문 {n}")).collect::<Vec<_>>());
}

fn again(message: kernel::MessageId) -> Regenerate {
    Regenerate { store: samples::store(), user: None, message, client_message_id: None }
}

#[tokio::test]
async fn a_question_answered_again_gets_a_second_answer_beside_the_first() {
    let chat = chat(Script::Say(vec!["첫 답"])).await;
    let first = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(first.turn).await;
    let follow_up = chat.service.ask(ask("그럼 며칠 걸려요?")).await.unwrap();
    chat.events(follow_up.turn).await;
    chat.now(Script::Say(vec!["다른 답"]));
    let before = chat.messages(first.session).await;
    for message in [before[1].id, before[0].id] {
        let asked = chat.service.regenerate(again(message)).await.unwrap();
        assert_eq!((asked.session, asked.is_new), (first.session, false));
        assert!(matches!(chat.events(asked.turn).await.last(), Some(TurnEvent::Done(_))));
    }
    let stored = chat.messages(first.session).await;
    assert_eq!(stored[..4], before[..]);
    for (message, sequence) in stored[4..].iter().zip(5..) {
        assert_eq!((message.sequence, message.parent), (sequence, Some(before[0].id)));
        assert_eq!(message.content, "다른 답");
    }
    let requests = chat.model.requests.lock().unwrap();
    assert!(requests[2].history.is_empty(), "the model sees what came before the question only");
    assert_eq!(requests[2].question, QUESTION);
}

#[tokio::test]
async fn answering_again_is_refused_for_strangers_and_repeated_requests_make_one_answer() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let first = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(first.turn).await;
    let answer = chat.messages(first.session).await[1].id;
    let lee = Regenerate { user: Some(UserId::new("lee").unwrap()), ..again(answer) };
    assert!(matches!(chat.service.regenerate(lee).await, Err(ChatError::UnknownMessage)));
    let elsewhere = Regenerate { store: StoreId::new("other").unwrap(), ..again(answer) };
    assert!(matches!(chat.service.regenerate(elsewhere).await, Err(ChatError::UnknownMessage)));
    assert!(matches!(chat.service.regenerate(again(samples::message_id(99))).await, Err(ChatError::UnknownMessage)));
    let keyed = Regenerate { client_message_id: Some("r-1".into()), ..again(answer) };
    let (one, two) = (chat.service.regenerate(keyed.clone()).await, chat.service.regenerate(keyed).await);
    assert_eq!(one.unwrap().turn, two.unwrap().turn);
}

/// Less than what either process waits when it hears nothing.
const AT_ONCE: Duration = Duration::from_millis(50);

fn listening(chat: &Chat) -> tokio::task::JoinHandle<()> {
    let service = chat.service.clone();
    tokio::spawn(async move { service.listen().await })
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_another_process_stops_at_once_when_that_one_listens() {
    let chat = chat(Script::Hang(vec!["3,000원"])).await;
    let listening = listening(&chat);
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    until_it_speaks(&chat, asked.turn).await;
    let begun = tokio::time::Instant::now();
    let turn = chat.another_process().cancel(&samples::store(), asked.turn).await.unwrap();
    assert_eq!((turn.state, turn.answer.is_some()), (TurnState::Interrupted, true));
    assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());
    listening.abort();
}

#[tokio::test(start_paused = true)]
async fn who_follows_a_turn_of_another_process_hears_its_end_at_once() {
    let chat = chat(Script::Hang(vec!["3,000원"])).await;
    let listening = listening(&chat);
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    until_it_speaks(&chat, asked.turn).await;
    let elsewhere = chat.another_process().follow(&samples::store(), asked.turn, 0).await.unwrap();
    let heard = tokio::spawn(async move {
        let events: Vec<_> = elsewhere.map(|event| event.unwrap().event).collect().await;
        (events, tokio::time::Instant::now())
    });
    // In the middle between two looks, so that one of these would come late.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let ended = tokio::time::Instant::now();
    chat.service.cancel(&samples::store(), asked.turn).await.unwrap();
    let (events, at) = heard.await.unwrap();
    assert_eq!(failure(&events), Some(TurnFailure::Cancelled));
    assert!(at.duration_since(ended) < AT_ONCE, "{:?}", at.duration_since(ended));
    listening.abort();
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_dead_turn_of_another_process_waits_no_longer_than_its_lease() {
    let chat = chat(Script::Say(vec!["가"])).await;
    chat.storage.insert(&samples::session("kim")).await.unwrap();
    let lease = Duration::from_millis(2_100);
    let dead =
        session_core::model::NewTurn { lease_until: chat.clock_now().plus(lease), ..samples::new_turn(1, 1, QUESTION) };
    chat.storage.open_turn(&dead).await.unwrap();
    let begun = tokio::time::Instant::now();
    let clock = chat.clock.clone();
    let passing = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            clock.advance(Duration::from_millis(10));
        }
    });
    let asked = chat.service.ask(Ask { session: Some(samples::session_id(1)), ..ask(QUESTION) }).await.unwrap();
    assert!(begun.elapsed() < lease + AT_ONCE, "{:?}", begun.elapsed());
    passing.abort();
    assert!(matches!(chat.events(asked.turn).await.last(), Some(TurnEvent::Done(_))));
}

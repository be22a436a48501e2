//! How many turns are answered at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chat_service::{Ask, AskedTurn, BusyPolicy, ChatError, ChatSettings, Regenerate};
use kernel::{RepositoryError, SessionId, UserId};
use session_core::model::Role;
use session_core::ports::{LiveStream, SessionRepository, SlotTaking, StreamLimit, StreamLimits, StreamSlots};
use session_core::testing::samples;

use crate::support::{Chat, Script, ask, chat_over, settings};

const ONE_PER_USER: StreamLimits = StreamLimits { per_user: 1, per_store: 0 };
const LEASE: Duration = Duration::from_secs(20);

/// A service whose answers hang, within limits.
async fn chat_within(streams: StreamLimits, busy: BusyPolicy) -> Chat {
    chat_over(Script::Hang(vec!["…"]), ChatSettings { streams, busy, ..settings() }, |storage| storage).await
}

fn of(user: &str, question: &str) -> Ask {
    Ask { user: Some(UserId::new(user).unwrap()), ..ask(question) }
}

/// A question to a new session of the user's.
async fn to_another_session(chat: &Chat, number: u64, user: &str) -> Ask {
    chat.storage.insert(&samples::numbered_session(number, user)).await.unwrap();
    Ask { session: Some(samples::session_id(number)), ..of(user, "둘") }
}

fn refusal(asked: &Result<AskedTurn, ChatError>) -> Option<(StreamLimit, u32)> {
    match asked {
        Err(ChatError::TooManyStreams { limit, allowed }) => Some((*limit, *allowed)),
        _ => None,
    }
}

/// Another process's turn that nobody answers any more.
fn dead(user: &str) -> LiveStream {
    LiveStream { turn: samples::turn_id(99), store: samples::store(), user: UserId::new(user).unwrap() }
}

async fn messages_of(chat: &Chat, number: u64) -> usize {
    chat.messages(samples::session_id(number)).await.len()
}

#[tokio::test]
async fn a_user_who_has_as_many_answers_as_allowed_is_refused_and_nothing_is_stored() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Queue).await;
    let first = chat.service.ask(of("kim", "하나")).await.unwrap();
    let second = to_another_session(&chat, 7, "kim").await;
    assert_eq!(refusal(&chat.service.ask(second.clone()).await), Some((StreamLimit::PerUser, 1)));
    assert_eq!(messages_of(&chat, 7).await, 0);
    chat.service.ask(of("lee", "하나")).await.unwrap();
    chat.service.cancel(&samples::store(), first.turn).await.unwrap();
    chat.events(first.turn).await;
    chat.service.ask(second).await.unwrap();
    assert_eq!(messages_of(&chat, 7).await, 1);
}

#[tokio::test]
async fn a_store_that_gives_as_many_answers_as_allowed_refuses_and_begins_no_session() {
    let limits = StreamLimits { per_user: 0, per_store: 1 };
    let chat = chat_within(limits, BusyPolicy::Queue).await;
    chat.service.ask(of("kim", "하나")).await.unwrap();
    for ask in [of("lee", "하나"), Ask { user: None, ..ask("하나") }] {
        assert_eq!(refusal(&chat.service.ask(ask).await), Some((StreamLimit::PerStore, 1)));
    }
    let live = chat.storage.count_active(&samples::store(), chat.clock_now()).await.unwrap();
    assert_eq!(live, 1);
}

#[tokio::test]
async fn an_answer_that_is_done_failed_or_crashed_leaves_its_slot_before_its_end_is_told() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Queue).await;
    for script in [Script::Say(vec!["네"]), Script::Break(vec![]), Script::Break(vec!["네"]), Script::Panic] {
        chat.now(script);
        for _ in 0..3 {
            let asked = chat.service.ask(of("kim", "하나")).await.unwrap();
            chat.events(asked.turn).await;
            assert_eq!(take(&chat, "kim").await, SlotTaking::Taken);
            chat.slots.release(&dead("kim")).await.unwrap();
        }
    }
}

async fn take(chat: &Chat, user: &str) -> SlotTaking {
    chat.slots.take(&dead(user), ONE_PER_USER, LEASE).await.unwrap()
}

#[tokio::test]
async fn a_process_that_died_keeps_its_slots_no_longer_than_their_lease() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Queue).await;
    take(&chat, "kim").await;
    assert!(refusal(&chat.service.ask(of("kim", "하나")).await).is_some());
    chat.clock.advance(LEASE);
    chat.service.ask(of("kim", "하나")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_holds_its_slot() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Queue).await;
    chat.service.ask(of("kim", "하나")).await.unwrap();
    for _ in 0..8 {
        chat.clock.advance(Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(5_001)).await;
    }
    assert_eq!(take(&chat, "kim").await, SlotTaking::Full(StreamLimit::PerUser));
}

#[tokio::test]
async fn a_repeated_request_finds_its_turn_also_without_a_free_slot() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Queue).await;
    let request = Ask { client_message_id: Some("c-1".into()), ..of("kim", "하나") };
    let first = chat.service.ask(request.clone()).await.unwrap();
    let again = chat.service.ask(request.clone()).await.unwrap();
    assert_eq!((again.turn, again.repeated), (first.turn, true));
    let other = chat.service.ask(Ask { message: "둘".into(), ..request }).await;
    assert!(matches!(other, Err(ChatError::KeyReused { turn }) if turn == first.turn), "{other:?}");
    chat.slots.release(&LiveStream { turn: first.turn, ..dead("kim") }).await.unwrap();
    assert_eq!(take(&chat, "kim").await, SlotTaking::Taken, "a repeated request left its slot");
}

#[tokio::test]
async fn a_question_to_a_busy_session_is_treated_as_the_shop_wants_whatever_the_limit() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Reject).await;
    let first = chat.service.ask(of("kim", "하나")).await.unwrap();
    let second = chat.service.ask(of("kim", "둘")).await;
    assert!(matches!(second, Err(ChatError::TurnInProgress { turn }) if turn == first.turn), "{second:?}");

    let chat = chat_within(ONE_PER_USER, BusyPolicy::Interrupt).await;
    let first = chat.service.ask(of("kim", "하나")).await.unwrap();
    let second = chat.service.ask(of("kim", "둘")).await.unwrap();
    assert_eq!((first.session, second.repeated), (second.session, false));
}

/// A session in which a question was answered, and the wish to have it answered again.
async fn answered(chat: &Chat) -> (SessionId, Regenerate) {
    chat.now(Script::Say(vec!["네"]));
    let first = chat.service.ask(of("kim", "하나")).await.unwrap();
    chat.events(first.turn).await;
    let message = chat.messages(first.session).await.into_iter().find(|said| said.role == Role::User).unwrap().id;
    (first.session, Regenerate { store: samples::store(), user: None, message, client_message_id: None })
}

#[tokio::test]
async fn a_session_that_is_answering_again_is_busy_whatever_the_limit() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Reject).await;
    let (session, again) = answered(&chat).await;
    chat.now(Script::Hang(vec!["…"]));
    let again = chat.service.regenerate(again).await.unwrap();
    let second = chat.service.ask(Ask { session: Some(session), ..of("kim", "둘") }).await;
    assert!(matches!(second, Err(ChatError::TurnInProgress { turn }) if turn == again.turn), "{second:?}");
}

#[tokio::test]
async fn whoever_is_refused_for_another_reason_takes_no_slot() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Reject).await;
    let ended = Ask { session: Some(samples::session_id(7)), ..of("kim", "하나") };
    chat.storage.insert(&samples::numbered_session(7, "kim")).await.unwrap();
    let mut session = chat.storage.find(&samples::store(), samples::session_id(7)).await.unwrap().unwrap();
    session.state = session_core::model::SessionState::Ended;
    chat.storage.update(&session).await.unwrap();
    assert!(matches!(chat.service.ask(ended).await, Err(ChatError::Session(_))));
    assert_eq!(take(&chat, "kim").await, SlotTaking::Taken);
}

#[tokio::test]
async fn another_answer_to_a_question_needs_a_slot_too() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Queue).await;
    let (_, again) = answered(&chat).await;
    take(&chat, "kim").await;
    assert!(refusal(&chat.service.regenerate(again.clone()).await).is_some());
    chat.slots.release(&dead("kim")).await.unwrap();
    chat.service.regenerate(again).await.unwrap();
}

#[tokio::test]
async fn of_many_who_ask_at_once_as_many_as_allowed_are_answered() {
    let limits = StreamLimits { per_user: 3, per_store: 0 };
    let chat = chat_within(limits, BusyPolicy::Queue).await;
    let mut asks = Vec::new();
    for number in 1..=12 {
        asks.push(to_another_session(&chat, number, "kim").await);
    }
    let asked = futures::future::join_all(asks.into_iter().map(|ask| chat.service.ask(ask))).await;
    assert_eq!(asked.iter().filter(|asked| asked.is_ok()).count(), 3);
    assert_eq!(asked.iter().filter_map(refusal).count(), 9);
    let mut stored = 0;
    for number in 1..=12 {
        stored += messages_of(&chat, number).await;
    }
    assert_eq!(stored, 3);
}

/// Slots that nobody can count.
struct Broken;

#[async_trait]
impl StreamSlots for Broken {
    async fn take(&self, _: &LiveStream, _: StreamLimits, _: Duration) -> Result<SlotTaking, RepositoryError> {
        Err(RepositoryError::unavailable("away"))
    }

    async fn hold(&self, _: &LiveStream, _: Duration) -> Result<(), RepositoryError> {
        Err(RepositoryError::unavailable("away"))
    }

    async fn release(&self, _: &LiveStream) -> Result<(), RepositoryError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_count_nobody_is_refused() {
    let chat = chat_within(ONE_PER_USER, BusyPolicy::Queue).await;
    chat.now(Script::Say(vec!["네"]));
    let service = chat.with_slots(Arc::new(Broken), ONE_PER_USER);
    let mut sessions: Vec<SessionId> = Vec::new();
    for user in ["kim", "kim", "lee"] {
        let asked = service.ask(of(user, "하나")).await.unwrap();
        chat.events(asked.turn).await;
        sessions.push(asked.session);
    }
    assert_eq!(chat.messages(sessions[0]).await.len(), 4);
}

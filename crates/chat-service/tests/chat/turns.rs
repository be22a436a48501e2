//! What becomes of a question.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use chat_service::{Ask, ChatError};
use futures::StreamExt;
use kernel::{StoreId, TurnId, UserId};
use session_core::SessionError;
use session_core::model::{MessageStatus, Role, TurnState};
use session_core::ports::{Glance, SessionRepository, StreamBatch, StreamLogError, TurnRepository, TurnStreamLog};
use session_core::stream::{TurnEvent, TurnFailure, TurnStage};
use session_core::testing::samples;

use crate::support::{QUESTION, Script, ask, chat};

fn failure(events: &[TurnEvent]) -> Option<TurnFailure> {
    match events.last() {
        Some(TurnEvent::Failed { failure, .. }) => Some(*failure),
        _ => None,
    }
}

#[tokio::test]
async fn a_question_is_answered_in_order_and_done_only_when_it_is_stored() {
    let chat = chat(Script::Say(vec!["3,000원이 ", "추가됩니다. [", "1]"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    assert!(asked.is_new && !asked.repeated);
    let events = chat.events(asked.turn).await;
    assert_eq!(events[0], TurnEvent::Session { session: asked.session, turn: asked.turn, is_new: true });
    let stages = [TurnStage::Analyzing, TurnStage::Searching, TurnStage::Answering];
    assert_eq!(events[1..4], stages.map(|stage| TurnEvent::Status { stage }));
    let text: String = events
        .iter()
        .filter_map(|event| match event {
            TurnEvent::Token { content } => Some(content.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(text, "3,000원이 추가됩니다. [1]");
    let [.., TurnEvent::Sources { sources }, TurnEvent::Done(done)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((sources.len(), sources[0].number, sources[0].id.as_str()), (1, 1, "doc-1"));
    assert_eq!((done.total_tokens, done.session_message_count), (150, 2));
    let stored = chat.messages(asked.session).await;
    assert_eq!((stored[0].role, stored[0].content.as_str()), (Role::User, QUESTION));
    assert_eq!((stored[1].id, stored[1].content.as_str()), (done.message, text.as_str()));
    assert_eq!((stored[1].status, &stored[1].sources), (MessageStatus::Complete, sources));
}

#[tokio::test]
async fn a_model_that_breaks_leaves_what_it_said_and_an_honest_end() {
    let chat = chat(Script::Break(vec!["3,000원이 "])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::ModelUnavailable));
    let stored = chat.messages(asked.session).await;
    assert_eq!((stored[1].content.as_str(), stored[1].status), ("3,000원이 ", MessageStatus::Interrupted));
    let turn = chat.storage.find_turn(&samples::store(), asked.turn).await.unwrap().unwrap();
    assert_eq!(turn.state, TurnState::Interrupted);
}

#[tokio::test]
async fn a_model_that_says_nothing_fails_the_turn_and_frees_the_session() {
    let chat = chat(Script::Break(vec![])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::ModelUnavailable));
    let turn = chat.storage.find_turn(&samples::store(), asked.turn).await.unwrap().unwrap();
    assert_eq!((turn.state, turn.answer), (TurnState::Failed, None));
    let again = chat.service.ask(ask(QUESTION)).await.unwrap();
    assert_eq!(again.session, asked.session);
}

#[tokio::test]
async fn a_crash_in_a_turn_ends_its_stream_and_frees_the_session() {
    let chat = chat(Script::Panic).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::Internal));
    let turn = chat.storage.find_turn(&samples::store(), asked.turn).await.unwrap().unwrap();
    assert_eq!(turn.state, TurnState::Failed);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_cut_and_kept() {
    let chat = chat(Script::Hang(vec!["3,000원"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::TimedOut));
    assert_eq!(chat.messages(asked.session).await[1].status, MessageStatus::Interrupted);
}

#[tokio::test]
async fn a_reader_can_come_back_after_any_event() {
    let chat = chat(Script::Say(vec!["가", "나", "다"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    let all = chat.after(asked.turn, 0).await;
    assert!(all.iter().zip(1..).all(|(event, number)| event.number == number));
    for cut in 0..=all.len() {
        let rest = chat.after(asked.turn, cut as u64).await;
        assert_eq!(rest, all[cut..], "after {cut}");
    }
}

#[tokio::test]
async fn a_forgotten_stream_is_told_again_from_the_stored_answer() {
    let chat = chat(Script::Say(vec!["가", "나 [1]"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    let live = chat.events(asked.turn).await;
    chat.clock.advance(Duration::from_mins(11));
    let retold = chat.events(asked.turn).await;
    assert_eq!(retold[0], TurnEvent::Session { session: asked.session, turn: asked.turn, is_new: false });
    assert_eq!(retold[1], TurnEvent::Token { content: "가나 [1]".into() });
    assert_eq!(retold[2], live[live.len() - 2]);
    let (TurnEvent::Done(a), TurnEvent::Done(b)) = (&retold[3], &live[live.len() - 1]) else { panic!("{retold:?}") };
    assert_eq!((a.message, a.total_tokens, a.context_tokens), (b.message, b.total_tokens, b.context_tokens));
    assert!(b.context_tokens > 0);
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_another_process_is_told_once_it_is_closed() {
    let chat = chat(Script::Say(vec!["가"])).await;
    chat.storage.insert(&samples::session("kim")).await.unwrap();
    chat.storage.open_turn(&samples::new_turn(1, 1, QUESTION)).await.unwrap();
    let (events, _) = tokio::join!(chat.events(samples::turn_id(1)), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        chat.storage.close_turn(&samples::closed_turn(1, "3,000원입니다. [1]")).await.unwrap()
    });
    assert!(matches!(events.last(), Some(TurnEvent::Done(_))), "{events:?}");
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_another_process_whose_log_comes_late_goes_on_after_what_was_heard() {
    let chat = chat(Script::Say(vec!["가"])).await;
    chat.storage.insert(&samples::session("kim")).await.unwrap();
    let (session, turn) = (samples::session_id(1), samples::turn_id(1));
    chat.storage.open_turn(&samples::new_turn(1, 1, QUESTION)).await.unwrap();
    let said = [
        TurnEvent::Session { session, turn, is_new: false },
        TurnEvent::Token { content: "3,000원".into() },
        TurnEvent::Failed { session, failure: TurnFailure::ModelUnavailable },
    ];
    let (heard, ()) = tokio::join!(chat.after(turn, 1), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        chat.ports.streams.open(turn).await.unwrap();
        for event in said.clone() {
            chat.ports.streams.append(turn, event).await.unwrap();
        }
    });
    let heard: Vec<_> = heard.into_iter().map(|numbered| (numbered.number, numbered.event)).collect();
    assert_eq!(heard, (1..).zip(said).skip(1).collect::<Vec<_>>());
}

#[tokio::test]
async fn repeating_a_request_finds_its_turn_and_asks_the_model_once() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let request = Ask { client_message_id: Some("c-1".into()), ..ask(QUESTION) };
    let repeats = (0..8).map(|_| chat.service.ask(request.clone()));
    let asked: Vec<_> = futures::future::join_all(repeats).await.into_iter().map(Result::unwrap).collect();
    assert!(asked.iter().all(|one| one.turn == asked[0].turn), "{asked:?}");
    assert_eq!(asked.iter().filter(|one| !one.repeated).count(), 1);
    chat.events(asked[0].turn).await;
    assert_eq!(chat.model.calls.load(Ordering::SeqCst), 1);
    let other = Ask { message: "다른 질문".into(), ..request };
    assert!(matches!(chat.service.ask(other).await, Err(ChatError::KeyReused { turn }) if turn == asked[0].turn));
}

#[tokio::test]
async fn questions_to_one_session_are_answered_one_after_the_other() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let first = chat.service.ask(ask("하나")).await.unwrap();
    let asks = (0..5).map(|n| chat.service.ask(Ask { session: Some(first.session), ..ask(&format!("질문 {n}")) }));
    for asked in futures::future::join_all(asks).await {
        chat.events(asked.unwrap().turn).await;
    }
    let stored = chat.messages(first.session).await;
    let roles: Vec<Role> = stored.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant].repeat(6));
    assert!(stored.chunks(2).all(|pair| pair[0].turn == pair[1].turn));
}

#[tokio::test(start_paused = true)]
async fn a_question_does_not_wait_for_ever_for_the_one_before_it() {
    let chat = chat(Script::Hang(vec!["…"])).await;
    let first = chat.service.ask(ask("하나")).await.unwrap();
    let second = chat.service.ask(ask("둘")).await;
    assert!(matches!(second, Err(ChatError::TurnInProgress { turn }) if turn == first.turn), "{second:?}");
}

#[tokio::test]
async fn the_model_is_given_the_conversation_before_the_question() {
    let chat = chat(Script::Say(vec!["3,000원입니다. [1]"])).await;
    let first = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(first.turn).await;
    let second = chat.service.ask(ask("그럼 며칠 걸려요?")).await.unwrap();
    chat.events(second.turn).await;
    let requests = chat.model.requests.lock().unwrap();
    assert!(requests[0].history.is_empty());
    assert_eq!(requests[1].history.len(), 1);
    assert_eq!(requests[1].history[0].question, QUESTION);
    assert_eq!(requests[1].history[0].answer, "3,000원입니다. [1]");
}

#[tokio::test]
async fn strangers_without_a_name_never_share_a_session() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let stranger = Ask { user: None, ..ask(QUESTION) };
    let (a, b) = (chat.service.ask(stranger.clone()).await.unwrap(), chat.service.ask(stranger).await.unwrap());
    assert!(a.is_new && b.is_new && a.session != b.session);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_before_anything_is_stored() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let refused = async |ask: Ask| chat.service.ask(ask).await.unwrap_err();
    assert!(matches!(refused(ask(" \n")).await, ChatError::EmptyMessage));
    assert!(matches!(refused(ask(&"가".repeat(2001))).await, ChatError::MessageTooLong { max: 2000 }));
    assert!(matches!(refused(ask("a\0b")).await, ChatError::InvalidCharacters));
    let keyed = |key: String| Ask { client_message_id: Some(key), ..ask("?") };
    for key in [String::new(), "k".repeat(129), "a\nb".into()] {
        assert!(matches!(refused(keyed(key)).await, ChatError::InvalidClientMessageId));
    }
    let elsewhere = Ask { session: Some(samples::session_id(9)), ..ask("?") };
    assert!(matches!(refused(elsewhere).await, ChatError::Session(SessionError::NotFound)));
    assert_eq!(chat.model.calls.load(Ordering::SeqCst), 0);
    assert!(chat.service.ask(ask(&"가".repeat(2000))).await.is_ok());
}

#[tokio::test]
async fn another_users_session_and_another_stores_turn_are_unknown() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    let lee = Ask { user: Some(UserId::new("lee").unwrap()), session: Some(asked.session), ..ask("?") };
    assert!(matches!(chat.service.ask(lee).await, Err(ChatError::Session(SessionError::NotFound))));
    let other = StoreId::new("other").unwrap();
    let followed = chat.service.follow(&other, asked.turn, 0).await;
    assert!(matches!(followed.err(), Some(ChatError::UnknownTurn)));
}

#[tokio::test]
async fn an_expired_session_is_refused_by_id_and_renewed_without_one() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let first = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(first.turn).await;
    chat.clock.advance(Duration::from_hours(24));
    let old = chat.service.ask(Ask { session: Some(first.session), ..ask("?") }).await;
    assert!(matches!(old, Err(ChatError::Session(SessionError::Expired))));
    let fresh = chat.service.ask(ask("?")).await.unwrap();
    assert!(fresh.is_new && fresh.session != first.session);
}

#[tokio::test(start_paused = true)]
async fn draining_refuses_questions_and_keeps_what_hanging_answers_said() {
    let chat = chat(Script::Hang(vec!["3,000원"])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(chat.service.drain(Duration::from_secs(1)).await, 0);
    assert!(chat.service.is_draining());
    assert!(matches!(chat.service.ask(ask("?")).await, Err(ChatError::Draining)));
    assert_eq!(failure(&chat.events(asked.turn).await), Some(TurnFailure::Interrupted));
    assert_eq!(chat.messages(asked.session).await[1].content, "3,000원");
}

/// A stream log that cannot be opened.
struct NoStreams;

#[async_trait]
impl TurnStreamLog for NoStreams {
    async fn open(&self, _: TurnId) -> Result<(), StreamLogError> {
        Err(StreamLogError::Backend("no room".into()))
    }
    async fn append(&self, _: TurnId, _: TurnEvent) -> Result<u64, StreamLogError> {
        Err(StreamLogError::NotOpen)
    }
    async fn glance(&self, _: TurnId, _: u64) -> Result<Glance, StreamLogError> {
        Ok(Glance::Unknown)
    }

    async fn read(&self, _: TurnId, _: u64) -> Result<Option<StreamBatch>, StreamLogError> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_turn_without_a_stream_is_refused_and_does_not_block_its_session() {
    let chat = chat(Script::Say(vec!["가"])).await;
    let first = chat.service.ask(ask(QUESTION)).await.unwrap();
    chat.events(first.turn).await;
    let broken = chat.with_streams(Arc::new(NoStreams));
    assert!(matches!(broken.ask(ask("다음 질문")).await, Err(ChatError::Stream(_))));
    let next = chat.service.ask(ask("그다음 질문")).await.unwrap();
    assert!(matches!(chat.events(next.turn).await.last(), Some(TurnEvent::Done(_))));
}

#[tokio::test]
async fn a_reader_slower_than_the_turn_is_cut_and_hears_the_whole_answer_when_it_comes_back() {
    let lengthy: &'static str = Box::leak("가".repeat(20_000).into_boxed_str());
    let chat = chat(Script::Say(vec![lengthy; 60])).await;
    let asked = chat.service.ask(ask(QUESTION)).await.unwrap();
    let mut slow = chat.service.follow(&samples::store(), asked.turn, 0).await.unwrap();
    let first = slow.next().await.unwrap().unwrap();
    assert_eq!(first.number, 1);
    // The turn waits for nobody.
    while chat.storage.find_turn(&samples::store(), asked.turn).await.unwrap().unwrap().state == TurnState::Open {
        tokio::task::yield_now().await;
    }
    let rest: Vec<_> = slow.collect().await;
    let behind = |last: &Result<_, ChatError>| matches!(last, Err(ChatError::Stream(StreamLogError::Behind { .. })));
    assert!(rest.last().is_some_and(behind), "{} events", rest.len());
    let again = chat.service.follow(&samples::store(), asked.turn, rest.len() as u64).await.unwrap();
    let told: Vec<TurnEvent> = again.map(|event| event.unwrap().event).collect().await;
    assert!(matches!(told[0], TurnEvent::Session { .. }), "it starts over");
    assert!(matches!(&told[1], TurnEvent::Token { content } if content.len() == 60 * lengthy.len()));
}

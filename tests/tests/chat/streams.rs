//! How an answer is streamed, followed and resumed.

use std::time::Duration;

use serde_json::{Value, json};
use test_support::wait::wait_until;

use super::JEJU;
use crate::support::{Api, Event, Server, answer_of, data_of, only};

/// A turn in a debug build on a busy machine takes a second at most.
const TURN_LIMIT: Duration = Duration::from_secs(20);

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::kind).collect()
}

async fn has_answer(api: &Api, session: &str) -> bool {
    let messages = api.messages("minji", session).await;
    messages.get(1).is_some_and(|message| message["status"] == "complete")
}

#[tokio::test]
async fn a_stream_tells_session_stages_tokens_sources_and_end_in_that_order() {
    let server = Server::start().await;
    let events = server.api().events(&json!({"message": JEJU, "userId": "minji"})).await;
    let kinds = kinds(&events);
    assert_eq!(kinds[..4], ["session", "status", "status", "status"]);
    assert_eq!(kinds[kinds.len() - 2..], ["sources", "done"]);
    let tokens = &kinds[4..kinds.len() - 2];
    assert!(tokens.len() > 1 && tokens.iter().all(|kind| *kind == "token"), "{kinds:?}");

    let numbers: Vec<u64> = events.iter().map(|event| event.id).collect();
    assert_eq!(numbers, (1..=events.len() as u64).collect::<Vec<_>>());
    let stages: Vec<&str> =
        data_of(&events, "status").iter().map(|status| status["message"].as_str().unwrap()).collect();
    assert_eq!(stages, ["질문 분석 중...", "관련 문서 검색 중...", "답변 생성 중..."]);
    assert_eq!(only(&events, "session")["isNew"], true);
}

#[tokio::test]
async fn whoever_reads_done_finds_the_answer_stored() {
    let server = Server::start().await;
    let api = server.api();
    for round in 1..=5 {
        let mut stream = api.stream(&json!({"message": JEJU, "userId": "minji"})).await;
        let done = stream.until("done").await.data;
        let messages = api.messages("minji", done["sessionId"].as_str().unwrap()).await;
        assert_eq!(messages.len(), 2 * round);
        let last = messages.last().unwrap();
        assert_eq!((&last["id"], &last["status"]), (&done["messageId"], &json!("complete")));
        assert_eq!(done["metadata"]["sessionMessageCount"], messages.len());
        assert_eq!(last["tokenUsage"], done["metadata"]["tokenUsage"]);
    }
}

#[tokio::test]
async fn a_stream_resumes_after_any_event_with_exactly_the_rest() {
    let server = Server::start().await;
    let api = server.api();
    let events = api.events(&json!({"message": JEJU, "userId": "minji"})).await;
    let turn = only(&events, "session")["turnId"].as_str().unwrap();
    for after in 0..=events.len() {
        let rest = api.resume(turn, after as u64).await;
        assert_eq!(rest, events[after..], "after {after}");
    }
}

#[tokio::test]
async fn a_second_reader_that_joins_a_running_turn_sees_all_of_it() {
    let server = Server::start().await;
    let api = server.api();
    let mut first = api.stream(&json!({"message": JEJU, "userId": "minji"})).await;
    let opening = first.next().await.unwrap();
    let second = api.resume(opening.data["turnId"].as_str().unwrap(), 0).await;
    let mut all = vec![opening];
    all.extend(first.rest().await);
    assert_eq!(second, all);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_cancel_its_question() {
    let server = Server::start().await;
    let api = server.api();
    for round in 1..=3 {
        let session = api.new_session("minji").await;
        let body = json!({"message": JEJU, "userId": "minji", "sessionId": session});
        let mut stream = api.stream(&body).await;
        let opening = stream.next().await.unwrap();
        drop(stream);
        let answered = wait_until(TURN_LIMIT, || has_answer(&api, &session)).await;
        assert_eq!(answered, Ok(()), "round {round}");
        let told_again = api.resume(opening.data["turnId"].as_str().unwrap(), 0).await;
        let messages = api.messages("minji", &session).await;
        assert_eq!(messages[1]["content"], answer_of(&told_again));
    }
}

#[tokio::test]
async fn a_turn_whose_stream_is_forgotten_is_told_again_from_what_was_stored() {
    let mut server = Server::start().await;
    let events = server.api().events(&json!({"message": JEJU, "userId": "minji"})).await;
    let turn = only(&events, "session")["turnId"].as_str().unwrap();
    assert!(server.terminate().success());
    server.restart().await;
    let again = server.api().resume(turn, 0).await;
    assert_eq!(kinds(&again), ["session", "token", "sources", "done"]);
    assert_eq!(answer_of(&again), answer_of(&events));
    assert_eq!(only(&again, "sources"), only(&events, "sources"));
    let same = |field: &str| only(&again, "done")[field] == only(&events, "done")[field];
    assert!(same("messageId") && same("sessionId"), "{again:?}");
}

#[tokio::test]
async fn stages_are_told_in_english_to_who_prefers_it() {
    let server = Server::start().await;
    let api = server.api();
    let request = api.request(reqwest::Method::POST, "/api/chat/stream").header("Accept-Language", "en-GB,ko;q=0.5");
    let body: Value = json!({"message": JEJU, "userId": "minji"});
    let text = request.json(&body).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("Searching the documents...") && !text.contains("관련 문서 검색 중"), "{text}");
}

//! Answers that are stopped, and sessions that are busy.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Home, QUESTION, on_each_database};
use crate::support::{Api, Event, EventReader, Outcome, assert_error, data_of};

/// A question so long that it is still being answered when whoever asked has thought better of it.
fn long_question() -> String {
    question_of(LONG)
}

pub(super) fn question_of(characters: usize) -> String {
    let words =
        "제주도 배송비 반품 교환 이불 사이즈 세탁 쿠폰 적립금 회원 주문 취소 결제 카드 영수증 도서 산간 무료 환불 ";
    words.chars().cycle().take(characters).collect()
}
/// In characters.
const LONG: usize = 90_000;
/// Lets such questions in.
pub(super) const LONG_QUESTIONS: (&str, &str) = ("IYAGI__CHAT__MAX_MESSAGE_CHARS", "100000");
const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

on_each_database! {
    a_cancelled_turn_stops_keeps_its_question_and_frees_its_session
    cancelling_a_turn_that_is_over_or_not_ones_own_changes_nothing
    a_question_that_cannot_wait_longer_is_told_which_turn_is_in_the_way
    a_shop_may_refuse_what_is_asked_meanwhile
    a_shop_may_let_the_newer_question_interrupt
}

pub(super) async fn cancel(api: &Api, turn: &Value) -> Value {
    let address = format!("/api/turns/{}/cancel", turn.as_str().unwrap());
    match Outcome::of(api.request(Method::POST, &address).send().await.unwrap()).await {
        Outcome::Done(cancelled) => cancelled,
        other => panic!("{other:?}"),
    }
}

/// Asks for something long; gives the stream, and the `session` event that it began with.
pub(super) async fn ask_long(api: &Api, user: &str, session: &str, question: &str) -> (EventReader, Value) {
    let body = json!({"message": question, "userId": user, "sessionId": session, "clientMessageId": "long"});
    let mut stream = api.stream(&body).await;
    let begun = stream.until("session").await.data;
    (stream, begun)
}

/// The code a stream failed with.
pub(super) fn failure(events: &[Event]) -> Option<&str> {
    data_of(events, "error").first().map(|failure| failure["code"].as_str().unwrap())
}

async fn a_cancelled_turn_stops_keeps_its_question_and_frees_its_session(home: &Home) {
    let server = home.server_with(&[LONG_QUESTIONS]).await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let (stream, begun) = ask_long(&api, "minji", &session, &long_question()).await;
    // Waits behind the long one.
    let next = tokio::spawn({
        let (api, body) = (api.clone(), json!({"message": QUESTION, "userId": "minji", "sessionId": session}));
        async move { api.ask(&body).await }
    });
    let cancelled = cancel(&api, &begun["turnId"]).await;
    assert_eq!(cancelled["state"], "interrupted");
    assert_eq!(cancelled["turnId"], begun["turnId"]);
    let events = stream.rest().await;
    assert_eq!(failure(&events), Some("TURN_CANCELLED"), "{events:?}");
    assert_eq!(cancel(&api, &begun["turnId"]).await, cancelled, "a second time changes nothing");

    let reply = next.await.unwrap();
    let messages = api.messages("minji", &session).await;
    let of_the_long: Vec<&Value> = messages.iter().filter(|message| message["turnId"] == begun["turnId"]).collect();
    assert_eq!(of_the_long[0]["content"], long_question().as_str());
    assert!(of_the_long[1..].iter().all(|answer| answer["status"] == "interrupted"), "{messages:?}");
    assert_eq!(messages.last().unwrap()["id"], reply["messageId"]);
    assert_eq!(messages.len(), of_the_long.len() + 2);
    // Whoever asks the same again learns how it ended.
    let body = json!({"message": long_question(), "userId": "minji", "sessionId": session, "clientMessageId": "long"});
    let again = api.try_ask(&body).await;
    assert!(again.is_refused(409, "TURN_CANCELLED"), "{again:?}");
}

async fn cancelling_a_turn_that_is_over_or_not_ones_own_changes_nothing(home: &Home) {
    let server = home.server().await;
    let api = server.api();
    let reply = api.ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    let session = reply["sessionId"].as_str().unwrap();
    let before = api.messages("minji", session).await;
    let cancelled = cancel(&api, &reply["turnId"]).await;
    assert_eq!((&cancelled["state"], &cancelled["messageId"]), (&json!("completed"), &reply["messageId"]));
    let turn = reply["turnId"].as_str().unwrap();
    for address in [format!("/api/turns/{NOBODY}/cancel"), format!("/api/turns/{turn}/cancel?userId=jiho")] {
        let response = api.request(Method::POST, &address).send().await.unwrap();
        assert_error(response, 404, "TURN_NOT_FOUND").await;
    }
    assert_eq!(api.messages("minji", session).await, before);
}

async fn a_question_that_cannot_wait_longer_is_told_which_turn_is_in_the_way(home: &Home) {
    let patience = ("IYAGI__CHAT__QUEUE_TIMEOUT_SECONDS", "1");
    let server = home.server_with(&[LONG_QUESTIONS, patience]).await;
    let api = server.api();
    let session = api.new_session("minji").await;
    // Together they take longer than a second, whatever the machine.
    let long = futures::future::join_all((0..LONG_ONES).map(async |number| {
        let body = json!({
            "message": format!("{number} {}", long_question()), "userId": "minji", "sessionId": session,
        });
        api.try_ask(&body).await
    }));
    let outcomes = long.await;
    let answered = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done(_))).count();
    let late = outcomes.iter().filter(|outcome| outcome.is_refused(409, "TURN_IN_PROGRESS")).count();
    assert!(answered > 0 && late > 0, "{outcomes:?}");
    assert_eq!(answered + late, LONG_ONES, "{outcomes:?}");
    assert_eq!(api.messages("minji", &session).await.len(), 2 * answered, "who is refused leaves nothing");
}

const LONG_ONES: usize = 8;

async fn a_shop_may_refuse_what_is_asked_meanwhile(home: &Home) {
    let server = home.server_with(&[LONG_QUESTIONS, ("IYAGI__CHAT__BUSY", "reject")]).await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let (stream, begun) = ask_long(&api, "minji", &session, &long_question()).await;
    let meanwhile = json!({"message": QUESTION, "userId": "minji", "sessionId": session});
    let refused = api.try_ask(&meanwhile).await;
    assert!(refused.is_refused(409, "TURN_IN_PROGRESS"), "{refused:?}");
    assert_eq!(failure(&stream.rest().await), None, "who came first is answered");
    let reply = api.ask(&meanwhile).await;
    let messages = api.messages("minji", &session).await;
    let turns: Vec<&Value> = messages.iter().map(|message| &message["turnId"]).collect();
    assert_eq!(turns, [&begun["turnId"], &begun["turnId"], &reply["turnId"], &reply["turnId"]]);
}

async fn a_shop_may_let_the_newer_question_interrupt(home: &Home) {
    let server = home.server_with(&[LONG_QUESTIONS, ("IYAGI__CHAT__BUSY", "interrupt")]).await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let (stream, begun) = ask_long(&api, "minji", &session, &long_question()).await;
    let reply = api.ask(&json!({"message": QUESTION, "userId": "minji", "sessionId": session})).await;
    let events = stream.rest().await;
    assert_eq!(failure(&events), Some("TURN_CANCELLED"), "{events:?}");
    assert_eq!(cancel(&api, &begun["turnId"]).await["state"], "interrupted");
    let messages = api.messages("minji", &session).await;
    assert_eq!((&messages[0]["turnId"], &messages[0]["role"]), (&begun["turnId"], &json!("user")));
    let of_the_long = messages.iter().filter(|message| message["turnId"] == begun["turnId"]);
    assert!(of_the_long.skip(1).all(|answer| answer["status"] == "interrupted"), "{messages:?}");
    assert_eq!(messages.last().unwrap()["id"], reply["messageId"]);
}

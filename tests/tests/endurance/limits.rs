//! Answers at once: no more than allowed, over all servers, and never fewer for longer than a lease.

use std::time::Instant;

use futures::future::join;
use serde_json::{Value, json};
use test_support::postgres::TestDatabase;
use test_support::wait::wait_until;

use super::cancelling::{LONG_QUESTIONS, ask_long, cancel, failure, question_of};
use super::{Home, LEASE, MARGIN, QUESTION, on_each_database};
use crate::support::{Outcome, Server, Socket};

const ONE_AT_A_TIME: (&str, &str) = ("IYAGI__CHAT__STREAMS_PER_USER", "1");
/// In characters: it is still being answered when the next question comes.
const LONG: usize = 90_000;
/// The code of a refusal.
const CODE: &str = "TOO_MANY_STREAMS";

on_each_database! {
    a_user_who_is_being_answered_is_refused_in_another_session_and_asks_again_when_that_is_over
}

fn question_in(session: &str) -> Value {
    json!({"message": QUESTION, "userId": "minji", "sessionId": session})
}

/// Checks that a question is refused by the limit, and says when to come back.
fn assert_refused(outcome: &Outcome) {
    assert!(outcome.is_refused(429, CODE), "{outcome:?}");
    assert!(matches!(outcome, Outcome::Refused { retry_after: Some(5), .. }), "{outcome:?}");
}

async fn a_user_who_is_being_answered_is_refused_in_another_session_and_asks_again_when_that_is_over(home: &Home) {
    let server = home.server_with(&[LONG_QUESTIONS, ONE_AT_A_TIME]).await;
    let api = server.api();
    let (busy, free) = (api.new_session("minji").await, api.new_session("minji").await);
    let mut socket = Socket::connect(server.base(), &free, "?userId=minji").await;
    let (stream, begun) = ask_long(&api, "minji", &busy, &question_of(LONG)).await;
    assert_refused(&api.try_ask(&question_in(&free)).await);
    socket.say(&json!({"type": "message", "message": QUESTION})).await;
    let heard = socket.until("error").await;
    assert_eq!(heard.last().unwrap()["code"], CODE, "{heard:?}");
    assert!(matches!(api.try_ask(&json!({"message": QUESTION, "userId": "jiho"})).await, Outcome::Done(_)));
    cancel(&api, &begun["turnId"]).await;
    assert_eq!(failure(&stream.rest().await), Some("TURN_CANCELLED"));
    assert!(api.messages("minji", &free).await.is_empty(), "who is refused leaves nothing");
    // One after the other nobody is refused, and whoever hears of the end may ask.
    for _ in 0..10 {
        api.ask(&question_in(&free)).await;
    }
    assert_eq!(api.metric("streams_refused_total{limit=\"user\"}").await, Some(2.0));
}

async fn two_servers(database: TestDatabase) -> (Server, Server, Home) {
    let home = Home::Postgres(database);
    let (one, other) = home.two_servers(&[LONG_QUESTIONS, ONE_AT_A_TIME]).await;
    (one, other, home)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_share_a_database_share_the_limit() {
    let database = test_support::require!(test_support::postgres::database().await);
    let (one, other, _home) = two_servers(database).await;
    let (api, far) = (one.api(), other.api());
    let (busy, free) = (api.new_session("minji").await, api.new_session("minji").await);
    let (stream, begun) = ask_long(&api, "minji", &busy, &question_of(LONG)).await;
    assert_refused(&far.try_ask(&question_in(&free)).await);
    // Who asks the same again is told its answer, also elsewhere.
    let body = json!({"message": question_of(LONG), "userId": "minji", "sessionId": busy, "clientMessageId": "long"});
    let (again, events) = join(far.events(&body), stream.rest()).await;
    assert_eq!(again[0].data["turnId"], begun["turnId"]);
    assert_eq!((failure(&again), failure(&events)), (None, None));
    far.ask(&question_in(&free)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_gives_its_slots_back_within_their_lease() {
    let database = test_support::require!(test_support::postgres::database().await);
    let (mut one, other, _home) = two_servers(database).await;
    let (api, far) = (one.api(), other.api());
    let (busy, free) = (api.new_session("minji").await, api.new_session("minji").await);
    let (_stream, _begun) = ask_long(&api, "minji", &busy, &question_of(LONG)).await;
    one.kill9();
    let killed = Instant::now();
    assert_refused(&far.try_ask(&question_in(&free)).await);
    let answered = wait_until(LEASE + MARGIN, async || match far.try_ask(&question_in(&free)).await {
        Outcome::Done(_) => true,
        refused => {
            assert_refused(&refused);
            false
        }
    });
    assert_eq!(answered.await, Ok(()));
    eprintln!("answered {:?} after the kill", killed.elapsed());
}

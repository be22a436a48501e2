//! Two servers on one PostgreSQL.

use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use serde_json::{Value, json};
use test_support::postgres::TestDatabase;

use super::cancelling::{LONG_QUESTIONS, ask_long, cancel, failure, question_of};
use super::ledger::{Acknowledged, assert_alternates};
use super::{Home, QUESTION};
use crate::support::{Event, Server};

/// A live turn hears within so long that it is to stop.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// What a busy machine may add.
const TOLERATED: Duration = Duration::from_secs(25);
const QUESTIONS: usize = 40;
/// So many long questions at once: one crowd or the next keeps a server busy for longer than a sign of life takes.
const CROWDS: [usize; 3] = [160, 320, 640];
/// In characters.
const LONG: usize = 12_000;

async fn two_servers(database: TestDatabase) -> (Server, Server, Home) {
    let home = Home::Postgres(database);
    let (one, other) = home.two_servers(&[LONG_QUESTIONS]).await;
    (one, other, home)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_to_one_session_at_two_servers_are_answered_one_after_the_other() {
    let database = test_support::require!(test_support::postgres::database().await);
    let (one, other, _home) = two_servers(database).await;
    let apis = [one.api(), other.api()];
    let session = apis[0].new_session("minji").await;
    let asked = (0..QUESTIONS).map(async |number| {
        let question = format!("{QUESTION} {number}");
        let body = json!({"message": question, "userId": "minji", "sessionId": session});
        Acknowledged { reply: apis[number % 2].ask(&body).await, question }
    });
    let acknowledged = join_all(asked).await;
    for api in &apis {
        assert_alternates(&api.messages("minji", &session).await, &acknowledged);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_at_two_servers_is_one_turn() {
    let database = test_support::require!(test_support::postgres::database().await);
    let (one, other, _home) = two_servers(database).await;
    let apis = [one.api(), other.api()];
    let session = apis[0].new_session("minji").await;
    let body = json!({"message": QUESTION, "userId": "minji", "sessionId": session, "clientMessageId": "m-1"});
    let replies = join_all((0..8).map(async |number: usize| apis[number % 2].ask(&body).await)).await;
    for reply in &replies {
        for field in ["turnId", "messageId", "content", "sources"] {
            assert_eq!(reply[field], replies[0][field], "{field}");
        }
    }
    assert_eq!(apis[1].messages("minji", &session).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_is_cancelled_at_the_other_server_within_its_sign_of_life() {
    let database = test_support::require!(test_support::postgres::database().await);
    let (one, other, _home) = two_servers(database).await;
    let mut stopped = Vec::new();
    for turns in CROWDS {
        let crowd = (0..turns).map(|number| cancelled_elsewhere(&one, &other, format!("user-{turns}-{number}")));
        stopped = join_all(crowd).await.into_iter().flatten().collect();
        eprintln!("{} of {turns} turns stopped after {stopped:?}", stopped.len());
        if !stopped.is_empty() {
            break;
        }
    }
    assert!(!stopped.is_empty(), "every turn was over before it could hear");
    assert!(stopped.iter().all(|took| *took < SIGN_OF_LIFE + TOLERATED), "{stopped:?}");
}

/// Asks at one server and cancels at the other. Gives how long the turn went on; `None` when it was over before
/// it heard.
async fn cancelled_elsewhere(one: &Server, other: &Server, user: String) -> Option<Duration> {
    let (api, far) = (one.api(), other.api());
    let session = api.new_session(&user).await;
    let (stream, begun) = ask_long(&api, &user, &session, &question_of(LONG)).await;
    let asked = Instant::now();
    let (_, events): (Value, Vec<Event>) = join(cancel(&far, &begun["turnId"]), stream.rest()).await;
    let took = asked.elapsed();
    // By now both know.
    let state = cancel(&far, &begun["turnId"]).await["state"].clone();
    let messages = far.messages(&user, &session).await;
    match failure(&events) {
        Some(code) => {
            assert_eq!((code, &state), ("TURN_CANCELLED", &json!("interrupted")));
            assert!(messages.iter().all(|message| message["role"] == "user" || message["status"] == "interrupted"));
        }
        None => assert_eq!(state, "completed"),
    }
    let next = far.ask(&json!({"message": QUESTION, "userId": user, "sessionId": session})).await;
    assert_eq!(next["metadata"]["sessionMessageCount"], messages.len() + 2);
    failure(&events).map(|_| took)
}

//! Thousands of questions.

use std::time::Instant;

use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::ledger::{Acknowledged, assert_alternates};
use super::{Home, on_each_database};
use crate::support::Api;

const AT_ONCE: usize = 64;
const SESSIONS: usize = 500;
const QUESTIONS_EACH: usize = 10;

on_each_database! {
    two_hundred_questions_at_once_to_one_session_are_answered_one_after_the_other
    five_thousand_questions_to_five_hundred_sessions_are_each_kept_once_and_in_order
}

async fn two_hundred_questions_at_once_to_one_session_are_answered_one_after_the_other(home: &Home) {
    let server = home.server().await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let begun = Instant::now();
    let asked = (0..200).map(|number| ask(&api, "minji", &session, number));
    let acknowledged = futures::future::join_all(asked).await;
    eprintln!("200 questions to one session: {:?}", begun.elapsed());
    assert_alternates(&api.messages("minji", &session).await, &acknowledged);
}

async fn five_thousand_questions_to_five_hundred_sessions_are_each_kept_once_and_in_order(home: &Home) {
    let server = home.server().await;
    let api = server.api();
    let sessions: Vec<(String, String)> = stream::iter(0..SESSIONS)
        .map(async |number| {
            let user = format!("user-{number}");
            let session = api.new_session(&user).await;
            (user, session)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    let begun = Instant::now();
    // All questions of a session come at about the same time: they contend for it, and sessions for the server.
    let acknowledged: Vec<Acknowledged> = stream::iter(0..SESSIONS * QUESTIONS_EACH)
        .map(|number| {
            let (user, session) = &sessions[number / QUESTIONS_EACH];
            ask(&api, user, session, number)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    eprintln!("{} questions to {SESSIONS} sessions: {:?}", acknowledged.len(), begun.elapsed());
    let checks = sessions.iter().zip(acknowledged.chunks(QUESTIONS_EACH));
    let check = async |((user, session), told): (&(String, String), &[Acknowledged])| {
        assert_alternates(&api.messages(user, session).await, told);
    };
    stream::iter(checks).map(check).buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// A short question, unlike any other: what is proven is keeping, not answering.
async fn ask(api: &Api, user: &str, session: &str, number: usize) -> Acknowledged {
    let question = format!("제주 배송비 {number}");
    let body = json!({"message": question, "userId": user, "sessionId": session});
    let reply: Value = api.ask(&body).await;
    assert_eq!(reply["sessionId"], session);
    Acknowledged { question, reply }
}

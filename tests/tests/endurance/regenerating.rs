//! Answers that are asked for again.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Home, QUESTION, on_each_database};
use crate::support::{Api, EventReader, Outcome, assert_error, only};

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

on_each_database! {
    a_question_answered_again_has_two_answers_and_nothing_else_changes
    answering_again_waits_its_turn_among_questions_and_happens_once_for_each_request
}

async fn regenerate(api: &Api, message: &Value, body: &Value) -> Value {
    let address = format!("/api/messages/{}/regenerate?userId=minji", message.as_str().unwrap());
    match Outcome::of(api.post(&address, body).await).await {
        Outcome::Done(reply) => reply,
        other => panic!("{other:?}"),
    }
}

async fn a_question_answered_again_has_two_answers_and_nothing_else_changes(home: &Home) {
    let server = home.server().await;
    let api = server.api();
    let first = api.ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    let session = first["sessionId"].as_str().unwrap();
    let before = api.messages("minji", session).await;
    let second = regenerate(&api, &first["messageId"], &json!({})).await;
    assert_ne!(second["turnId"], first["turnId"]);
    assert_eq!(second["content"], first["content"], "the conversation before the question is the same");

    // By the question, and as a stream.
    let address = format!("/api/messages/{}/regenerate", before[0]["id"].as_str().unwrap());
    let request = api.request(Method::POST, &address).header("Accept", "text/event-stream");
    let events = EventReader::new(request.send().await.unwrap()).rest().await;
    let after = api.messages("minji", session).await;
    assert_eq!(after[..2], before[..]);
    assert_eq!(after.len(), 4);
    assert_eq!((&after[2]["id"], &after[3]["id"]), (&second["messageId"], &only(&events, "done")["messageId"]));
    for answer in &after[1..] {
        assert_eq!((&answer["role"], &answer["parentMessageId"]), (&json!("assistant"), &before[0]["id"]));
    }
    let stranger = api.post(&format!("{address}?userId=jiho"), &json!({})).await;
    assert_error(stranger, 404, "MESSAGE_NOT_FOUND").await;
    let unknown = api.post(&format!("/api/messages/{NOBODY}/regenerate"), &json!({})).await;
    assert_error(unknown, 404, "MESSAGE_NOT_FOUND").await;
    assert_eq!(api.messages("minji", session).await.len(), 4);
}

async fn answering_again_waits_its_turn_among_questions_and_happens_once_for_each_request(home: &Home) {
    let server = home.server().await;
    let api = server.api();
    let first = api.ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    let session = first["sessionId"].as_str().unwrap();
    let all = (0..24).map(async |number: usize| {
        if number.is_multiple_of(3) {
            return api.ask(&json!({"message": QUESTION, "userId": "minji", "sessionId": session})).await;
        }
        // Four of each request.
        let key = format!("again-{}", number / 6);
        regenerate(&api, &first["messageId"], &json!({"clientMessageId": key})).await
    });
    let replies = futures::future::join_all(all).await;
    let turns: std::collections::BTreeSet<&str> =
        replies.iter().map(|reply| reply["turnId"].as_str().unwrap()).collect();
    assert_eq!(turns.len(), 8 + 4, "eight questions and four requests for another answer");

    let messages = api.messages("minji", session).await;
    assert_eq!(messages.len(), 2 + 2 * 8 + 4);
    for reply in &replies {
        let answer = messages.iter().find(|message| message["id"] == reply["messageId"]).unwrap();
        assert_eq!((&answer["turnId"], &answer["status"]), (&reply["turnId"], &json!("complete")));
    }
    let again = messages.iter().filter(|message| message["parentMessageId"] == messages[0]["id"]).count();
    assert_eq!(again, 1 + 4);
}

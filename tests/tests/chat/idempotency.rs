//! Repeating a request never asks twice.

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::json;

use super::{DRONE, JEJU};
use crate::support::{Server, answer_of, assert_error, only};

#[tokio::test]
async fn a_repeated_request_gives_the_same_answer_and_makes_no_second_turn() {
    let server = Server::start().await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let body = json!({"message": JEJU, "userId": "minji", "sessionId": session, "clientMessageId": "m-1"});
    let first = api.ask(&body).await;
    let second = api.ask(&body).await;
    for field in ["turnId", "messageId", "answer", "sources", "sessionId"] {
        assert_eq!(first[field], second[field], "{field}");
    }
    let streamed = api.events(&body).await;
    assert_eq!(only(&streamed, "session")["turnId"], first["turnId"]);
    assert_eq!(answer_of(&streamed), first["answer"].as_str().unwrap());
    assert_eq!(api.messages("minji", &session).await.len(), 2);
}

#[tokio::test]
async fn eight_identical_requests_at_once_are_one_turn() {
    let server = Server::start().await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let body = json!({"message": JEJU, "userId": "minji", "sessionId": session, "clientMessageId": "m-1"});
    let replies = join_all((0..8).map(|_| api.ask(&body))).await;
    let distinct = |field: &str| replies.iter().map(|reply| reply[field].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(distinct("turnId").len(), 1);
    assert_eq!(distinct("messageId").len(), 1);
    assert_eq!(distinct("answer").len(), 1);
    assert_eq!(api.messages("minji", &session).await.len(), 2);
}

#[tokio::test]
async fn eight_identical_first_questions_at_once_share_one_new_session_and_one_turn() {
    let server = Server::start().await;
    let api = server.api();
    let body = json!({"message": JEJU, "userId": "minji", "clientMessageId": "m-1"});
    let replies = join_all((0..8).map(|_| api.ask(&body))).await;
    let distinct = |field: &str| replies.iter().map(|reply| reply[field].as_str().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!((distinct("sessionId").len(), distinct("turnId").len()), (1, 1));
    assert_eq!(api.messages("minji", replies[0]["sessionId"].as_str().unwrap()).await.len(), 2);
}

#[tokio::test]
async fn an_id_used_for_another_question_is_refused() {
    let server = Server::start().await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let ask =
        |message: &str| json!({"message": message, "userId": "minji", "sessionId": session, "clientMessageId": "m-1"});
    api.ask(&ask(JEJU)).await;
    for path in ["/api/chat", "/api/chat/stream"] {
        assert_error(api.post(path, &ask(DRONE)).await, 409, "IDEMPOTENCY_KEY_REUSED").await;
    }
    assert_eq!(api.messages("minji", &session).await.len(), 2);
}

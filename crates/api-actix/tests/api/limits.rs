//! Answers at once over HTTP. Over a WebSocket the end-to-end tests ask for too many.

use serde_json::{Value, json};
use session_core::ports::{MessageRange, StreamLimits, TurnRepository};
use session_core::testing::samples;

use crate::support::{Api, QUESTION, Reply, Script, Setup};

/// An application whose one answer at a time never ends, being given in a session of `kim`'s; and the message asked
/// in it.
async fn busy(streams: StreamLimits) -> (Api, String) {
    let api = Setup { script: Script::Hang, streams, ..Setup::default() }.api().await;
    let session = api.session().await;
    api.asked_in(&session).await;
    let (range, page) = (MessageRange::Latest, kernel::PageLimit::DEFAULT);
    let said = api.storage.messages(&samples::store(), session.parse().unwrap(), range, page).await.unwrap();
    (api, said.items[0].id.to_string())
}

#[track_caller]
fn refused_by(reply: &Reply, limit: &str) {
    reply.refused(429, "TOO_MANY_STREAMS");
    assert_eq!(reply.header("retry-after"), "5");
    let body: Value = reply.json();
    assert_eq!(body["error"], "동시에 답변을 1개까지 드릴 수 있습니다. 진행 중인 답변이 끝난 뒤에 다시 보내 주세요.");
    assert_eq!(body["details"], json!([{"field": "limit", "message": limit}]));
}

#[actix_web::test]
async fn a_question_over_the_limit_is_refused_on_every_way_to_ask_and_not_stored() {
    let (api, _) = busy(StreamLimits { per_user: 1, per_store: 0 }).await;
    let session = api.session().await;
    let body = json!({"message": QUESTION, "sessionId": session});
    for address in ["/api/chat", "/api/chat/stream"] {
        refused_by(&api.post(address, body.clone()).await, "user");
    }
    for address in [format!("/api/session-chat/{session}"), format!("/api/session-chat/{session}/stream")] {
        refused_by(&api.post(&address, json!({"message": QUESTION})).await, "user");
    }
    let messages = api.get(&format!("/api/sessions/{session}/messages")).await.json();
    assert_eq!(messages["items"], json!([]));
}

#[actix_web::test]
async fn a_question_of_somebody_new_over_the_stores_limit_begins_no_session() {
    let (api, _) = busy(StreamLimits { per_user: 0, per_store: 1 }).await;
    refused_by(&api.post("/api/chat", json!({"message": QUESTION, "userId": "lee"})).await, "store");
    refused_by(&api.post("/api/chat", json!({"message": QUESTION})).await, "store");
    let sessions = api.get("/api/sessions").await.json();
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn the_session_that_is_busy_says_so_rather_than_the_limit() {
    let (api, message) = busy(StreamLimits { per_user: 1, per_store: 1 }).await;
    let reply = api.post(&format!("/api/messages/{message}/regenerate"), json!({})).await;
    reply.refused(409, "TURN_IN_PROGRESS");
    let user = json!({"message": QUESTION, "userId": "kim"});
    // The session used last is the one that is busy.
    api.post("/api/chat", user).await.refused(409, "TURN_IN_PROGRESS");
}

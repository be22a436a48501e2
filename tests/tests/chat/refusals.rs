//! What is refused, and how it is said.

use reqwest::Method;
use serde_json::{Value, json};

use super::JEJU;
use crate::support::{Server, assert_error};

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";

#[tokio::test]
async fn a_body_that_cannot_be_taken_is_a_400_that_says_which() {
    let server = Server::start().await;
    let api = server.api();
    let long = "가".repeat(2001);
    for (body, code) in [
        (json!({}), "INVALID_BODY"),
        (json!({"message": 7}), "INVALID_BODY"),
        (json!({"message": JEJU, "mesage": "x"}), "INVALID_BODY"),
        (json!({"message": ""}), "EMPTY_MESSAGE"),
        (json!({"message": " \n\t "}), "EMPTY_MESSAGE"),
        (json!({"message": long}), "MESSAGE_TOO_LONG"),
        (json!({"message": "a\u{0}b"}), "INVALID_CHARACTERS"),
        (json!({"message": JEJU, "clientMessageId": ""}), "INVALID_CLIENT_MESSAGE_ID"),
    ] {
        for path in ["/api/chat", "/api/chat/stream"] {
            assert_error(api.post(path, &body).await, 400, code).await;
        }
    }
    for session in ["1", "not-a-uuid"] {
        let response = api.post("/api/chat", &json!({"message": JEJU, "sessionId": session})).await;
        assert_eq!(response.status(), 400);
    }
    for body in ["", "{", "[]", "\"x\"", "{\"message\":\"\\uD800\"}"] {
        let request = api.request(Method::POST, "/api/chat").header("Content-Type", "application/json");
        let response = request.body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        let refusal: Value = response.json().await.unwrap();
        assert!(refusal["code"].as_str().unwrap().starts_with("INVALID_"), "{body}: {refusal}");
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_a_400() {
    let server = Server::start().await;
    let api = server.api();
    for path in ["/api/sessions/7", "/api/sessions/7/messages", "/api/turns/x/stream"] {
        assert_error(api.get(path).await, 400, "INVALID_ID").await;
    }
    let request = api.request(Method::GET, &format!("/api/turns/{NOBODY}/stream")).header("Last-Event-ID", "many");
    assert_error(request.send().await.unwrap(), 400, "INVALID_EVENT_ID").await;
}

#[tokio::test]
async fn what_is_not_there_is_a_404() {
    let server = Server::start().await;
    let api = server.api();
    assert_error(api.get("/api/nothing").await, 404, "ROUTE_NOT_FOUND").await;
    assert_error(api.get(&format!("/api/sessions/{NOBODY}")).await, 404, "SESSION_NOT_FOUND").await;
    assert_error(api.get(&format!("/api/sessions/{NOBODY}/messages")).await, 404, "SESSION_NOT_FOUND").await;
    assert_error(api.get(&format!("/api/turns/{NOBODY}/stream")).await, 404, "TURN_NOT_FOUND").await;
    let ask = json!({"message": JEJU, "sessionId": NOBODY});
    assert_error(api.post("/api/chat", &ask).await, 404, "SESSION_NOT_FOUND").await;
    let feedback = json!({"thumbs": "up"});
    let response = api.post(&format!("/api/messages/{NOBODY}/feedback"), &feedback).await;
    assert_error(response, 404, "MESSAGE_NOT_FOUND").await;
}

#[tokio::test]
async fn another_users_session_is_as_good_as_unknown() {
    let server = Server::start().await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let response = api.get(&format!("/api/sessions/{session}/messages?userId=jisu")).await;
    assert_error(response, 404, "SESSION_NOT_FOUND").await;
    let ask = json!({"message": JEJU, "userId": "jisu", "sessionId": session});
    assert_error(api.post("/api/chat", &ask).await, 404, "SESSION_NOT_FOUND").await;
    let elsewhere = json!({"message": JEJU, "userId": "minji", "storeId": "other", "sessionId": session});
    assert_error(api.post("/api/chat", &elsewhere).await, 404, "SESSION_NOT_FOUND").await;
    assert!(api.messages("minji", &session).await.is_empty());
}

#[tokio::test]
async fn a_wrong_method_is_a_405_that_names_the_right_ones() {
    let server = Server::start().await;
    let response = server.api().get("/api/chat").await;
    let allowed = response.headers()["allow"].to_str().unwrap().to_owned();
    assert_eq!(allowed, "POST");
    assert_error(response, 405, "METHOD_NOT_ALLOWED").await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413() {
    let server = Server::start().await;
    let large = json!({"message": "x".repeat(1024 * 1024)});
    assert_error(server.api().post("/api/chat", &large).await, 413, "BODY_TOO_LARGE").await;
}

#[tokio::test]
async fn a_body_that_is_not_json_by_its_type_is_a_415() {
    let server = Server::start().await;
    let api = server.api();
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let request = api.request(Method::POST, "/api/chat").header("Content-Type", kind);
        let response = request.body("{\"message\":\"hi\"}").send().await.unwrap();
        assert_error(response, 415, "UNSUPPORTED_MEDIA_TYPE").await;
    }
}

#[tokio::test]
async fn refusals_are_in_korean_unless_english_is_preferred() {
    let server = Server::start().await;
    let api = server.api();
    let korean = assert_error(api.post("/api/chat", &json!({"message": ""})).await, 400, "EMPTY_MESSAGE").await;
    assert_eq!(korean["error"], "메시지를 입력해 주세요.");
    let request = api.request(Method::POST, "/api/chat").header("Accept-Language", "en-US,en;q=0.9,ko;q=0.8");
    let english = assert_error(request.json(&json!({"message": ""})).send().await.unwrap(), 400, "EMPTY_MESSAGE").await;
    assert_eq!(english["error"], "The message is empty.");
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_keeps_a_harmless_one_it_was_given() {
    let server = Server::start().await;
    let api = server.api();
    let first = api.get("/health").await.headers()["x-request-id"].clone();
    let second = api.get("/health").await.headers()["x-request-id"].clone();
    assert_ne!(first, second);
    let request = api.request(Method::GET, "/api/nothing").header("x-request-id", "from-the-proxy_1.2");
    let body = assert_error(request.send().await.unwrap(), 404, "ROUTE_NOT_FOUND").await;
    assert_eq!(body["requestId"], "from-the-proxy_1.2");
}

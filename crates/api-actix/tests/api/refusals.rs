//! What a refusal tells, so that the client can be mended.

use actix_web::test::TestRequest;
use serde_json::json;

use crate::support::{Api, QUESTION, Reply};

async fn post_text(text: &str) -> Reply {
    let request = TestRequest::post().uri("/api/chat").insert_header(("content-type", "application/json"));
    Api::new().await.send(request.set_payload(text.to_owned())).await
}

#[actix_web::test]
async fn broken_json_is_refused_with_its_place() {
    let reply = post_text("{\n  \"message\": oops}").await;
    reply.refused(400, "INVALID_JSON");
    let detail = reply.json()["details"][0]["message"].as_str().unwrap().to_owned();
    assert!(detail.contains("expected") && detail.contains("line 2 column"), "{detail}");
}

#[actix_web::test]
async fn unknown_missing_and_mistyped_fields_are_named() {
    for (body, field, told) in [
        (json!({"message": "?", "mesage": 1}), Some("mesage"), "expected one of"),
        (json!({}), Some("message"), "missing field"),
        (json!({"message": 7}), None, "expected a string"),
        (json!({"message": "?", "sessionId": "7"}), None, "UUID"),
        (json!({"message": "?", "storeId": ""}), None, "1 to 100 characters"),
        (json!({"message": "?", "businessMetadata": {"priority": "now"}}), None, "now"),
        (json!({"message": "?", "businessMetadata": {"priority": 1}}), None, "expected value"),
        (json!([]), None, "invalid length 0"),
    ] {
        let reply = Api::new().await.post("/api/chat", body).await;
        reply.refused(400, "INVALID_BODY");
        let detail = &reply.json()["details"][0];
        assert_eq!(detail["field"].as_str(), field, "{detail}");
        assert!(detail["message"].as_str().unwrap().contains(told), "{detail}");
    }
}

#[actix_web::test]
async fn an_over_long_message_is_refused_with_the_limit() {
    let reply = Api::new().await.post("/api/chat/stream", json!({"message": "가".repeat(2001)})).await;
    reply.refused(400, "MESSAGE_TOO_LONG");
    assert!(reply.json()["error"].as_str().unwrap().contains("2000"));
    let longest: String = "제주도 배송비는 얼마예요? ".chars().cycle().take(2000).collect();
    assert_eq!(Api::new().await.post("/api/chat", json!({"message": longest})).await.status, 200);
}

#[actix_web::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let reply = Api::new().await.send(TestRequest::put().uri("/api/sessions")).await;
    reply.refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(reply.header("allow"), "POST, GET, HEAD");
}

#[actix_web::test]
async fn a_wrong_query_is_refused_by_name() {
    let api = Api::new().await;
    let session = api.session().await;
    for (uri, field) in [
        ("/api/sessions?usr=kim".to_owned(), Some("usr")),
        ("/api/sessions?limit=201".to_owned(), Some("limit")),
        ("/api/sessions?limit=many".to_owned(), None),
        ("/api/sessions?state=deleted".to_owned(), None),
        ("/api/sessions?userId=%00".to_owned(), None),
        (format!("/api/sessions/{session}/messages?before=1&after=1"), Some("after")),
    ] {
        let reply = api.get(&uri).await;
        reply.refused(400, "INVALID_QUERY");
        assert_eq!(reply.json()["details"][0]["field"].as_str(), field, "{}", reply.text);
    }
    for uri in ["?before=x", "?after=-1", "?before="] {
        api.get(&format!("/api/sessions/{session}/messages{uri}")).await.refused(400, "INVALID_CURSOR");
    }
}

#[actix_web::test]
async fn a_session_that_cannot_be_begun_is_refused() {
    let api = Api::new().await;
    for (body, code) in [
        (json!({"title": "가".repeat(201)}), "INVALID_TITLE"),
        (json!({"channel": ""}), "INVALID_BODY"),
        (json!({"metadata": [1]}), "INVALID_BODY"),
        (json!({"metadata": {"a": "\0"}}), "INVALID_CHARACTERS"),
    ] {
        api.post("/api/sessions", body).await.refused(400, code);
    }
}

#[actix_web::test]
async fn feedback_out_of_its_scale_is_refused() {
    let api = Api::new().await;
    let uri = format!("/api/messages/{}/feedback", api.asked().await["messageId"].as_str().unwrap());
    for body in [json!({}), json!({"rating": 0}), json!({"rating": 6}), json!({"thumbs": "up", "rating": 1})] {
        api.post(&uri, body).await.refused(400, "INVALID_FEEDBACK");
    }
    api.post(&uri, json!({"rating": 1, "comment": "가".repeat(2001)})).await.refused(400, "INVALID_FEEDBACK");
    api.post(&uri, json!({"thumbs": "sideways"})).await.refused(400, "INVALID_BODY");
}

#[actix_web::test]
async fn what_is_wrong_before_a_stream_begins_is_an_ordinary_error() {
    let api = Api::new().await;
    let body = json!({"message": QUESTION, "sessionId": "ffffffff-ffff-ffff-ffff-ffffffffffff"});
    let reply = api.post("/api/chat/stream", body).await;
    reply.refused(404, "SESSION_NOT_FOUND");
    assert_eq!(reply.header("content-type"), "application/json");
}

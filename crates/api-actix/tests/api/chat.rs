use actix_web::test::TestRequest;
use serde_json::json;

use crate::support::{Api, QUESTION, Script, Setup, without_scores};

#[actix_web::test]
async fn a_streamed_turn_looks_like_this() {
    let api = Api::new().await;
    let reply = api.post("/api/chat/stream", json!({"message": QUESTION, "userId": "kim"})).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/event-stream; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-cache");
    assert_eq!(reply.header("x-accel-buffering"), "no");
    assert!(!reply.header("x-request-id").is_empty());
    insta::assert_snapshot!("stream_of_a_turn", without_scores(&reply.text));
}

#[actix_web::test]
async fn the_stream_speaks_english_when_asked_to() {
    let api = Api::new().await;
    let request = TestRequest::post().uri("/api/chat/stream").insert_header(("accept-language", "en, ko;q=0.5"));
    let reply = api.send(request.set_json(json!({"message": QUESTION}))).await;
    let said: Vec<String> =
        reply.events().into_iter().filter_map(|(_, event)| event["message"].as_str().map(str::to_owned)).collect();
    assert_eq!(said, ["Reading your question...", "Searching the documents...", "Writing the answer..."]);
}

#[actix_web::test]
async fn a_turn_that_fails_on_the_way_ends_with_an_error_event_in_the_readers_language() {
    let api = Setup { script: Script::Fail, ..Setup::default() }.api().await;
    for (language, text) in [("ko", "지금은 답변을"), ("en", "No model can answer")] {
        let request = TestRequest::post().uri("/api/chat/stream").insert_header(("accept-language", language));
        let reply = api.send(request.set_json(json!({"message": QUESTION}))).await;
        let (_, last) = reply.events().pop().unwrap();
        assert_eq!((reply.status.as_u16(), last["type"].as_str()), (200, Some("error")));
        assert_eq!(last["code"], "MODEL_UNAVAILABLE");
        assert!(last["content"].as_str().unwrap().starts_with(text), "{last}");
        assert_eq!(last["data"]["timestamp"], "2026-11-20T00:00:00.000000Z");
        assert!(last["data"]["sessionId"].is_string());
        assert!(!reply.text.contains("secret"));
    }
}

#[actix_web::test]
async fn a_json_reply_is_the_same_turn_in_one_piece() {
    let api = Api::new().await;
    let reply = api.post("/api/chat", json!({"message": QUESTION, "userId": "kim"})).await;
    insta::assert_json_snapshot!("reply_of_a_turn", reply.stable_json());
}

#[actix_web::test]
async fn a_silent_stream_is_kept_alive_with_comments() {
    let setup = Setup {
        script: Script::Hang,
        heartbeat: std::time::Duration::from_millis(20),
        turn_timeout: std::time::Duration::from_millis(200),
        ..Setup::default()
    };
    let reply = setup.api().await.post("/api/chat/stream", json!({"message": QUESTION})).await;
    assert!(reply.text.matches("\n\n: keep-alive\n\n").count() >= 1, "{}", reply.text);
    assert_eq!(reply.events().pop().unwrap().1["code"], "TURN_TIMED_OUT");
}

#[actix_web::test]
async fn the_users_live_session_is_continued_and_a_named_one_is_used() {
    let api = Api::new().await;
    let first = api.asked().await;
    assert_eq!(api.asked().await["sessionId"], first["sessionId"]);
    let named = api.session().await;
    let reply = api.post("/api/chat", json!({"message": QUESTION, "sessionId": named})).await;
    assert_eq!(reply.json()["sessionId"], named.as_str());
}

#[actix_web::test]
async fn repeating_a_question_under_its_own_id_answers_with_the_same_turn() {
    let api = Api::new().await;
    let session = api.session().await;
    let body = json!({"message": QUESTION, "sessionId": session, "clientMessageId": "m-1"});
    let first = api.post("/api/chat", body.clone()).await.json();
    assert_eq!(api.post("/api/chat", body).await.json()["turnId"], first["turnId"]);
    let messages = api.get(&format!("/api/sessions/{session}/messages")).await.json();
    assert_eq!(messages["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn business_metadata_is_kept_with_the_session() {
    let api = Api::new().await;
    let business = json!({"inquiryCategory": "배송문의", "priority": "긴급", "topicTags": ["제주"]});
    let body = json!({"message": QUESTION, "userId": "kim", "businessMetadata": business});
    let session = api.post("/api/chat", body).await.json()["sessionId"].as_str().unwrap().to_owned();
    let session = api.get(&format!("/api/sessions/{session}")).await.json();
    assert_eq!(session["businessMetadata"], business);
}

//! The stage-1 interface, as its clients use it.

use std::time::Duration;

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::{Api, QUESTION, Reply, Script, Setup};

const UNKNOWN_ID: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";
/// Not the default one: stage 1 names the store once.
const STORE: &str = "store_123";

async fn begin(api: &Api) -> String {
    begin_in(api, STORE).await
}

async fn begin_in(api: &Api, store: &str) -> String {
    let body = json!({"storeId": store, "userId": "user_456", "metadata": {"source": "web"}});
    let reply = api.post("/api/session-chat/sessions", body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()["sessionId"].as_str().unwrap().to_owned()
}

async fn ask(api: &Api, id: &str, body: Value) -> Reply {
    api.post(&format!("/api/session-chat/{id}"), body).await
}

async fn shown(api: &Api, id: &str, query: &str) -> Reply {
    api.get(&format!("/api/session-chat/sessions/{id}{query}")).await
}

#[actix_web::test]
async fn a_session_is_begun_with_the_words_of_stage_1_in_any_language() {
    let api = Api::new().await;
    let body = json!({"storeId": STORE, "userId": "user_456"});
    let request = TestRequest::post().uri("/api/session-chat/sessions").insert_header(("accept-language", "en"));
    let reply = api.send(request.set_json(body)).await;
    assert_eq!(reply.status, 201);
    let begun = reply.json();
    let id = begun["sessionId"].as_str().unwrap();
    assert_eq!(begun, json!({"sessionId": id, "message": "새 채팅 세션이 생성되었습니다"}));
    assert_ne!(begin(&api).await, id);
}

#[actix_web::test]
async fn a_session_without_store_or_user_is_refused() {
    let api = Api::new().await;
    for (body, field) in
        [(json!({}), "storeId"), (json!({"userId": "u"}), "storeId"), (json!({"storeId": "s"}), "userId")]
    {
        let reply = api.post("/api/session-chat/sessions", body).await;
        reply.refused(400, "INVALID_BODY");
        assert_eq!(reply.json()["details"][0]["field"], field);
    }
    for body in [
        json!({"storeId": "", "userId": "u"}),
        json!({"storeId": "s", "userId": 7}),
        json!({"storeId": "s", "userId": "u", "metadata": 1}),
    ] {
        api.post("/api/session-chat/sessions", body).await.refused(400, "INVALID_BODY");
    }
}

#[actix_web::test]
async fn a_session_is_shown_with_the_names_and_numbers_of_stage_1() {
    let api = Api::new().await;
    let id = begin(&api).await;
    ask(&api, &id, json!({"message": QUESTION})).await;
    let reply = shown(&api, &id, "").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    insta::assert_json_snapshot!("stage_1_session", reply.json());
}

#[actix_web::test]
async fn the_latest_messages_are_shown_oldest_first_up_to_the_limit() {
    let api = Api::new().await;
    let id = begin(&api).await;
    for _ in 0..6 {
        ask(&api, &id, json!({"message": QUESTION})).await;
    }
    let numbers = async |query: &str| {
        let shown = shown(&api, &id, query).await.json();
        let messages = shown["recentMessages"].as_array().unwrap().iter();
        messages.map(|message| message["sequence_number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("").await, (3..=12).collect::<Vec<_>>());
    assert_eq!(numbers("?messageLimit=1").await, [12]);
    assert_eq!(numbers("?messageLimit=50&_=123").await, (1..=12).collect::<Vec<_>>());
    for bad in ["0", "51", "-1", "many", ""] {
        shown(&api, &id, &format!("?messageLimit={bad}")).await.refused(400, "INVALID_QUERY");
    }
}

#[actix_web::test]
async fn a_question_is_answered_in_one_reply() {
    let api = Api::new().await;
    let id = begin_in(&api, "demo").await;
    let reply = ask(&api, &id, json!({"message": QUESTION})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    insta::assert_json_snapshot!("stage_1_reply", reply.stable_json());
}

#[actix_web::test]
async fn a_question_is_answered_as_a_stream_that_ends_with_what_was_logged() {
    let api = Api::new().await;
    let id = begin(&api).await;
    let reply = api.post(&format!("/api/session-chat/{id}/stream"), json!({"message": QUESTION})).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/event-stream; charset=utf-8"));
    let events = reply.events();
    let kinds: Vec<&str> = events.iter().map(|(_, event)| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[kinds.len() - 3..], ["sources", "done", "session_logged"]);
    assert!(events.iter().map(|(number, _)| *number).eq(1..=events.len() as u64));
    let (done, logged) = (&events[events.len() - 2].1, &events[events.len() - 1].1);
    let data = json!({
        "sessionId": id, "responseTime": done["metadata"]["responseTime"],
        "tokenCount": done["metadata"]["tokenUsage"], "timestamp": "2026-11-20T00:00:00.000000Z",
    });
    assert_eq!(*logged, json!({"type": "session_logged", "data": data}));
    assert_eq!(shown(&api, &id, "").await.json()["recentMessages"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_stream_that_fails_ends_with_an_error_and_logs_nothing() {
    let api = Setup { script: Script::Fail, ..Setup::default() }.api().await;
    let id = begin(&api).await;
    let reply = api.post(&format!("/api/session-chat/{id}/stream"), json!({"message": QUESTION})).await;
    assert_eq!(reply.events().pop().unwrap().1["type"], "error");
    assert!(!reply.text.contains("session_logged"));
}

#[actix_web::test]
async fn the_business_side_of_a_question_is_kept_with_the_session() {
    let api = Api::new().await;
    let id = begin(&api).await;
    let business = json!({"inquiryCategory": "배송문의", "priority": "긴급", "topicTags": ["제주"]});
    let reply = ask(&api, &id, json!({"message": QUESTION, "businessMetadata": business, "userAgent": "old"})).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let kept = api.get(&format!("/api/sessions/{id}?storeId={STORE}")).await.json();
    assert_eq!(kept["businessMetadata"], business);
    for bad in [json!({"priority": "now"}), json!({"topicTags": "제주"})] {
        ask(&api, &id, json!({"message": "?", "businessMetadata": bad})).await.refused(400, "INVALID_BODY");
    }
    let long = json!({"inquiryCategory": "가".repeat(101)});
    ask(&api, &id, json!({"message": "?", "businessMetadata": long})).await.refused(400, "INVALID_BUSINESS_METADATA");
}

#[actix_web::test]
async fn figures_are_json_numbers() {
    let api = Api::new().await;
    let id = begin(&api).await;
    let stats = async || api.get(&format!("/api/session-chat/{id}/stats")).await.json();
    let began = "2026-11-20T00:00:00.000000Z";
    let none = json!({"messageCount": 0, "totalTokens": 0, "avgResponseTime": 0, "lastActiveAt": began});
    assert_eq!(stats().await, none);
    ask(&api, &id, json!({"message": QUESTION})).await;
    let some = json!({"messageCount": 2, "totalTokens": 150, "avgResponseTime": 0, "lastActiveAt": began});
    assert_eq!(stats().await, some);
    assert_eq!(shown(&api, &id, "").await.json()["stats"], some);
}

/// The four routes that name a session, with a question where one belongs.
async fn every_route(api: &Api, id: &str, query: &str) -> [Reply; 4] {
    let question = json!({"message": QUESTION});
    [
        shown(api, id, query).await,
        api.get(&format!("/api/session-chat/{id}/stats{query}")).await,
        api.post(&format!("/api/session-chat/{id}{query}"), question.clone()).await,
        api.post(&format!("/api/session-chat/{id}/stream{query}"), question).await,
    ]
}

#[actix_web::test]
async fn malformed_unknown_expired_ended_and_foreign_sessions_are_refused_by_every_route() {
    let api = Api::new().await;
    let ended = begin(&api).await;
    api.post(&format!("/api/sessions/{ended}/end?storeId={STORE}"), json!({})).await;
    let deleted = begin(&api).await;
    api.send(TestRequest::delete().uri(&format!("/api/sessions/{deleted}?storeId={STORE}"))).await;
    for (id, query, status, code) in [
        ("not-a-uuid", "", 400, "INVALID_ID"),
        (UNKNOWN_ID, "", 404, "SESSION_NOT_FOUND"),
        (&ended, "", 410, "SESSION_ENDED"),
        (&deleted, "", 404, "SESSION_NOT_FOUND"),
        (&begin(&api).await, "?storeId=demo", 404, "SESSION_NOT_FOUND"),
    ] {
        for reply in every_route(&api, id, query).await {
            reply.refused(status, code);
        }
    }
    let live = begin(&api).await;
    for reply in every_route(&api, &live, &format!("?storeId={STORE}")).await {
        assert_eq!(reply.status, 200, "{}", reply.text);
    }
    api.clock.advance(Duration::from_hours(25));
    for reply in every_route(&api, &live, "").await {
        reply.refused(410, "SESSION_EXPIRED");
    }
}

#[actix_web::test]
async fn a_message_has_1_to_2000_characters() {
    let api = Api::new().await;
    let id = begin(&api).await;
    for route in ["", "/stream"] {
        let uri = format!("/api/session-chat/{id}{route}");
        for (body, code) in [
            (json!({}), "INVALID_BODY"),
            (json!({"message": 7}), "INVALID_BODY"),
            (json!({"message": ""}), "EMPTY_MESSAGE"),
            (json!({"message": " \n "}), "EMPTY_MESSAGE"),
            (json!({"message": "가".repeat(2001)}), "MESSAGE_TOO_LONG"),
        ] {
            api.post(&uri, body).await.refused(400, code);
        }
    }
    let longest: String = "제주도 배송비는 얼마예요? ".chars().cycle().take(2000).collect();
    assert_eq!(ask(&api, &id, json!({"message": longest})).await.status, 200);
}

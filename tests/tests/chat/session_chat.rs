//! The stage-1 interface, by the calls its clients make: they name the store once and keep the session's id.

use reqwest::Method;
use serde_json::{Value, json};

use super::{JEJU, JEJU_FEES};
use crate::support::{Api, EventReader, Server, answer_of, assert_error, only};

const NOBODY: &str = "01890000-0000-7000-8000-000000000000";
const ROOT: &str = "/api/session-chat";

async fn begin(api: &Api, store: &str) -> String {
    let body = json!({"storeId": store, "userId": "user_456", "metadata": {"source": "web"}});
    let response = api.post(&format!("{ROOT}/sessions"), &body).await;
    assert_eq!(response.status(), 201);
    let begun: Value = response.json().await.unwrap();
    assert_eq!(begun["message"], "새 채팅 세션이 생성되었습니다");
    begun["sessionId"].as_str().unwrap().to_owned()
}

async fn ask(api: &Api, id: &str, message: &str) -> Value {
    let business = json!({"inquiryCategory": "배송문의", "priority": "보통", "topicTags": ["제주"]});
    let body = json!({"message": message, "businessMetadata": business});
    let response = api.post(&format!("{ROOT}/{id}"), &body).await;
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_client_of_stage_1_begins_asks_streams_and_reads_back_what_was_said() {
    let server = Server::start().await;
    let api = server.api();
    let id = begin(&api, "demo").await;

    let reply = ask(&api, &id, JEJU).await;
    let answer = reply["answer"].as_str().unwrap();
    assert!(JEJU_FEES.iter().any(|fee| answer.contains(fee)), "{reply}");
    assert_eq!(reply["sessionId"], id.as_str());
    for field in ["id", "title", "content", "score", "url"] {
        assert!(!reply["sources"][0][field].is_null(), "{field}: {reply}");
    }
    assert!(reply["responseTime"].is_u64() && reply["timestamp"].is_string() && reply["metadata"].is_object());

    let request = api.request(Method::POST, &format!("{ROOT}/{id}/stream"));
    let events = EventReader::new(request.json(&json!({"message": JEJU})).send().await.unwrap()).rest().await;
    let kinds: Vec<_> = events.iter().rev().take(2).map(|event| event.kind().to_owned()).collect();
    assert_eq!(kinds, ["session_logged", "done"]);
    let (logged, done) = (&only(&events, "session_logged")["data"], only(&events, "done"));
    assert_eq!((&logged["sessionId"], &logged["tokenCount"]), (&json!(id), &done["metadata"]["tokenUsage"]));
    assert!(logged["responseTime"].is_u64() && logged["timestamp"].is_string(), "{logged}");

    let shown = api.get_json(&format!("{ROOT}/sessions/{id}?messageLimit=3")).await;
    let session = &shown["session"];
    assert_eq!(
        (&session["id"], &session["store_id"], &session["user_id"]),
        (&json!(id), &json!("demo"), &json!("user_456"))
    );
    assert_eq!(session["metadata"], json!({"source": "web"}));
    let messages = shown["recentMessages"].as_array().unwrap();
    let numbers: Vec<_> = messages.iter().map(|message| message["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4]);
    assert_eq!((&messages[0]["content"], &messages[2]["content"]), (&reply["answer"], &json!(answer_of(&events))));
    assert!(messages[2]["token_count"].as_u64().unwrap() > 0 && messages[2]["response_time_ms"].is_u64());

    let stats = api.get_json(&format!("{ROOT}/{id}/stats")).await;
    assert_eq!((&stats["messageCount"], &stats), (&json!(4), &shown["stats"]));
    assert!(stats["totalTokens"].as_u64().unwrap() > 0 && stats["avgResponseTime"].is_u64(), "{stats}");
}

#[tokio::test]
async fn the_session_of_a_store_that_is_not_the_default_one_is_found_by_its_id_and_only_here() {
    let server = Server::start().await;
    let api = server.api();
    let id = begin(&api, "store_123").await;
    assert_eq!(ask(&api, &id, JEJU).await["sources"], json!([]), "another store's documents were used");
    let shown = api.get_json(&format!("{ROOT}/sessions/{id}")).await;
    assert_eq!(shown["session"]["store_id"], "store_123");
    assert_error(api.get(&format!("/api/sessions/{id}")).await, 404, "SESSION_NOT_FOUND").await;
    let elsewhere = api.get(&format!("{ROOT}/sessions/{id}?storeId=demo")).await;
    assert_error(elsewhere, 404, "SESSION_NOT_FOUND").await;
}

#[tokio::test]
async fn what_stage_1_refuses_is_refused_with_its_status() {
    let server = Server::start().await;
    let api = server.api();
    let id = begin(&api, "demo").await;
    for body in [json!({}), json!({"storeId": "demo"}), json!({"userId": "user_456"})] {
        assert_error(api.post(&format!("{ROOT}/sessions"), &body).await, 400, "INVALID_BODY").await;
    }
    for limit in ["0", "51", "many"] {
        let response = api.get(&format!("{ROOT}/sessions/{id}?messageLimit={limit}")).await;
        assert_error(response, 400, "INVALID_QUERY").await;
    }
    for path in [format!("{ROOT}/{id}"), format!("{ROOT}/{id}/stream")] {
        for (body, code) in [
            (json!({}), "INVALID_BODY"),
            (json!({"message": " "}), "EMPTY_MESSAGE"),
            (json!({"message": "가".repeat(2001)}), "MESSAGE_TOO_LONG"),
        ] {
            assert_error(api.post(&path, &body).await, 400, code).await;
        }
    }
    for (id, status, code) in [("7", 400, "INVALID_ID"), (NOBODY, 404, "SESSION_NOT_FOUND")] {
        assert_error(api.get(&format!("{ROOT}/sessions/{id}")).await, status, code).await;
        assert_error(api.get(&format!("{ROOT}/{id}/stats")).await, status, code).await;
        assert_error(api.post(&format!("{ROOT}/{id}"), &json!({"message": JEJU})).await, status, code).await;
        assert_error(api.post(&format!("{ROOT}/{id}/stream"), &json!({"message": JEJU})).await, status, code).await;
    }
    assert_eq!(api.post(&format!("/api/sessions/{id}/end"), &json!({})).await.status(), 200);
    let ended = api.post(&format!("{ROOT}/{id}"), &json!({"message": JEJU})).await;
    assert_error(ended, 410, "SESSION_ENDED").await;
}

#[tokio::test]
async fn health_and_ping_answer_as_in_stage_1() {
    let server = Server::start().await;
    let api = server.api();
    let health = api.get_json("/api/health").await;
    assert!(health["status"] == "ok" && health["timestamp"].is_string() && health["version"].is_string(), "{health}");
    let ping = api.get_json("/api/ping").await;
    assert!(ping["message"] == "pong" && ping["timestamp"].is_string(), "{ping}");
}

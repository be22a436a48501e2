use serde_json::{Value, json};

use crate::support::{Api, Reply};

async fn searched(api: &Api, body: Value) -> Reply {
    let reply = api.post("/api/search", body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply
}

async fn count(api: &Api, body: Value) -> usize {
    searched(api, body).await.json()["items"].as_array().unwrap().len()
}

#[actix_web::test]
async fn what_a_search_finds_looks_like_this() {
    let api = Api::new().await;
    api.asked().await;
    let reply = searched(&api, json!({"query": "배송비는 제주", "userId": "kim", "limit": 1})).await;
    insta::assert_json_snapshot!("search", reply.stable_json());
}

#[actix_web::test]
async fn a_message_is_shown_with_its_session_and_what_was_searched_for() {
    let api = Api::new().await;
    let asked = api.asked().await;
    let page = searched(&api, json!({"query": "배송 비"})).await.json();
    let hit = &page["items"][0];
    assert_eq!(hit["session"]["id"], asked["sessionId"]);
    assert_eq!((&hit["message"]["role"], &hit["snippet"]), (&json!("user"), &json!("제주도 배송비는 얼마예요?")));
    assert_eq!((&hit["highlights"], &page["nextCursor"]), (&json!([[4, 7]]), &Value::Null));
}

#[actix_web::test]
async fn a_search_is_narrowed_by_user_store_agent_status_and_time() {
    let api = Api::new().await;
    let business = json!({"inquiryCategory": "배송문의", "resolutionStatus": "resolved"});
    let body = json!({"message": "배송이요", "userId": "kim", "businessMetadata": business});
    assert_eq!(api.post("/api/chat", body).await.status, 200);
    api.asked().await;
    for (narrowed, found) in [
        (json!({}), 2),
        (json!({"userId": "kim"}), 2),
        (json!({"userId": "lee"}), 0),
        (json!({"storeId": "other"}), 0),
        (json!({"agent": "nobody"}), 0),
        (json!({"category": "배송문의"}), 2),
        (json!({"category": "환불문의"}), 0),
        (json!({"status": "해결됨"}), 2),
        (json!({"status": "inProgress"}), 0),
        (json!({"from": "2020-01-01T00:00:00+09:00"}), 2),
        (json!({"to": "2020-01-01T00:00:00Z"}), 0),
    ] {
        let mut body = narrowed.clone();
        body["query"] = json!("배송");
        assert_eq!(count(&api, body).await, found, "{narrowed}");
    }
}

#[actix_web::test]
async fn hits_are_read_page_by_page_without_loss() {
    let api = Api::new().await;
    for _ in 0..3 {
        api.clock.advance(std::time::Duration::from_secs(1));
        api.asked().await;
    }
    let whole = searched(&api, json!({"query": "제주도"})).await.json();
    let mut seen = Vec::new();
    let mut body = json!({"query": "제주도", "limit": 2});
    loop {
        let page = searched(&api, body.clone()).await.json();
        seen.extend(page["items"].as_array().unwrap().clone());
        if page["nextCursor"].is_null() {
            break;
        }
        body["cursor"] = page["nextCursor"].clone();
    }
    assert_eq!((seen.len(), &Value::from(seen)), (6, &whole["items"]));
}

#[actix_web::test]
async fn feedback_is_shown_to_whoever_gave_it() {
    let api = Api::new().await;
    let message = api.asked().await["messageId"].as_str().unwrap().to_owned();
    api.post(&format!("/api/messages/{message}/feedback"), json!({"rating": 5, "userId": "kim"})).await;
    let shown = async |body| searched(&api, body).await.json()["items"][0]["message"]["feedback"].clone();
    assert_eq!(shown(json!({"query": "추가됩니다", "userId": "kim"})).await, json!({"rating": 5}));
    assert_eq!(shown(json!({"query": "추가됩니다"})).await, Value::Null);
}

#[actix_web::test]
async fn a_search_that_cannot_be_made_is_refused() {
    let api = Api::new().await;
    for (body, code) in [
        (json!({"query": " \"?\" 👍"}), "EMPTY_QUERY"),
        (json!({"query": "가".repeat(201)}), "QUERY_TOO_LONG"),
        (json!({"query": "a\0"}), "INVALID_CHARACTERS"),
        (json!({"query": "배송", "limit": 0}), "INVALID_BODY"),
        (json!({"query": "배송", "status": "somehow"}), "INVALID_BODY"),
        (json!({"query": "배송", "from": "yesterday"}), "INVALID_BODY"),
        (json!({"query": "배송", "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}), "INVALID_BODY"),
        (json!({"query": "배송", "cursor": "zz"}), "INVALID_CURSOR"),
        (json!({"query": "배송", "where": "here"}), "INVALID_BODY"),
        (json!({}), "INVALID_BODY"),
    ] {
        let reply = api.post("/api/search", body.clone()).await;
        reply.refused(400, code);
    }
    let long = api.post("/api/search", json!({"query": "가".repeat(201)})).await.json();
    assert!(long["error"].as_str().unwrap().contains("200"), "{long}");
}

#[actix_web::test]
async fn quotes_and_operators_are_only_words() {
    let api = Api::new().await;
    api.asked().await;
    for query in ["\"배송비\" OR (제주*", "배송비' --", "제주도; DROP TABLE chat_messages", "NEAR(배송비)"]
    {
        assert_eq!(count(&api, json!({"query": query})).await, 2 - usize::from(!query.contains("제주")), "{query}");
    }
}

//! What is shown of a session is made once, and never shown when the session is another one by now.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use serde_json::json;
use session_core::cache::CachedSessions;
use session_core::testing::{MemorySessions, memory_cache};

use crate::support::{Api, QUESTION, Setup};

/// An interface to sessions that are remembered.
async fn remembering() -> Api {
    let storage = Arc::new(MemorySessions::default());
    let cached = Arc::new(CachedSessions::new(storage.clone(), storage, memory_cache()));
    Setup { sessions: Some(cached.clone()), turns: Some(cached), ..Setup::default() }.api().await
}

#[actix_web::test]
async fn a_session_is_shown_as_it_is_after_each_change() {
    let api = remembering().await;
    let session = api.session().await;
    let (one, chat) = (format!("/api/sessions/{session}"), format!("/api/session-chat/sessions/{session}"));
    for round in 1..=3_usize {
        let title = format!("제목 {round}");
        api.send(TestRequest::patch().uri(&one).set_json(json!({ "title": title }))).await;
        api.post("/api/chat", json!({"message": QUESTION, "sessionId": session})).await;
        for _ in 0..3 {
            let shown = api.get(&one).await;
            assert_eq!(shown.header("content-type"), "application/json");
            assert_eq!((&shown.json()["title"], &shown.json()["messageCount"]), (&json!(title), &json!(2 * round)));
            let shown = api.get(&chat).await.json();
            assert_eq!(shown["session"]["title"], json!(title));
            assert_eq!(shown["recentMessages"].as_array().unwrap().len(), 2 * round);
            assert_eq!(shown["stats"]["messageCount"], json!(2 * round));
            assert_eq!(
                api.get(&format!("{chat}?messageLimit=1")).await.json()["recentMessages"][0]["role"],
                "assistant"
            );
        }
    }
    api.send(TestRequest::delete().uri(&one)).await;
    assert_eq!(
        (api.get(&one).await.status, api.get(&chat).await.status),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
}

#[actix_web::test]
async fn a_session_whose_time_is_over_is_not_shown_as_live() {
    let api = remembering().await;
    let session = api.session().await;
    let (one, chat) = (format!("/api/sessions/{session}"), format!("/api/session-chat/sessions/{session}"));
    for _ in 0..2 {
        assert_eq!(api.get(&one).await.json()["state"], "active");
        assert_eq!(api.get(&chat).await.status, 200);
    }
    api.clock.advance(Duration::from_hours(25));
    assert_eq!(api.get(&one).await.json()["state"], "expired");
    assert_eq!(api.get(&chat).await.status, 410);
}

#[actix_web::test]
async fn what_was_made_for_one_is_not_shown_to_another() {
    let api = remembering().await;
    let session = api.session().await;
    for _ in 0..2 {
        for (query, status) in [("", 200), ("?userId=kim", 200), ("?userId=lee", 404), ("?storeId=other", 404)] {
            assert_eq!(api.get(&format!("/api/sessions/{session}{query}")).await.status, status, "{query}");
        }
        for (query, status) in [("", 200), ("?storeId=other", 404)] {
            assert_eq!(
                api.get(&format!("/api/session-chat/sessions/{session}{query}")).await.status,
                status,
                "{query}"
            );
        }
    }
}

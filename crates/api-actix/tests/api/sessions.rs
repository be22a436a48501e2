use serde_json::{Value, json};

use crate::support::Api;

#[actix_web::test]
async fn a_new_session_is_told_with_its_address() {
    let api = Api::new().await;
    let body = json!({"userId": "kim", "title": "배송 문의", "channel": "app", "metadata": {"cart": 3}});
    let reply = api.post("/api/sessions", body).await;
    assert_eq!(reply.status, 201);
    let session = reply.json();
    assert_eq!(reply.header("location"), format!("/api/sessions/{}", session["id"].as_str().unwrap()));
    insta::assert_json_snapshot!("new_session", session);
    assert_eq!(api.get(reply.header("location")).await.json(), session);
}

#[actix_web::test]
async fn a_session_without_a_user_gets_an_anonymous_one_of_its_own() {
    let api = Api::new().await;
    let users = [api.post("/api/sessions", json!({})).await, api.post("/api/sessions", json!({})).await]
        .map(|reply| reply.json()["userId"].as_str().unwrap().to_owned());
    assert!(users[0].starts_with("anon-") && users[0] != users[1], "{users:?}");
}

#[actix_web::test]
async fn sessions_are_listed_page_by_page_without_loss() {
    let api = Api::new().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        api.clock.advance(std::time::Duration::from_secs(1));
        made.insert(0, api.session().await);
    }
    let (mut seen, mut uri) = (Vec::new(), "/api/sessions?userId=kim&limit=2".to_owned());
    loop {
        let page = api.get(&uri).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|s| s["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        uri = format!("/api/sessions?userId=kim&limit=2&cursor={cursor}");
    }
    assert_eq!(seen, made);
}

#[actix_web::test]
async fn sessions_are_listed_by_user_store_and_state() {
    let api = Api::new().await;
    api.session().await;
    let count = async |query: &str| {
        let page = api.get(&format!("/api/sessions?{query}")).await.json();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((count("").await, count("userId=lee").await, count("storeId=other").await), (1, 0, 0));
    assert_eq!((count("state=active").await, count("state=expired").await), (1, 0));
    api.clock.advance(std::time::Duration::from_hours(25));
    assert_eq!((count("state=active").await, count("state=expired").await), (0, 1));
}

#[actix_web::test]
async fn active_sessions_are_counted() {
    let api = Api::new().await;
    api.session().await;
    let count = api.get("/api/sessions/active-count").await.json();
    assert_eq!(count, json!({"storeId": "demo", "activeCount": 1}));
    assert_eq!(api.get("/api/sessions/active-count?storeId=other").await.json()["activeCount"], 0);
}

#[actix_web::test]
async fn a_session_of_another_user_or_store_is_not_found() {
    let api = Api::new().await;
    let id = api.session().await;
    for scope in ["userId=lee", "storeId=other"] {
        api.get(&format!("/api/sessions/{id}?{scope}")).await.refused(404, "SESSION_NOT_FOUND");
        api.get(&format!("/api/sessions/{id}/messages?{scope}")).await.refused(404, "SESSION_NOT_FOUND");
    }
    assert_eq!(api.get(&format!("/api/sessions/{id}?userId=kim")).await.status, 200);
}

#[actix_web::test]
async fn a_stored_conversation_looks_like_this() {
    let api = Api::new().await;
    let reply = api.asked().await;
    let uri = format!("/api/sessions/{}/messages?userId=kim", reply["sessionId"].as_str().unwrap());
    insta::assert_json_snapshot!("stored_conversation", api.get(&uri).await.stable_json());
}

#[actix_web::test]
async fn messages_are_read_backwards_and_forwards() {
    let api = Api::new().await;
    let session = api.asked().await["sessionId"].as_str().unwrap().to_owned();
    api.asked().await;
    let page = async |query: &str| {
        let page = api.get(&format!("/api/sessions/{session}/messages?{query}")).await.json();
        let numbers: Vec<u64> =
            page["items"].as_array().unwrap().iter().map(|m| m["sequence"].as_u64().unwrap()).collect();
        (numbers, page["nextCursor"].as_str().map(str::to_owned))
    };
    assert_eq!(page("limit=3").await, (vec![2, 3, 4], Some("2".into())));
    assert_eq!(page("limit=3&before=2").await, (vec![1], None));
    assert_eq!(page("limit=3&after=0").await, (vec![1, 2, 3], Some("3".into())));
    assert_eq!(page("limit=3&after=3").await, (vec![4], None));
}

async fn feedback_shown(api: &Api, session: &str, user: &str) -> Value {
    let page = api.get(&format!("/api/sessions/{session}/messages{user}")).await.json();
    page["items"][1]["feedback"].clone()
}

#[actix_web::test]
async fn feedback_is_shown_to_whoever_gave_it_and_the_last_one_counts() {
    let api = Api::new().await;
    let reply = api.asked().await;
    let session = reply["sessionId"].as_str().unwrap();
    let uri = format!("/api/messages/{}/feedback", reply["messageId"].as_str().unwrap());
    assert_eq!(feedback_shown(&api, session, "?userId=kim").await, Value::Null);
    let given = api.post(&uri, json!({"thumbs": "down", "userId": "kim", "comment": "아쉬워요"})).await;
    assert_eq!((given.status.as_u16(), given.json()["comment"].as_str()), (200, Some("아쉬워요")));
    assert_eq!(feedback_shown(&api, session, "?userId=kim").await, json!({"thumbs": "down"}));
    assert_eq!(feedback_shown(&api, session, "").await, Value::Null);
    api.post(&uri, json!({"rating": 5, "userId": "kim"})).await;
    assert_eq!(feedback_shown(&api, session, "?userId=kim").await, json!({"rating": 5}));
    api.post(&uri, json!({"thumbs": "up"})).await;
    assert_eq!(feedback_shown(&api, session, "").await, json!({"thumbs": "up"}));
}

#[actix_web::test]
async fn feedback_on_another_users_answer_is_not_taken() {
    let api = Api::new().await;
    let uri = format!("/api/messages/{}/feedback", api.asked().await["messageId"].as_str().unwrap());
    api.post(&uri, json!({"thumbs": "up", "userId": "lee"})).await.refused(404, "MESSAGE_NOT_FOUND");
    api.post(&uri, json!({"thumbs": "up", "storeId": "other"})).await.refused(404, "MESSAGE_NOT_FOUND");
}

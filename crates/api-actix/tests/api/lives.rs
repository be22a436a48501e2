use std::time::Duration;

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::support::{Api, QUESTION, Reply};

async fn patch(api: &Api, id: &str, body: Value) -> Reply {
    api.send(TestRequest::patch().uri(&format!("/api/sessions/{id}")).set_json(body)).await
}

async fn delete(api: &Api, uri: &str) -> Reply {
    api.send(TestRequest::delete().uri(uri)).await
}

async fn act(api: &Api, id: &str, what: &str) -> Reply {
    api.send(TestRequest::post().uri(&format!("/api/sessions/{id}/{what}"))).await
}

async fn extend(api: &Api, id: &str, hours: Value) -> Reply {
    api.post(&format!("/api/sessions/{id}/extend"), json!({"hours": hours})).await
}

#[actix_web::test]
async fn every_field_that_may_change_is_changed_and_the_others_stay() {
    let api = Api::new().await;
    let id = api.session().await;
    let before = api.get(&format!("/api/sessions/{id}")).await.json();
    let body = json!({
        "title": "환불 상담", "metadata": {"order": 7}, "privacyLevel": "team",
        "businessMetadata": {"inquiryCategory": "환불문의", "satisfactionScore": 4, "resolutionStatus": "해결됨"},
    });
    let reply = patch(&api, &id, body.clone()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let mut expected = before.clone();
    for field in ["title", "metadata", "privacyLevel", "businessMetadata"] {
        expected[field] = body[field].clone();
    }
    assert_eq!(reply.json(), expected);
    assert_eq!(api.get(&format!("/api/sessions/{id}")).await.json(), expected);
    let merged = patch(&api, &id, json!({"businessMetadata": {"priority": "긴급"}})).await.json();
    assert_eq!(merged["businessMetadata"]["inquiryCategory"], "환불문의");
    assert_eq!((&merged["businessMetadata"]["priority"], &merged["title"]), (&json!("긴급"), &json!("환불 상담")));
    assert_eq!(patch(&api, &id, json!({})).await.json(), merged);
}

#[actix_web::test]
async fn a_title_that_is_taken_away_is_made_of_the_next_question() {
    let api = Api::new().await;
    let id = api.session().await;
    patch(&api, &id, json!({"title": "이름"})).await;
    assert_eq!(patch(&api, &id, json!({"title": null})).await.json()["title"], Value::Null);
    api.post("/api/chat", json!({"message": QUESTION, "sessionId": id})).await;
    assert_eq!(api.get(&format!("/api/sessions/{id}")).await.json()["title"], QUESTION);
}

#[actix_web::test]
async fn a_change_that_cannot_be_made_is_refused_and_changes_nothing() {
    let api = Api::new().await;
    let id = api.session().await;
    for (body, code) in [
        (json!({"title": " "}), "INVALID_TITLE"),
        (json!({"title": "가".repeat(201)}), "INVALID_TITLE"),
        (json!({"title": 7}), "INVALID_BODY"),
        (json!({"metadata": null}), "INVALID_BODY"),
        (json!({"metadata": [1]}), "INVALID_BODY"),
        (json!({"privacyLevel": "public"}), "INVALID_BODY"),
        (json!({"privacyLevel": null}), "INVALID_BODY"),
        (json!({"businessMetadata": null}), "INVALID_BODY"),
        (json!({"businessMetadata": {"satisfactionScore": 6}}), "INVALID_BUSINESS_METADATA"),
        (json!({"businessMetadata": {"mood": "good"}}), "INVALID_BODY"),
        (json!({"state": "active"}), "INVALID_BODY"),
        (json!({"privacy_level": "team"}), "INVALID_BODY"),
        (json!({"metadata": {"a": "\0"}}), "INVALID_CHARACTERS"),
    ] {
        patch(&api, &id, body).await.refused(400, code);
    }
    let unknown = patch(&api, &id, json!({"userId": "lee"})).await.json();
    assert_eq!(unknown["details"][0]["field"], "userId");
    assert_eq!(api.get(&format!("/api/sessions/{id}")).await.json()["title"], Value::Null);
}

#[actix_web::test]
async fn a_deleted_session_is_as_good_as_unknown() {
    let api = Api::new().await;
    let id = api.session().await;
    let uri = format!("/api/sessions/{id}");
    let reply = delete(&api, &uri).await;
    assert_eq!((reply.status.as_u16(), &*reply.text), (204, ""));
    api.get(&uri).await.refused(404, "SESSION_NOT_FOUND");
    delete(&api, &uri).await.refused(404, "SESSION_NOT_FOUND");
    for what in ["validate", "end"] {
        act(&api, &id, what).await.refused(404, "SESSION_NOT_FOUND");
    }
    for what in ["messages", "stats", "export"] {
        api.get(&format!("{uri}/{what}")).await.refused(404, "SESSION_NOT_FOUND");
    }
    api.post("/api/chat", json!({"message": QUESTION, "sessionId": id})).await.refused(404, "SESSION_NOT_FOUND");
    assert_eq!(api.get("/api/sessions?userId=kim").await.json()["items"], json!([]));
}

#[actix_web::test]
async fn validating_is_a_use_that_is_counted_and_moves_the_expiry() {
    let api = Api::new().await;
    let id = api.session().await;
    api.clock.advance(Duration::from_hours(1));
    let expected = json!({"valid": true, "expiresAt": "2026-11-21T01:00:00.000000Z", "requestCount": 1});
    assert_eq!(act(&api, &id, "validate").await.json(), expected);
    assert_eq!(act(&api, &id, "validate").await.json()["requestCount"], 2);
    api.clock.advance(Duration::from_hours(24));
    let expected = json!({"valid": false, "expiresAt": "2026-11-21T01:00:00.000000Z", "requestCount": 2});
    let expired = act(&api, &id, "validate").await;
    assert_eq!((expired.status.as_u16(), expired.json()), (200, expected));
    let ended = api.session().await;
    act(&api, &ended, "end").await;
    assert_eq!(act(&api, &ended, "validate").await.json()["valid"], false);
}

#[actix_web::test]
async fn a_live_session_is_extended_by_whole_hours() {
    let api = Api::new().await;
    let id = api.session().await;
    let extended = extend(&api, &id, json!(48)).await;
    assert_eq!((extended.status.as_u16(), extended.json()["state"].as_str()), (200, Some("active")));
    assert_eq!(extended.json()["expiresAt"], "2026-11-23T00:00:00.000000Z");
    for hours in [json!(0), json!(8761), json!(-1), json!(1.5), json!("24"), json!(null)] {
        extend(&api, &id, hours).await.refused(400, "INVALID_BODY");
    }
    let named = extend(&api, &id, json!(8761)).await.json();
    assert_eq!(named["details"][0], json!({"field": "hours", "message": "1 to 8760"}));
    api.post(&format!("/api/sessions/{id}/extend"), json!({"hours": 1, "days": 1})).await.refused(400, "INVALID_BODY");
    api.clock.advance(Duration::from_hours(72));
    extend(&api, &id, json!(1)).await.refused(410, "SESSION_EXPIRED");
}

#[actix_web::test]
async fn an_ended_session_is_read_on_but_not_talked_in() {
    let api = Api::new().await;
    let id = api.session().await;
    api.post("/api/chat", json!({"message": QUESTION, "sessionId": id})).await;
    let ended = act(&api, &id, "end").await.json();
    assert_eq!((ended["state"].as_str(), ended["endedAt"].as_str()), (Some("ended"), ended["createdAt"].as_str()));
    api.clock.advance(Duration::from_mins(1));
    assert_eq!(act(&api, &id, "end").await.json(), ended);
    extend(&api, &id, json!(1)).await.refused(410, "SESSION_ENDED");
    api.post("/api/chat", json!({"message": QUESTION, "sessionId": id})).await.refused(410, "SESSION_ENDED");
    assert_eq!(api.get(&format!("/api/sessions/{id}/stats")).await.json()["messageCount"], 2);
    assert_eq!(patch(&api, &id, json!({"title": "끝난 상담"})).await.status, 200);
    let late = api.session().await;
    api.clock.advance(Duration::from_hours(25));
    act(&api, &late, "end").await.refused(410, "SESSION_EXPIRED");
}

#[actix_web::test]
async fn figures_are_numbers_before_and_after_the_first_answer() {
    let api = Api::new().await;
    let id = api.session().await;
    let stats = async || api.get(&format!("/api/sessions/{id}/stats")).await.json();
    let began = "2026-11-20T00:00:00.000000Z";
    let none = json!({"messageCount": 0, "totalTokens": 0, "avgResponseTime": 0, "lastActiveAt": began});
    assert_eq!(stats().await, none);
    api.post("/api/chat", json!({"message": QUESTION, "sessionId": id})).await;
    let some = json!({"messageCount": 2, "totalTokens": 150, "avgResponseTime": 0, "lastActiveAt": began});
    assert_eq!(stats().await, some);
}

#[actix_web::test]
async fn another_users_or_stores_session_cannot_be_touched() {
    let api = Api::new().await;
    let id = api.session().await;
    for scope in ["userId=lee", "storeId=other", "userId=kim&storeId=other"] {
        let uri = |what: &str| format!("/api/sessions/{id}{what}?{scope}");
        let refused = |reply: Reply| reply.refused(404, "SESSION_NOT_FOUND");
        refused(api.send(TestRequest::patch().uri(&uri("")).set_json(json!({"title": "?"}))).await);
        refused(delete(&api, &uri("")).await);
        refused(delete(&api, &uri("/share")).await);
        for (what, body) in
            [("/validate", json!({})), ("/end", json!({})), ("/extend", json!({"hours": 1})), ("/share", json!({}))]
        {
            refused(api.post(&uri(what), body).await);
        }
        for what in ["/stats", "/export"] {
            refused(api.get(&uri(what)).await);
        }
    }
    let own = act(&api, &id, "validate?userId=kim&storeId=demo").await.json();
    assert_eq!((&own["valid"], &own["requestCount"]), (&json!(true), &json!(1)));
    act(&api, "not-an-id", "validate").await.refused(400, "INVALID_ID");
    act(&api, &id, "end?usr=kim").await.refused(400, "INVALID_QUERY");
}

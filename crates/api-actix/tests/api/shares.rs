use std::time::Duration;

use actix_web::test::TestRequest;
use kernel::PageLimit;
use serde_json::{Value, json};
use session_core::ports::ShareRepository;
use session_core::testing::samples;

use crate::support::{Api, Reply};

async fn share(api: &Api, session: &str, body: Value) -> Reply {
    api.post(&format!("/api/sessions/{session}/share"), body).await
}

async fn url(api: &Api, session: &str) -> String {
    share(api, session, json!({})).await.json()["url"].as_str().unwrap().to_owned()
}

async fn delete(api: &Api, uri: &str) -> Reply {
    api.send(TestRequest::delete().uri(uri)).await
}

#[actix_web::test]
async fn a_link_is_told_once_with_its_address_and_its_end() {
    let api = Api::new().await;
    let id = api.session().await;
    let reply = share(&api, &id, json!({})).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let link = reply.json();
    let token = link["token"].as_str().unwrap();
    assert_eq!(
        link,
        json!({"token": token, "url": format!("/api/shared/{token}"), "expiresAt": "2026-11-27T00:00:00.000000Z"})
    );
    assert_eq!((reply.header("location"), reply.header("cache-control")), (link["url"].as_str().unwrap(), "no-store"));
    assert_eq!(token.len(), 64);
    let without_body = api.send(TestRequest::post().uri(&format!("/api/sessions/{id}/share"))).await;
    assert_eq!((without_body.status.as_u16(), &without_body.json()["expiresAt"]), (201, &link["expiresAt"]));
    let other = share(&api, &id, json!({"expiresInHours": 2})).await.json();
    assert_ne!(other["token"], token);
    assert_eq!(other["expiresAt"], "2026-11-20T02:00:00.000000Z");
}

#[actix_web::test]
async fn a_shared_conversation_tells_what_was_said_and_nothing_of_who_said_it_where() {
    let api = Api::new().await;
    let asked = api.asked().await;
    let id = asked["sessionId"].as_str().unwrap();
    let reply = api.get(&url(&api, id).await).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"));
    for (name, value) in
        [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex")]
    {
        assert_eq!(reply.header(name), value);
    }
    insta::assert_json_snapshot!("shared_conversation", reply.json());
    for hidden in [id, asked["messageId"].as_str().unwrap(), asked["turnId"].as_str().unwrap(), "kim", "\"demo\""] {
        assert!(!reply.text.contains(hidden), "{hidden} in {}", reply.text);
    }
}

#[actix_web::test]
async fn a_link_shows_what_is_said_later_and_outlives_the_end_of_the_session() {
    let api = Api::new().await;
    let id = api.asked().await["sessionId"].as_str().unwrap().to_owned();
    let url = url(&api, &id).await;
    api.asked().await;
    api.post(&format!("/api/sessions/{id}/end"), json!({})).await;
    assert_eq!(api.get(&url).await.json()["messages"].as_array().unwrap().len(), 4);
}

#[actix_web::test]
async fn a_link_that_is_unknown_expired_revoked_or_of_a_deleted_session_is_not_found() {
    let api = Api::new().await;
    let id = api.session().await;
    for token in ["x", &"0".repeat(64), &"A".repeat(64), "%ff", "a%00b"] {
        let reply = api.get(&format!("/api/shared/{token}")).await;
        assert_eq!(reply.status, 404, "{token}");
        reply.has_error_body();
    }
    api.get(&format!("/api/shared/{}", "0".repeat(64))).await.refused(404, "SHARE_NOT_FOUND");

    let links = [url(&api, &id).await, url(&api, &id).await];
    let revoked = delete(&api, &format!("/api/sessions/{id}/share")).await;
    assert_eq!((revoked.status.as_u16(), &*revoked.text), (204, ""));
    for link in &links {
        api.get(link).await.refused(404, "SHARE_NOT_FOUND");
    }
    assert_eq!(delete(&api, &format!("/api/sessions/{id}/share")).await.status, 204);

    let late = url(&api, &id).await;
    api.clock.advance(Duration::from_hours(168));
    api.get(&late).await.refused(404, "SHARE_NOT_FOUND");

    let of_deleted = url(&api, &id).await;
    assert_eq!(api.get(&of_deleted).await.status, 200);
    delete(&api, &format!("/api/sessions/{id}")).await;
    api.get(&of_deleted).await.refused(404, "SHARE_NOT_FOUND");
    share(&api, &id, json!({})).await.refused(404, "SESSION_NOT_FOUND");
}

#[actix_web::test]
async fn a_lifetime_no_link_has_is_refused() {
    let api = Api::new().await;
    let id = api.session().await;
    for hours in [json!(0), json!(8761), json!(-1), json!("1")] {
        share(&api, &id, json!({"expiresInHours": hours})).await.refused(400, "INVALID_BODY");
    }
    let named = share(&api, &id, json!({"expiresInHours": 0})).await.json();
    assert_eq!(named["details"][0], json!({"field": "expiresInHours", "message": "1 to 8760"}));
    share(&api, &id, json!({"expiresIn": 1})).await.refused(400, "INVALID_BODY");
    assert_eq!(share(&api, &id, json!({"expiresInHours": 8760})).await.status, 201);
}

#[actix_web::test]
async fn each_reading_is_kept_under_the_id_of_its_request() {
    let api = Api::new().await;
    let id = api.session().await;
    let url = url(&api, &id).await;
    let reply = api.get(&url).await;
    let kept = api.storage.accesses(&samples::store(), id.parse().unwrap(), PageLimit::DEFAULT).await.unwrap();
    let ids: Vec<&str> = kept.iter().map(|access| access.request_id.as_str()).collect();
    assert_eq!(ids, [reply.header("x-request-id")]);
}

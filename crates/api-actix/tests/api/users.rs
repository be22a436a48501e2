//! What stores remember of users.

use std::sync::Arc;
use std::time::Duration;

use actix_web::test::TestRequest;
use kernel::RepositoryError;
use serde_json::{Value, json};
use session_core::ports::MockUserContextStore;

use crate::support::{Api, BODY_LIMIT, Reply, Setup};

const KIM: &str = "/api/users/kim/context";

async fn put(api: &Api, uri: &str, body: Value) -> Reply {
    api.send(TestRequest::put().uri(uri).set_json(body)).await
}

fn told() -> Value {
    json!({
        "preferences": {"말투": "존댓말", "알림": {"문자": true, "시각": [9, 18.5]}, "": null},
        "summary": "제주도 배송비를 물었다. 😀\n\t\"환불\"은 끝났다.",
    })
}

#[actix_web::test]
async fn a_user_that_nothing_is_remembered_of_has_an_empty_context() {
    let reply = Api::new().await.get(KIM).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(
        reply.json(),
        json!({
            "storeId": "demo", "userId": "kim", "preferences": {}, "summary": null, "revision": 0, "updatedAt": null
        })
    );
}

#[actix_web::test]
async fn what_is_put_is_told_at_once_and_read_again() {
    let api = Api::new().await;
    let reply = put(&api, KIM, told()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let kept = reply.json();
    let expected = json!({
        "storeId": "demo", "userId": "kim", "preferences": told()["preferences"], "summary": told()["summary"],
        "revision": 1, "updatedAt": "2026-11-20T00:00:00.000000Z"
    });
    assert_eq!(kept, expected);
    assert_eq!(api.get(KIM).await.json(), kept);
}

#[actix_web::test]
async fn a_put_replaces_the_whole_and_what_is_left_out_is_forgotten() {
    let api = Api::new().await;
    put(&api, KIM, told()).await;
    api.clock.advance(Duration::from_secs(90));
    let summary = put(&api, KIM, json!({"summary": "새 요약"})).await.json();
    assert_eq!((&summary["preferences"], &summary["summary"]), (&json!({}), &json!("새 요약")));
    assert_eq!((&summary["revision"], &summary["updatedAt"]), (&json!(2), &json!("2026-11-20T00:01:30.000000Z")));
    let preferences = put(&api, KIM, json!({"preferences": {"a": 1}, "summary": null})).await.json();
    assert_eq!((&preferences["preferences"], &preferences["summary"]), (&json!({"a": 1}), &Value::Null));
    let blank = put(&api, KIM, json!({"summary": " \n "})).await.json();
    assert_eq!((&blank["preferences"], &blank["summary"], &blank["revision"]), (&json!({}), &Value::Null, &json!(4)));
    assert_eq!(api.get(KIM).await.json(), blank);
}

#[actix_web::test]
async fn stores_and_users_do_not_see_each_others() {
    let api = Api::new().await;
    put(&api, KIM, told()).await;
    let other = "/api/users/kim/context?storeId=other";
    assert_eq!(api.get(other).await.json()["revision"], 0);
    let there = put(&api, KIM, json!({"storeId": "other", "summary": "다른 상점"})).await.json();
    assert_eq!((&there["storeId"], &there["revision"]), (&json!("other"), &json!(1)));
    assert_eq!(api.get(other).await.json()["summary"], "다른 상점");
    assert_eq!(api.get(KIM).await.json()["summary"], told()["summary"]);
    assert_eq!(api.get("/api/users/lee/context").await.json()["revision"], 0);
}

#[actix_web::test]
async fn a_user_is_known_by_any_name_that_a_session_may_have() {
    let api = Api::new().await;
    for (path, name) in [
        ("%EA%B9%80%20%EB%AF%BC%EC%A7%80", "김 민지"),
        ("a%2Fb", "a/b"),
        ("kim%2B1@example.com", "kim+1@example.com"),
        ("100%2541", "100%41"),
        ("%3F%23", "?#"),
    ] {
        let uri = format!("/api/users/{path}/context");
        let kept = put(&api, &uri, json!({"summary": name})).await.json();
        assert_eq!((&kept["userId"], &kept["revision"]), (&json!(name), &json!(1)));
        assert_eq!(api.get(&uri).await.json(), kept);
    }
}

#[actix_web::test]
async fn a_name_that_no_user_has_is_refused() {
    let api = Api::new().await;
    for name in ["%00", "a%0Ab", "%20", "%ff", &"a".repeat(201)] {
        let uri = format!("/api/users/{name}/context");
        for reply in [api.get(&uri).await, put(&api, &uri, told()).await] {
            reply.refused(400, "INVALID_USER_ID");
            assert_eq!(reply.json()["details"][0]["field"], "id");
        }
    }
    assert_eq!(api.get(&format!("/api/users/{}/context", "a".repeat(200))).await.status, 200);
}

#[actix_web::test]
async fn a_put_made_from_another_revision_is_refused_and_changes_nothing() {
    let api = Api::new().await;
    let stale = async |revision: u64| {
        let reply = put(&api, KIM, json!({"summary": "늦음", "revision": revision})).await;
        reply.refused(409, "STALE_REVISION");
        assert_eq!(reply.json()["details"][0]["field"], "revision", "{}", reply.text);
    };
    stale(1).await;
    assert_eq!(put(&api, KIM, json!({"summary": "하나", "revision": 0})).await.json()["revision"], 1);
    stale(0).await;
    let second = put(&api, KIM, json!({"summary": "둘", "revision": 1})).await.json();
    assert_eq!(second["revision"], 2);
    for revision in [0, 1, 3, u64::MAX] {
        stale(revision).await;
    }
    assert_eq!(api.get(KIM).await.json(), second);
}

#[actix_web::test]
async fn what_is_over_a_limit_is_refused_by_field_and_what_is_at_it_is_kept() {
    let api = Api::new().await;
    for (body, field, told) in [
        (json!({"preferences": {"a": "x".repeat(16 * 1024)}}), "preferences", "16384"),
        (json!({"preferences": {"a": ["\u{1b}[2J"]}}), "preferences", "control"),
        (json!({"preferences": {"a\r": 1}}), "preferences", "control"),
        (json!({"summary": "가".repeat(4_001)}), "summary", "4000"),
        (json!({"summary": "a\u{7f}"}), "summary", "control"),
    ] {
        let reply = put(&api, KIM, body).await;
        reply.refused(400, "INVALID_USER_CONTEXT");
        let detail = &reply.json()["details"][0];
        assert_eq!(detail["field"], field, "{detail}");
        assert!(detail["message"].as_str().unwrap().contains(told), "{detail}");
    }
    assert_eq!(api.get(KIM).await.json()["revision"], 0);
    // `{"a":""}` has eight bytes.
    let longest = json!({"preferences": {"a": "x".repeat(16 * 1024 - 8)}, "summary": "가".repeat(4_000)});
    let kept = put(&api, KIM, longest.clone()).await;
    assert_eq!(kept.status, 200, "{}", kept.text);
    assert_eq!(api.get(KIM).await.json()["summary"], longest["summary"]);
}

#[actix_web::test]
async fn a_malformed_body_is_refused_and_changes_nothing() {
    let api = Api::new().await;
    for (body, code) in [
        (json!({"preferences": [1]}), "INVALID_BODY"),
        (json!({"preferences": "a"}), "INVALID_BODY"),
        (json!({"preferences": null}), "INVALID_BODY"),
        (json!({"summary": 7}), "INVALID_BODY"),
        (json!({"revision": -1}), "INVALID_BODY"),
        (json!({"revision": "1"}), "INVALID_BODY"),
        (json!({"storeId": ""}), "INVALID_BODY"),
        (json!({"userId": "lee"}), "INVALID_BODY"),
        (json!({"summary": "a\0"}), "INVALID_CHARACTERS"),
        (json!({"preferences": {"a": "\0"}}), "INVALID_CHARACTERS"),
    ] {
        put(&api, KIM, body).await.refused(400, code);
    }
    let unknown = put(&api, KIM, json!({"prefs": {}})).await.json();
    assert_eq!(unknown["details"][0]["field"], "prefs");
    let typed = |text: &'static str, kind: &'static str| {
        TestRequest::put().uri(KIM).insert_header(("content-type", kind)).set_payload(text)
    };
    api.send(typed("{\"summary\": ", "application/json")).await.refused(400, "INVALID_JSON");
    api.send(typed("summary=a", "text/plain")).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    put(&api, KIM, json!({"preferences": {"a": "x".repeat(BODY_LIMIT)}})).await.refused(413, "BODY_TOO_LARGE");
    api.get("/api/users/kim/context?store=demo").await.refused(400, "INVALID_QUERY");
    assert_eq!(api.get(KIM).await.json()["revision"], 0);
}

#[actix_web::test]
async fn a_storage_that_is_away_is_answered_with_503() {
    let away = || Err(RepositoryError::unavailable("secret address refused"));
    let mut contexts = MockUserContextStore::new();
    contexts.expect_find().returning(move |_, _| Err(RepositoryError::unavailable("secret address refused")));
    contexts.expect_put().returning(move |_, _| away());
    let api = Setup { contexts: Some(Arc::new(contexts)), ..Setup::default() }.api().await;
    for reply in [api.get(KIM).await, put(&api, KIM, told()).await] {
        reply.refused(503, "STORAGE_UNAVAILABLE");
        assert!(!reply.text.contains("secret"), "{}", reply.text);
    }
}

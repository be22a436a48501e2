use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use api_actix::{CacheLook, DatabaseLook};
use kernel::RepositoryError;
use serde_json::json;

use crate::support::{Api, Setup, database_look};

#[actix_web::test]
async fn a_server_that_does_without_redis_is_alive_and_says_so() {
    let health = Setup::default().api().await.get("/health").await.json();
    assert_eq!((&health["status"], &health["cache"]), (&json!("ok"), &json!({"kind": "redis", "status": "ok"})));
    let cache = CacheLook { kind: "redis", well: false };
    let reply = Setup { cache, ..Setup::default() }.api().await.get("/health").await;
    assert_eq!(reply.status, 200);
    let health = reply.json();
    let degraded = json!({"kind": "redis", "status": "degraded"});
    assert_eq!((&health["status"], &health["cache"]), (&json!("degraded"), &degraded));
}

#[actix_web::test]
async fn a_server_that_is_about_to_stop_is_not_ready() {
    let api = Setup::default().api().await;
    api.state.chat.drain(Duration::ZERO).await;
    let reply = api.get("/ready").await;
    assert_eq!(
        (reply.status, reply.json()["details"][0]["field"].clone()),
        (503.try_into().unwrap(), json!("questions"))
    );
}

#[actix_web::test]
async fn a_live_server_says_so_and_names_its_limits() {
    let api = Api::new().await;
    for path in ["/health", "/api/health"] {
        let body = api.get(path).await.json();
        assert_eq!((body["status"].as_str(), body["version"].as_str()), (Some("ok"), Some("0.0.0-test")));
        assert_eq!(body["limits"]["maxMessageChars"], 2000);
    }
    assert_eq!(api.get("/api/ping").await.json()["message"], "pong");
}

#[actix_web::test]
async fn readiness_names_what_is_missing_but_not_why() {
    let api = Api::new().await;
    let ready = api.get("/ready").await.json();
    assert_eq!((ready["status"].as_str(), ready["checks"][0]["detail"].as_str()), (Some("ready"), Some("3 ms")));
    let down = api_actix::Check { name: "database".into(), ok: false, detail: Some("10.0.0.7 refused".into()) };
    let reply = Setup { checks: vec![down], ..Setup::default() }.api().await.get("/ready").await;
    reply.refused(503, "NOT_READY");
    assert_eq!(reply.json()["details"][0]["field"], "database");
    assert!(!reply.text.contains("10.0.0.7"));
}

#[actix_web::test]
async fn the_database_tells_how_it_is_and_what_it_estimates() {
    let body = Api::new().await.get("/health/database").await.json();
    let expected = json!({
        "status": "ok",
        "backend": "postgresql",
        "version": "15.18",
        "latencyMs": 1.234,
        "pool": {"size": 3, "idle": 2, "max": 10},
        "migrations": {"applied": 5, "pending": 1},
        "rows": {"messages": 1_000_000, "sessions": 12},
        "estimated": true,
        "timestamp": body["timestamp"],
    });
    assert_eq!(body, expected);
    let counted = DatabaseLook { rows: Vec::new(), ..database_look() };
    let body = Setup { database: Ok(counted), ..Setup::default() }.api().await.get("/health/database").await.json();
    assert_eq!(body["estimated"], false);
}

#[actix_web::test]
async fn a_database_that_is_down_is_said_to_be_without_its_reasons() {
    let reasons: [fn() -> RepositoryError; 2] = [
        || RepositoryError::unavailable("10.0.0.7 refused"),
        || RepositoryError::backend("password of 10.0.0.7 wrong"),
    ];
    for reason in reasons {
        let reply = Setup { database: Err(reason), ..Setup::default() }.api().await.get("/health/database").await;
        reply.refused(503, "STORAGE_UNAVAILABLE");
        assert!(!reply.text.contains("10.0.0.7"), "{}", reply.text);
    }
}

#[actix_web::test]
async fn metrics_are_in_prometheus_text() {
    let reply = Api::new().await.get("/metrics").await;
    assert_eq!(
        (reply.header("content-type"), &*reply.text),
        ("text/plain; version=0.0.4; charset=utf-8", "turns_live 0\n")
    );
}

#[actix_web::test]
async fn the_page_is_served_strictly_and_only_once() {
    let api = Api::new().await;
    let page = api.get("/").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'self'; style-src 'self'; script-src"));
    assert_eq!((page.header("x-content-type-options"), page.header("cache-control")), ("nosniff", "no-cache"));
    assert!(!page.header("referrer-policy").is_empty());
    let again = TestRequest::get().uri("/").insert_header(("if-none-match", page.header("etag")));
    let again = api.send(again).await;
    assert_eq!((again.status.as_u16(), again.text.len()), (304, 0));
    let script = api.get("/assets/app.js").await;
    assert_eq!((script.status.as_u16(), script.header("content-type")), (200, "text/javascript; charset=utf-8"));
    api.get("/assets/nothing.js").await.refused(404, "ROUTE_NOT_FOUND");
    api.get("/assets/..%2fCargo.toml").await.refused(404, "ROUTE_NOT_FOUND");
}

#[actix_web::test]
async fn the_documentation_page_reads_our_document() {
    let api = Api::new().await;
    let redirect = api.get("/docs").await;
    assert_eq!((redirect.status.as_u16(), redirect.header("location")), (308, "/docs/"));
    let page = api.get("/docs/").await;
    assert!(page.status.is_success() && page.header("content-type").starts_with("text/html"), "{page:?}");
    assert!(!page.header("content-security-policy").is_empty());
    let script = api.get("/docs/swagger-initializer.js").await;
    assert!(script.text.contains("/openapi.json"), "{}", script.text);
    assert_eq!(api.get("/openapi.json").await.text, api_actix::openapi_json());
    api.get("/docs/nothing.js").await.refused(404, "ROUTE_NOT_FOUND");
}

#[actix_web::test]
async fn a_harmless_request_id_is_kept_and_any_other_is_replaced() {
    let api = Api::new().await;
    let with = |id: &'static str| TestRequest::get().uri("/health").insert_header(("x-request-id", id));
    assert_eq!(api.send(with("client-7.a_b")).await.header("x-request-id"), "client-7.a_b");
    for bad in ["a b", "<script>", ""] {
        let given = api.send(with(bad)).await.header("x-request-id").to_owned();
        assert!(given != bad && given.len() == 36, "{given}");
    }
    let missing = TestRequest::get().uri("/nowhere").insert_header(("x-request-id", "mine"));
    assert_eq!(api.send(missing).await.json()["requestId"], "mine");
}

#[actix_web::test]
async fn head_is_answered_where_get_is_but_not_on_streams() {
    let api = Api::new().await;
    let head = |uri: &str| TestRequest::default().method(Method::HEAD).uri(uri);
    assert_eq!(api.send(head("/health")).await.status, 200);
    api.send(head("/api/turns/00000000-0000-0000-0000-000000000001/stream")).await.refused(405, "METHOD_NOT_ALLOWED");
}

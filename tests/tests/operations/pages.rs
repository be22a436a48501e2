use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Server, run};

#[tokio::test]
async fn a_running_server_says_that_it_lives_and_is_ready() {
    let server = Server::start().await;
    let api = server.api();
    let health = api.get_json("/health").await;
    assert_eq!((&health["status"], &health["service"]), (&json!("ok"), &json!("iyagi")));
    assert!(run(&["--version"]).stdout.contains(health["version"].as_str().unwrap()));
    let ready = api.get_json("/ready").await;
    assert_eq!(ready["status"], "ready");
    assert!(ready["checks"].as_array().unwrap().iter().all(|check| check["ok"] == true), "{ready}");
}

#[tokio::test]
async fn metrics_count_requests_and_turns() {
    let server = Server::start().await;
    let api = server.api();
    api.ask(&json!({"message": "제주도는 배송비가 얼마예요?", "userId": "minji"})).await;
    let response = api.get("/metrics").await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    let text = response.text().await.unwrap();
    let declared: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for name in ["http_requests_total", "http_request_duration_seconds", "turns_total", "turn_duration_seconds"] {
        assert!(declared.contains(name), "{name} is missing:\n{text}");
    }
    let of_the_question =
        text.lines().find(|line| line.starts_with("http_requests_total{") && line.contains("/api/chat"));
    assert!(of_the_question.is_some_and(|line| line.ends_with(" 1") && line.contains("200")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("turn_duration_seconds_bucket{")), "{text}");
    assert!(!text.contains("제주") && !text.contains("minji"), "{text}");
}

#[tokio::test]
async fn the_openapi_document_is_the_one_the_command_prints() {
    let server = Server::start().await;
    let served = server.api().get_json("/openapi.json").await;
    let printed = run(&["openapi"]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert_eq!(serde_json::from_str::<Value>(&printed.stdout).unwrap(), served);
    assert!(served["openapi"].as_str().unwrap().starts_with("3."));
    for path in ["/api/chat", "/api/chat/stream", "/api/sessions", "/health", "/ready", "/metrics"] {
        assert!(served["paths"][path].is_object(), "{path} is not documented");
    }
}

#[tokio::test]
async fn the_pages_load_with_everything_they_ask_for() {
    let server = Server::start().await;
    let api = server.api();
    for page in ["/", "/docs/"] {
        let response = api.get(page).await;
        assert_eq!(response.status(), 200, "{page}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{page}");
        let html = response.text().await.unwrap();
        let assets = references(&html);
        assert!(assets.len() >= 3, "{page}: {assets:?}");
        for asset in assets {
            let path = if asset.starts_with('/') {
                asset.clone()
            } else {
                format!("{page}{}", asset.trim_start_matches("./"))
            };
            let response = api.get(&path).await;
            assert_eq!(response.status(), 200, "{page} asks for {asset}");
            assert!(!response.bytes().await.unwrap().is_empty(), "{path}");
        }
    }
    assert_eq!(api.get("/docs").await.status(), 200, "without the slash, as it is announced");
}

/// What a page's `src` and `href` name, but for places within it.
fn references(html: &str) -> BTreeSet<String> {
    let after = |attribute: &'static str| html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
    let all = after("src=\"").chain(after("href=\""));
    all.filter(|reference| !reference.starts_with('#')).map(str::to_owned).collect()
}

//! What is done with a session besides talking in it.

use reqwest::Method;
use serde_json::{Value, json};

use super::JEJU;
use crate::support::{Server, assert_error};

#[tokio::test]
async fn a_session_is_shared_exported_and_deleted_and_a_restart_changes_none_of_it() {
    let mut server = Server::start().await;
    let api = server.api();
    let reply = api.ask(&json!({"message": JEJU, "userId": "minji"})).await;
    let session = format!("/api/sessions/{}", reply["sessionId"].as_str().unwrap());
    let shared = api.post(&format!("{session}/share"), &json!({"expiresInHours": 1})).await;
    assert_eq!(shared.status(), 201);
    let link: Value = shared.json().await.unwrap();
    let (token, url) = (link["token"].as_str().unwrap(), link["url"].as_str().unwrap());
    let told = api.get_json(url).await;
    assert_eq!((&told["title"], &told["messages"][1]["content"]), (&json!(JEJU), &reply["answer"]), "{told}");
    assert!(!told.to_string().contains("minji"), "{told}");

    let export = api.get(&format!("{session}/export?format=markdown&userId=minji")).await;
    assert!(
        export.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"conversation-")
    );
    let transcript = export.text().await.unwrap();
    assert!(transcript.contains(&format!("> {JEJU}\n")) && transcript.contains("\n출처:\n"), "{transcript}");

    assert!(server.terminate().success());
    server.restart().await;
    let api = server.api();
    assert_eq!(api.get_json(url).await, told);
    assert!(!server.stderr().contains(token), "the log has the token");
    let database = std::fs::read(server.data().join("iyagi.db")).unwrap();
    assert!(!database.windows(token.len()).any(|bytes| bytes == token.as_bytes()), "the database has the token");

    assert_eq!(api.request(Method::DELETE, &session).send().await.unwrap().status(), 204);
    assert_error(api.get(&session).await, 404, "SESSION_NOT_FOUND").await;
    assert_error(api.get(url).await, 404, "SHARE_NOT_FOUND").await;
}

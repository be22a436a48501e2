use reqwest::Method;
use serde_json::{Value, json};

use crate::support::Server;

const QUESTION: &str = "비밀스러운 제주도 배송비 질문이에요";

fn lines(stderr: &str) -> Vec<Value> {
    stderr.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[tokio::test]
async fn every_request_has_one_log_line_and_no_line_says_what_was_asked() {
    let mut server = Server::start().await;
    let api = server.api();
    let send = async |method: Method, path: &str, id: &str, body: &Value| {
        let request = api.request(method, path).header("x-request-id", id);
        request.json(body).send().await.unwrap().text().await.unwrap()
    };
    let ask = json!({"message": QUESTION, "userId": "hong-gildong"});
    let answer: Value = serde_json::from_str(&send(Method::POST, "/api/chat", "json-1", &ask).await).unwrap();
    send(Method::POST, "/api/chat/stream", "stream-1", &ask).await;
    send(Method::POST, "/api/chat", "refused-1", &json!({"message": QUESTION, "sessionId": QUESTION})).await;
    send(Method::POST, "/api/chat", "field-1", &json!({"message": QUESTION, "비밀스러운": 1})).await;
    send(Method::GET, "/api/비밀스러운/제주도", "unmatched-1", &Value::Null).await;
    assert!(server.terminate().success());

    let stderr = server.stderr();
    let lines = lines(&stderr);
    for (id, method, status) in [
        ("json-1", "POST", 200),
        ("stream-1", "POST", 200),
        ("refused-1", "POST", 400),
        ("field-1", "POST", 400),
        ("unmatched-1", "GET", 404),
    ] {
        let of_request: Vec<&Value> = lines.iter().filter(|line| line["request_id"] == id).collect();
        assert_eq!(of_request.len(), 1, "{id}: {of_request:?}");
        let line = of_request[0];
        assert_eq!(
            (&line["message"], &line["method"], &line["status"]),
            (&json!("request served"), &json!(method), &json!(status))
        );
        assert!(line["duration_ms"].is_u64() && line["bytes"].as_u64().unwrap() > 0, "{line}");
    }
    let told = |id: &str| lines.iter().find(|line| line["request_id"] == id).map(|line| &line["route"]);
    assert_eq!(told("json-1"), Some(&json!("/api/chat")));
    for secret in ["비밀스러운", "제주도", "hong-gildong"] {
        assert!(!stderr.contains(secret), "the log says `{secret}`:\n{stderr}");
    }
    let first_words: String = answer["answer"].as_str().unwrap().chars().take(12).collect();
    assert!(!stderr.contains(&first_words), "the log says what was answered:\n{stderr}");
}

#[tokio::test]
async fn every_line_has_a_time_a_level_and_a_target() {
    let mut server = Server::start().await;
    server.api().get("/health").await;
    assert!(server.terminate().success());
    let stderr = server.stderr();
    let lines = lines(&stderr);
    assert!(lines.len() >= 2, "{stderr}");
    for line in &lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["target"].is_string(), "{line}");
    }
    let grave = lines.iter().find(|line| line["level"] == "ERROR" || line["level"] == "WARN");
    assert_eq!(grave, None, "a start, a look and a stop went wrong");
}

//! What a request leaves behind: metrics, and one line in the log.

use std::io;
use std::sync::{Arc, Mutex};

use kernel::RepositoryError;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use session_core::ports::MockFeedbackRepository;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Api, QUESTION, Setup};

/// Log lines, kept in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn keep(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_writer(self.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn saying(&self, message: &str) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["message"] == message).collect()
    }
}

#[actix_web::test]
async fn metrics_know_routes_by_their_pattern_only() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let api = Api::new().await;
    let session = api.session().await;
    api.get(&format!("/api/sessions/{session}?userId=kim")).await;
    api.get("/api/secret-path").await;
    let text = recorder.handle().render();
    for series in [
        r#"http_requests_total{method="GET",route="/api/sessions/{id}",status="200"} 1"#,
        r#"http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
        r#"http_requests_total{method="POST",route="/api/sessions",status="201"} 1"#,
        r"http_requests_in_flight 0",
    ] {
        assert!(text.contains(series), "{series}\n{text}");
    }
    assert!(text.contains("http_request_duration_seconds") && !text.contains("secret-path"), "{text}");
}

#[actix_web::test]
async fn one_line_tells_a_request_without_telling_who_asked_what() {
    let lines = Lines::default();
    let _guard = lines.keep();
    let api = Api::new().await;
    let reply = api.post("/api/chat/stream?userId=kim-in-query", json!({"message": QUESTION, "userId": "kim"})).await;
    let served = lines.saying("request served");
    assert_eq!(served.len(), 1);
    let line = &served[0];
    assert_eq!(
        (&line["method"], &line["route"], &line["status"]),
        (&json!("POST"), &json!("/api/chat/stream"), &json!(200))
    );
    assert_eq!(line["request_id"], reply.header("x-request-id"));
    assert_eq!(line["bytes"], reply.text.len());
    let text = line.to_string();
    assert!(!text.contains("kim") && !text.contains("제주"), "{text}");
}

#[actix_web::test]
async fn a_fault_is_logged_once_with_its_whole_chain_and_told_without() {
    let lines = Lines::default();
    let _guard = lines.keep();
    let mut feedback = MockFeedbackRepository::new();
    feedback.expect_of_messages().returning(|_, _| Err(RepositoryError::backend("no such column")));
    let api = Setup { feedback: Some(Arc::new(feedback)), ..Setup::default() }.api().await;
    let session = api.session().await;
    let reply = api.get(&format!("/api/sessions/{session}/messages")).await;
    reply.refused(500, "INTERNAL_ERROR");
    assert!(!reply.text.contains("column"));
    let failed = lines.saying("request failed");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["error"], "INTERNAL_ERROR: the storage failed: no such column");
    assert_eq!(failed[0]["request_id"], reply.header("x-request-id"));
}

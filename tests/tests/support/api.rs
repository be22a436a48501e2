//! What a client of the server does.

use std::collections::BTreeSet;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Event, EventReader};

/// A client of one server. The identity it uses is given with each question.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
}

impl Api {
    pub(crate) fn new(base: &str) -> Self {
        Self { client: Client::new(), base: base.to_owned() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// The JSON of a successful answer.
    pub(crate) async fn get_json(&self, path: &str) -> Value {
        read(self.get(path).await).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).json(body).send().await.unwrap()
    }

    /// Asks and reads the one JSON reply.
    pub(crate) async fn ask(&self, body: &Value) -> Value {
        read(self.post("/api/chat", body).await).await
    }

    /// Asks and leaves the reading of the stream to the caller.
    pub(crate) async fn stream(&self, body: &Value) -> EventReader {
        EventReader::new(self.post("/api/chat/stream", body).await)
    }

    /// Asks and reads the stream to its end.
    pub(crate) async fn events(&self, body: &Value) -> Vec<Event> {
        self.stream(body).await.rest().await
    }

    /// The events of a turn after number `after`.
    pub(crate) async fn resume(&self, turn: &str, after: u64) -> Vec<Event> {
        let request = self.request(Method::GET, &format!("/api/turns/{turn}/stream"));
        EventReader::new(request.header("Last-Event-ID", after).send().await.unwrap()).rest().await
    }

    /// An empty session of a user.
    pub(crate) async fn new_session(&self, user: &str) -> String {
        let session = read(self.post("/api/sessions", &json!({"userId": user})).await).await;
        session["id"].as_str().unwrap().to_owned()
    }

    /// The messages of a session, oldest first; fails when their sequence numbers have a gap.
    pub(crate) async fn messages(&self, user: &str, session: &str) -> Vec<Value> {
        let page = self.get_json(&format!("/api/sessions/{session}/messages?userId={user}&limit=100")).await;
        let messages = page["items"].as_array().unwrap().clone();
        let numbers: Vec<u64> = messages.iter().map(|message| message["sequence"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=messages.len() as u64).collect::<Vec<_>>(), "the sequence has gaps: {messages:?}");
        messages
    }
}

async fn read(response: Response) -> Value {
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Checks that a refusal has the status, the code and everything an error body carries; gives the body.
pub(crate) async fn assert_error(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), StatusCode::from_u16(status).unwrap(), "{code}");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["requestId"], id.as_str(), "{body}");
    assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
    let timestamp = body["timestamp"].as_str().unwrap();
    assert!(timestamp.starts_with("20") && timestamp.contains('T') && timestamp.ends_with('Z'), "{body}");
    body
}

/// The numbers of the citation markers (`[1]`) in an answer.
pub(crate) fn markers(answer: &str) -> BTreeSet<usize> {
    let after_brackets = answer.split('[').skip(1);
    after_brackets.filter_map(|text| text.split_once(']')?.0.parse().ok()).collect()
}

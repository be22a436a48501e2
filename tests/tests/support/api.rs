//! What a client of the server does.

use std::collections::BTreeSet;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use super::{Event, EventReader, http};

/// A client of one server. The identity it uses is given with each question.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
}

impl Api {
    pub(crate) fn new(base: &str) -> Self {
        Self { client: http::client(), base: base.to_owned() }
    }

    /// A client that makes a connection of its own for each request: a balancer sends each elsewhere.
    pub(crate) fn unpooled(base: &str) -> Self {
        let client = http::builder().pool_max_idle_per_host(0).build().unwrap();
        Self { client, base: base.to_owned() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// The value of a metric, named with its labels as it is told.
    pub(crate) async fn metric(&self, name: &str) -> Option<f64> {
        let text = self.get("/metrics").await.text().await.unwrap();
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
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

    /// Asks, whatever comes of it.
    pub(crate) async fn try_ask(&self, body: &Value) -> Outcome {
        match self.request(Method::POST, "/api/chat").json(body).send().await {
            Ok(response) => Outcome::of(response).await,
            Err(broken) => Outcome::Broken(format!("{broken:?}")),
        }
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
        self.follow(turn, after).await.rest().await
    }

    /// Takes up the stream of a turn after event number `after`.
    pub(crate) async fn follow(&self, turn: &str, after: u64) -> EventReader {
        let request = self.request(Method::GET, &format!("/api/turns/{turn}/stream"));
        EventReader::new(request.header("Last-Event-ID", after).send().await.unwrap())
    }

    /// An empty session of a user.
    pub(crate) async fn new_session(&self, user: &str) -> String {
        let session = read(self.post("/api/sessions", &json!({"userId": user})).await).await;
        session["id"].as_str().unwrap().to_owned()
    }

    /// The messages of a session, oldest first; fails when their sequence numbers have a gap.
    pub(crate) async fn messages(&self, user: &str, session: &str) -> Vec<Value> {
        let address = format!("/api/sessions/{session}/messages?userId={user}&limit=100");
        let mut page = self.get_json(&address).await;
        let mut messages = page["items"].as_array().unwrap().clone();
        while let Some(cursor) = page["nextCursor"].as_str().map(str::to_owned) {
            page = self.get_json(&format!("{address}&before={cursor}")).await;
            messages.splice(0..0, page["items"].as_array().unwrap().clone());
        }
        let numbers: Vec<u64> = messages.iter().map(|message| message["sequence"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (1..=messages.len() as u64).collect::<Vec<_>>(), "the sequence has gaps: {messages:?}");
        messages
    }
}

/// How a request ended for whoever made it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// Answered, and kept.
    Done(Value),
    /// Refused or failed, with an error body.
    Refused { status: u16, code: String, retry_after: Option<u64> },
    /// The connection broke: it may have been done or not.
    Broken(String),
}

impl Outcome {
    /// Reads a reply; whatever is not a success has to have an error body.
    pub(crate) async fn of(response: Response) -> Self {
        let status = response.status();
        if !status.is_success() {
            let header = response.headers().get("retry-after");
            let retry_after = header.map(|seconds| seconds.to_str().unwrap().parse().unwrap());
            let body: Value = match response.json().await {
                Ok(body) => body,
                Err(broken) => return Self::Broken(format!("{broken:?}")),
            };
            assert!(body["requestId"].is_string() && body["error"].is_string(), "{status}: {body}");
            let code = body["code"].as_str().unwrap().to_owned();
            return Self::Refused { status: status.as_u16(), code, retry_after };
        }
        match response.json().await {
            Ok(body) => Self::Done(body),
            Err(broken) => Self::Broken(format!("{broken:?}")),
        }
    }

    pub(crate) fn is_refused(&self, status: u16, code: &str) -> bool {
        matches!(self, Self::Refused { status: s, code: c, .. } if *s == status && c == code)
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

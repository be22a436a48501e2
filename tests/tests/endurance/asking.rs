//! Questions that are asked through a balancer until it is known how each ended, whatever dies meanwhile.

use std::time::Instant;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::QUESTION;
use crate::support::{Api, Event, EventReader, Outcome, answer_of};

/// How a question ended for whoever asked it.
#[derive(Debug)]
pub(super) enum End {
    Answered { message: String, content: String, count: u64 },
    Failed { code: String },
}

/// A question, and how it ended.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) question: String,
    pub(super) turn: String,
    pub(super) end: End,
}

/// A session, and what whoever talks in it was told.
pub(super) struct Talk {
    pub(super) user: String,
    pub(super) session: String,
    pub(super) told: Vec<Told>,
}

impl Talk {
    /// A talk in a new session; `None` when the connection broke.
    pub(super) async fn begin(api: &Api, user: String) -> Option<Self> {
        let request = api.request(Method::POST, "/api/sessions").json(&json!({"userId": user}));
        let session = body_of(request).await?["id"].as_str().unwrap().to_owned();
        Some(Self { user, session, told: Vec::new() })
    }

    pub(super) fn next_question(&self) -> Attempt {
        let question = format!("{QUESTION} {} {}", self.user, self.told.len());
        let (user, session) = (self.user.clone(), self.session.clone());
        Attempt { user, session, question, asked_at: Instant::now(), turn: None, heard: Vec::new() }
    }

    pub(super) fn heard(&mut self, attempt: Attempt, end: End) {
        let Attempt { question, turn, .. } = attempt;
        self.told.push(Told { question, turn: turn.expect("who hears an end knows the turn"), end });
    }

    /// Whoever was told an answer finds it in the session at once, whichever server is asked.
    pub(super) async fn check_session(&self, api: &Api) {
        let Some(Told { end: End::Answered { count, message, .. }, .. }) = self.told.last() else { return };
        let session = api.request(Method::GET, &format!("/api/sessions/{}?userId={}", self.session, self.user));
        if let Some(session) = body_of(session).await {
            assert_eq!(session["messageCount"], *count, "{session}");
        }
        let address = format!("/api/sessions/{}/messages?userId={}&limit=10", self.session, self.user);
        if let Some(page) = body_of(api.request(Method::GET, &address)).await {
            assert_eq!(page["items"].as_array().unwrap().last().unwrap()["id"], *message, "{page}");
        }
    }
}

/// The reply of a request that cannot be refused; `None` when the connection broke.
async fn body_of(request: RequestBuilder) -> Option<Value> {
    match Outcome::of(request.send().await.ok()?).await {
        Outcome::Done(body) => Some(body),
        Outcome::Broken(_) => None,
        refused @ Outcome::Refused { .. } => panic!("{refused:?}"),
    }
}

/// A question under way.
pub(super) struct Attempt {
    user: String,
    session: String,
    question: String,
    pub(super) asked_at: Instant,
    /// Known from the first event on.
    turn: Option<String>,
    heard: Vec<Event>,
}

impl Attempt {
    /// Asks, asks the same again while nothing is known of it, or goes on with what was heard. `None` when the
    /// connection broke before the end.
    pub(super) async fn go_on(&mut self, api: &Api) -> Option<End> {
        let response = self.request(api).send().await.ok()?;
        if !response.status().is_success() {
            match Outcome::of(response).await {
                Outcome::Broken(_) => return None,
                refused => panic!("{}: {refused:?}", self.question),
            }
        }
        let mut stream = EventReader::new(response);
        while let Some(event) = stream.next().await {
            if let Some(end) = self.hear(event) {
                return Some(end);
            }
        }
        None
    }

    fn request(&self, api: &Api) -> RequestBuilder {
        if let (Some(turn), Some(last)) = (&self.turn, self.heard.last()) {
            let address = format!("/api/turns/{turn}/stream?userId={}", self.user);
            return api.request(Method::GET, &address).header("Last-Event-ID", last.id);
        }
        api.request(Method::POST, "/api/chat/stream").json(&json!({
            "message": self.question, "userId": self.user, "sessionId": self.session, "clientMessageId": self.question,
        }))
    }

    /// Takes an event: a stream that starts over is heard again from the beginning, any other goes on without a gap.
    fn hear(&mut self, event: Event) -> Option<End> {
        if event.kind() == "session" {
            let turn = event.data["turnId"].as_str().unwrap().to_owned();
            assert!(self.turn.as_ref().is_none_or(|known| *known == turn), "{} has two turns", self.question);
            assert_eq!((event.id, &event.data["sessionId"]), (1, &json!(self.session)));
            (self.turn, self.heard) = (Some(turn), Vec::new());
        } else {
            let last = self.heard.last().expect("a stream begins with its session");
            assert_eq!(event.id, last.id + 1, "{event:?} after {last:?}");
        }
        let end = self.end(&event);
        self.heard.push(event);
        end
    }

    fn end(&self, event: &Event) -> Option<End> {
        match event.kind() {
            "done" => Some(End::Answered {
                message: event.data["messageId"].as_str().unwrap().to_owned(),
                content: answer_of(&self.heard),
                count: event.data["metadata"]["sessionMessageCount"].as_u64().unwrap(),
            }),
            "error" => Some(End::Failed { code: event.data["code"].as_str().unwrap().to_owned() }),
            _ => None,
        }
    }
}

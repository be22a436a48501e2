//! Questions that are asked through a balancer until it is known how each ended, whatever dies meanwhile.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::QUESTION;
use crate::support::{Api, Event, EventReader, Outcome, answer_of, event_of};

/// Before a server is asked again that could not answer.
const PAUSE: Duration = Duration::from_millis(200);
/// How long servers may be behind.
const BEHIND: Duration = Duration::from_secs(10);
/// In the last words of a stream that is to be taken up again.
const CUT: &str = r#""type":"cut""#;

/// How a question ended for whoever asked it.
#[derive(Debug)]
pub(super) enum End {
    Answered { message: String, content: String, done: Value },
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

    /// Whoever was told an answer finds it in the session, whichever server is asked; unless the database was too slow to
    /// take it, and it is in a spool. A server that is so busy that it hears late of what others write may be behind for
    /// a moment: gives how often one was.
    pub(super) async fn check_session(&self, api: &Api) -> u64 {
        let Some(Told { end: End::Answered { done, .. }, .. }) = self.told.last() else { return 0 };
        if done["metadata"]["durable"] == "spool" {
            return 0;
        }
        let (begun, mut behind) = (Instant::now(), 0);
        loop {
            let address = format!("/api/sessions/{}?userId={}", self.session, self.user);
            let Some(session) = body_of(api.request(Method::GET, &address)).await else { return behind };
            let address = format!("/api/sessions/{}/messages?userId={}&limit=10", self.session, self.user);
            let Some(page) = body_of(api.request(Method::GET, &address)).await else { return behind };
            let newest = page["items"].as_array().unwrap().last().map(|message| &message["id"]);
            let counted = session["messageCount"] == done["metadata"]["sessionMessageCount"];
            if counted && newest == Some(&done["messageId"]) {
                return behind;
            }
            behind += 1;
            eprintln!("behind: {session} and {newest:?} after {done}");
            assert!(begun.elapsed() < BEHIND, "{session} and {newest:?} after {done}");
        }
    }
}

/// The reply of a request; `None` when the connection broke, or the server is to be asked again.
async fn body_of(request: RequestBuilder) -> Option<Value> {
    match Outcome::of(request.send().await.ok()?).await {
        Outcome::Done(body) => Some(body),
        other => {
            come_back(&other).await;
            None
        }
    }
}

/// Waits a moment before what broke is tried again. On a machine that is too busy the database may be away for a server
/// for a while, which it says; nothing else is refused.
async fn come_back(outcome: &Outcome) {
    let away = matches!(outcome, Outcome::Refused { status: 503, retry_after: Some(1..), .. });
    assert!(away || matches!(outcome, Outcome::Broken(_)), "{outcome:?}");
    tokio::time::sleep(PAUSE).await;
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
            come_back(&Outcome::of(response).await).await;
            return None;
        }
        let mut stream = EventReader::new(response);
        while let Some(frame) = stream.next_frame().await {
            if frame.contains(CUT) {
                return None;
            }
            if let Some(end) = self.hear(event_of(&frame)) {
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
                done: event.data.clone(),
            }),
            "error" => Some(End::Failed { code: event.data["code"].as_str().unwrap().to_owned() }),
            _ => None,
        }
    }
}

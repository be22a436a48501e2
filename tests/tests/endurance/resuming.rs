//! A stream that is cut after each of its events, and taken up again: where it was, and at another server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;
use test_support::postgres::TestDatabase;
use test_support::sql::{self, Held};
use test_support::{redis, require};
use tokio::sync::Notify;

use super::cancelling::{LONG_QUESTIONS, question_of};
use super::{QUESTION, sharing};
use crate::support::{Api, Event, EventReader, Server, answer_of, event_of, only};

/// In characters: a question that is still looked up when everybody who is to read its answer has come.
const LONG: usize = 8_000;
/// Cuts of one live answer.
const AT_ONCE: usize = 12;
/// Answers that are cut as they begin.
const TALKS: usize = 12;
/// Fewer events than so many would prove little.
const MANY: usize = 20;
const LIMIT: Duration = Duration::from_secs(30);

/// The server that answers, and others.
pub(super) struct Place {
    pub(super) servers: Vec<Server>,
    pub(super) database: String,
    _home: Option<TestDatabase>,
}

/// A way to read a stream: its beginning at one server, the rest at another or the same.
#[derive(Clone, Copy)]
struct Way<'a> {
    from: &'a Api,
    to: &'a Api,
}

impl Place {
    async fn sqlite() -> Self {
        let server = Server::start_with(&[LONG_QUESTIONS]).await;
        let database = format!("sqlite:{}", server.data().join("iyagi.db").display());
        Self { servers: vec![server], database, _home: None }
    }

    pub(super) async fn postgres(home: TestDatabase, more: &[(&str, &str)]) -> Self {
        let variables = [&[LONG_QUESTIONS, ("DATABASE_URL", &home.url)], more].concat();
        let servers = join_all((0..2).map(|_| Server::start_with(&variables))).await;
        Self { servers, database: home.url.clone(), _home: Some(home) }
    }

    fn apis(&self) -> Vec<Api> {
        self.servers.iter().map(Server::api).collect()
    }

    /// Lets no answer in a session be kept, so that its turn goes on, until the value is released.
    pub(super) async fn hold_open(&self, session: &str) -> Held {
        let script = if self.database.starts_with("sqlite:") {
            "BEGIN IMMEDIATE".to_owned()
        } else {
            format!("BEGIN; SELECT FROM chat_sessions WHERE id = '{session}' FOR UPDATE")
        };
        sql::hold(&self.database, &script).await.unwrap()
    }

    async fn is_open(&self, session: &str) -> bool {
        // As SQLite keeps ids, and as PostgreSQL does.
        let hex = session.replace('-', "");
        let of_session = if self.database.starts_with("sqlite:") {
            format!("hex(session_id) = upper('{hex}')")
        } else {
            format!("session_id = '{session}'")
        };
        let query = format!("SELECT state FROM chat_turns WHERE {of_session}");
        sql::texts(&self.database, &query).await.unwrap() == ["open"]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_cut_after_any_event_goes_on_with_exactly_the_rest() {
    let place = Place::sqlite().await;
    let apis = place.apis();
    cut_everywhere(&place, &[Way { from: &apis[0], to: &apis[0] }], assert_the_rest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_a_stream_cut_after_any_event_goes_on_at_any_server() {
    let database = require!(test_support::postgres::database().await);
    let server = require!(redis::server().await);
    let prefix = redis::prefix();
    let place = Place::postgres(database, &sharing(server, &prefix)).await;
    let apis = place.apis();
    let (here, there) = (&apis[0], &apis[1]);
    let ways = [Way { from: here, to: here }, Way { from: here, to: there }, Way { from: there, to: here }];
    cut_everywhere(&place, &ways, assert_the_rest).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_a_stream_cut_as_it_begins_goes_on_at_once_at_another_server() {
    let database = require!(test_support::postgres::database().await);
    let server = require!(redis::server().await);
    let prefix = redis::prefix();
    let place = Place::postgres(database, &sharing(server, &prefix)).await;
    let (here, there) = (place.servers[0].api(), place.servers[1].api());
    // At the same time: the servers are busy.
    let all = (0..TALKS).map(async |number| {
        let session = here.new_session(&format!("user-{number}")).await;
        let body = json!({"message": QUESTION, "userId": format!("user-{number}"), "sessionId": session});
        let mut asker = here.stream(&body).await;
        let first = asker.next_frame().await.unwrap();
        let rest = there.follow(&turn_of(&first), 1).await.frames().await;
        let whole = [vec![first], asker.frames().await].concat();
        assert_the_rest(&whole[..1], &rest, &whole);
    });
    join_all(all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_a_stream_cut_after_any_event_starts_over_at_another_server() {
    let database = require!(test_support::postgres::database().await);
    let place = Place::postgres(database, &[]).await;
    let apis = place.apis();
    let (here, there) = (&apis[0], &apis[1]);
    cut_everywhere(&place, &[Way { from: here, to: here }], assert_the_rest).await;
    cut_everywhere(&place, &[Way { from: here, to: there }], assert_starts_over).await;
}

/// What a reader heard before the cut and after it, and all that there was to hear.
type Check = fn(head: &[String], rest: &[String], whole: &[String]);

fn assert_the_rest(head: &[String], rest: &[String], whole: &[String]) {
    assert_eq!([head, rest].concat(), whole, "cut after event {}", head.len());
}

fn assert_starts_over(head: &[String], rest: &[String], whole: &[String]) {
    let (n, events) = (head.len(), |frames: &[String]| frames.iter().map(|f| event_of(f)).collect::<Vec<Event>>());
    assert_eq!(head, &whole[..n]);
    let (rest, whole) = (events(rest), events(whole));
    assert_eq!((rest[0].id, rest[0].kind()), (1, "session"), "cut after event {n}: {rest:?}");
    assert_eq!(rest[0].data["turnId"], whole[0].data["turnId"]);
    assert_eq!(answer_of(&rest), answer_of(&whole), "cut after event {n}");
    assert_eq!(only(&rest, "sources"), only(&whole, "sources"));
    assert_eq!(only(&rest, "done")["messageId"], only(&whole, "done")["messageId"]);
    assert_eq!(rest.last().unwrap().kind(), "done");
}

/// Cuts a finished stream after each event, then live ones.
async fn cut_everywhere(place: &Place, ways: &[Way<'_>], check: Check) {
    let api = &place.apis()[0];
    let session = api.new_session("minji").await;
    let whole = ask(api, &session).await.frames().await;
    assert!(whole.len() > MANY, "{whole:?}");
    cut_finished(&whole, ways, check).await;
    // The last event is only said when nobody is waited for any more.
    let cuts: Vec<usize> = (0..whole.len()).collect();
    for cuts in cuts.chunks(AT_ONCE) {
        cut_live(place, cuts, ways, check).await;
    }
    eprintln!("cut after each of {} events, {} ways", whole.len(), ways.len());
}

pub(super) async fn ask(api: &Api, session: &str) -> EventReader {
    api.stream(&json!({"message": question_of(LONG), "userId": "minji", "sessionId": session})).await
}

pub(super) fn turn_of(frame: &str) -> String {
    event_of(frame).data["turnId"].as_str().unwrap().to_owned()
}

async fn cut_finished(whole: &[String], ways: &[Way<'_>], check: Check) {
    let turn = turn_of(&whole[0]);
    for Way { to, .. } in ways {
        for after in 0..=whole.len() {
            let head = &whole[..after];
            check(head, &to.follow(&turn, after as u64).await.frames().await, whole);
            if after % 5 == 0 {
                let address = format!("/api/turns/{turn}/stream?after={after}");
                let response = to.request(Method::GET, &address).send().await.unwrap();
                check(head, &EventReader::new(response).frames().await, whole);
            }
        }
    }
}

/// Cuts one answer that is under way, at several places and in several ways at once. It goes on until all have come
/// back.
async fn cut_live(place: &Place, cuts: &[usize], ways: &[Way<'_>], check: Check) {
    let api = &place.apis()[0];
    let session = api.new_session("minji").await;
    let mut asker = ask(api, &session).await;
    let first = asker.next_frame().await.unwrap();
    let turn = turn_of(&first);
    let held = place.hold_open(&session).await;
    assert!(place.is_open(&session).await, "the answer was too fast");

    let readers = cuts.iter().flat_map(|cut| ways.iter().map(move |way| (*cut, *way)));
    let (expected, back, all_back) = (readers.clone().count(), AtomicUsize::new(0), Notify::new());
    let read = join_all(readers.map(async |(cut, way)| {
        let mut stream = way.from.follow(&turn, 0).await;
        let mut head = Vec::new();
        while head.len() < cut {
            head.push(stream.next_frame().await.unwrap());
        }
        drop(stream);
        let rest = way.to.follow(&turn, cut as u64).await;
        if back.fetch_add(1, Ordering::Relaxed) + 1 == expected {
            all_back.notify_one();
        }
        (head, rest.frames().await)
    }));
    let letting_go = async {
        all_back.notified().await;
        held.release().await.unwrap();
    };
    let everything = async { tokio::join!(read, asker.frames(), letting_go) };
    let (read, rest, ()) = tokio::time::timeout(LIMIT, everything).await.expect("a reader hangs");
    let whole = [vec![first], rest].concat();
    for (head, rest) in read {
        check(&head, &rest, &whole);
    }
}

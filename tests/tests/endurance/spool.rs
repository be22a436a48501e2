//! Answers that PostgreSQL was not there to keep.

use std::{fs, path::PathBuf, time::Duration};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::{postgres::RestartableServer, require, wait::wait_until};
use tokio::sync::watch;

use super::ledger::{Acknowledged, assert_kept};
use super::outage::server_on;
use super::{LEASE, MARGIN, QUESTION};
use crate::support::{Api, Event, EventReader, Outcome, Server, answer_of, assert_error, only};

/// So many turns are under way at once that some are being answered whenever the database goes.
const SESSIONS: usize = 120;
/// It goes when so many are being answered.
const BEGUN: usize = 5;
/// Seconds: enough for all of them to get a connection on a busy machine.
const PATIENCE: &str = "5";
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_under_way_when_postgresql_goes_are_spooled_and_brought_home_once() {
    let mut postgres = require!(RestartableServer::new().await);
    let server = server_on(&postgres, PATIENCE).await;
    let talks = cut_off_and_brought_home(&server, &mut postgres).await;
    assert_home(&server, &talks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_with_a_full_spool_brings_it_home_when_it_starts_again() {
    let mut postgres = require!(RestartableServer::new().await);
    let mut server = server_on(&postgres, PATIENCE).await;
    let talks = cut_off(&server, &mut postgres).await;
    server.kill9();
    assert!(!spooled(&server).is_empty());
    postgres.start().await.unwrap();
    server.restart().await;
    assert_eq!(spooled(&server), "", "a server that is ready has replayed its spool");
    assert_home(&server, &talks).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_whose_turn_failed_is_not_told_to_come_back_once_postgresql_is_there() {
    let mut postgres = require!(RestartableServer::new().await);
    let server = server_on(&postgres, PATIENCE).await;
    let talks = cut_off_and_brought_home(&server, &mut postgres).await;
    for Talk { user, session, .. } in talks.iter().filter(|talk| talk.told.is_none()) {
        let again = server.api().try_ask(&first_question(user, session)).await;
        assert!(!matches!(again, Outcome::Refused { status: 503, .. }), "{again:?}");
    }
}

/// A session with its one question so far.
struct Talk {
    user: String,
    session: String,
    told: Option<Acknowledged>,
}

/// Takes PostgreSQL away while questions are answered, and checks what everybody is told until it is back.
async fn cut_off(server: &Server, postgres: &mut RestartableServer) -> Vec<Talk> {
    let api = server.api();
    let sessions = join_all((0..SESSIONS).map(async |number| {
        let user = format!("user-{number}");
        let session = api.new_session(&user).await;
        (user, session)
    }));
    let sessions = sessions.await;
    let begun = watch::Sender::new(0);
    let asked: Vec<_> = sessions
        .into_iter()
        .map(|(user, session)| tokio::spawn(ask(api.clone(), user, session, begun.clone())))
        .collect();
    let mut begins = begun.subscribe();
    // What is waited for must not be held on to: who tells of the next one would wait for that.
    let enough = tokio::time::timeout(LIMIT, begins.wait_for(|begun| *begun >= BEGUN)).await.is_ok();
    assert!(enough, "questions are not taken: {}", server.stderr());
    postgres.stop().await.unwrap();
    let talks: Vec<Talk> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert_refuses(&api, &talks[0]).await;

    let kept = spooled(server);
    let documented = api.get_json("/openapi.json").await.to_string().contains("\"durable\"");
    let mut waiting = 0;
    for told in talks.iter().filter_map(|talk| talk.told.as_ref()) {
        let id = told.reply["messageId"].as_str().unwrap();
        let durable = told.reply["metadata"]["durable"].as_str();
        waiting += usize::from(kept.contains(id));
        let says = (documented && kept.contains(id)).then_some("spool");
        assert_eq!(durable, says, "{}", told.reply);
    }
    let acknowledged = talks.iter().filter(|talk| talk.told.is_some()).count();
    eprintln!("{acknowledged} of {SESSIONS} acknowledged, {waiting} of them in the spool");
    assert!(waiting > 0, "no answer was under way when PostgreSQL went");
    talks
}

/// The same, and PostgreSQL is there again: waits until the spool is replayed.
async fn cut_off_and_brought_home(server: &Server, postgres: &mut RestartableServer) -> Vec<Talk> {
    let talks = cut_off(server, postgres).await;
    postgres.start().await.unwrap();
    let home = wait_until(LIMIT, async || spooled(server).is_empty()).await;
    assert_eq!(home, Ok(()), "the spool is not replayed: {}", server.stderr());
    talks
}

fn first_question(user: &str, session: &str) -> Value {
    json!({"message": QUESTION, "userId": user, "sessionId": session, "clientMessageId": "first"})
}

/// Asks and reads to the end. An answer that is not kept is refused or ends as unavailable, nothing else.
async fn ask(api: Api, user: String, session: String, begun: watch::Sender<usize>) -> Talk {
    let body = first_question(&user, &session);
    let response = api.request(Method::POST, "/api/chat/stream").json(&body).send().await.unwrap();
    if response.status() != 200 {
        assert_away(&Outcome::of(response).await);
        return Talk { user, session, told: None };
    }
    let (mut reader, mut events) = (EventReader::new(response), Vec::<Event>::new());
    while let Some(event) = reader.next().await {
        // Passages are found in the database too: only what has its passages can be answered without it.
        if event.kind() == "token" && events.iter().all(|before| before.kind() != "token") {
            begun.send_modify(|begun| *begun += 1);
        }
        events.push(event);
    }
    let last = events.last().expect("a stream has events");
    let told = match last.kind() {
        "done" => Some(Acknowledged { question: QUESTION.into(), reply: reply(&events) }),
        "error" => {
            assert_eq!(last.data["code"], "STORAGE_UNAVAILABLE", "{events:?}");
            None
        }
        other => panic!("a stream ended with `{other}`: {events:?}"),
    };
    Talk { user, session, told }
}

/// The events of an answer as the reply that they are the parts of.
fn reply(events: &[Event]) -> Value {
    let (session, done) = (only(events, "session"), only(events, "done"));
    json!({
        "turnId": session["turnId"], "messageId": done["messageId"], "content": answer_of(events),
        "metadata": done["metadata"],
    })
}

/// What a server says while its database is away.
async fn assert_refuses(api: &Api, talk: &Talk) {
    let body = json!({"message": QUESTION, "userId": talk.user, "sessionId": talk.session});
    assert_away(&api.try_ask(&body).await);
    assert_away(&api.try_ask(&json!({"message": QUESTION, "userId": "somebody-new"})).await);
    assert_away(&Outcome::of(api.get(&format!("/api/sessions?userId={}", talk.user)).await).await);
    let ready = api.get("/ready").await;
    assert!(ready.headers().contains_key("retry-after"));
    assert_error(ready, 503, "NOT_READY").await;
    assert_eq!(api.get("/health").await.status(), 200);
}

fn assert_away(outcome: &Outcome) {
    let Outcome::Refused { status: 503, code, retry_after: Some(1..) } = outcome else { panic!("{outcome:?}") };
    assert_eq!(code, "STORAGE_UNAVAILABLE");
}

/// Everything that was acknowledged is in the database once, and every session goes on.
async fn assert_home(server: &Server, talks: &[Talk]) {
    let api = server.api();
    assert_eq!(api.get("/ready").await.status(), 200);
    for Talk { user, session, told } in talks {
        let messages = api.messages(user, session).await;
        assert_kept(&messages, told.as_slice());
        assert!(messages.len() <= 2, "one question was asked: {messages:#?}");
    }
    let next = talks.iter().map(async |Talk { user, session, .. }| {
        api.ask(&json!({"message": QUESTION, "userId": user, "sessionId": session})).await
    });
    let next = tokio::time::timeout(LEASE + MARGIN, join_all(next)).await;
    let next = next.expect("a session is blocked");
    for (Talk { user, session, told }, reply) in talks.iter().zip(next) {
        let mut all = Vec::from_iter(told.clone());
        all.push(Acknowledged { question: QUESTION.into(), reply });
        assert_kept(&api.messages(user, session).await, &all);
    }
    let refused = server.data().join("spool/refused.jsonl");
    assert!(!refused.exists(), "{}", fs::read_to_string(refused).unwrap());
}

/// What waits in the spool.
fn spooled(server: &Server) -> String {
    let file: PathBuf = server.data().join("spool/turns.spool");
    fs::read_to_string(file).unwrap()
}

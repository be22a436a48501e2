use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use test_support::wait::wait_until;

use super::QUESTION;
use crate::support::{Api, Event, EventReader, Server, assert_error, send_signal};

/// The server promises two seconds; a busy machine may add to that what is not the server's.
const PROMISED: Duration = Duration::from_secs(2);
const TOLERATED: Duration = Duration::from_secs(4);

/// Sends the signal and checks that the server ends well and in time.
fn stop(server: &mut Server, signal: &str, situation: &str) {
    let begun = Instant::now();
    send_signal(signal, server.id());
    let status = server.wait();
    let took = begun.elapsed();
    eprintln!("SIG{signal} {situation}: ended after {} ms (promised {PROMISED:?})", took.as_millis());
    assert_eq!(status.code(), Some(0), "{}", server.stderr());
    assert!(took < TOLERATED, "SIG{signal} {situation}: {took:?}");
}

#[tokio::test]
async fn an_idle_server_ends_at_once_when_told_to() {
    let mut server = Server::start().await;
    for signal in ["TERM", "INT"] {
        assert_eq!(server.api().get("/health").await.status(), 200);
        stop(&mut server, signal, "idle");
        server.restart().await;
    }
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_is_not_ready_first_and_takes_questions_for_as_long_as_it_was_told() {
    let mut server = Server::start_with(&[("IYAGI__SERVER__LEAVE_SECONDS", "120")]).await;
    let api = server.api();
    send_signal("TERM", server.id());
    let not_ready = wait_until(TOLERATED, async || api.get("/ready").await.status() == 503).await;
    assert!(not_ready.is_ok(), "a server that is about to stop says it is ready");
    assert_error(api.get("/ready").await, 503, "NOT_READY").await;
    assert_eq!(api.get("/health").await.status(), 200);
    let reply = api.ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    assert!(!reply["content"].as_str().unwrap().is_empty());
    // A second signal cuts the time short.
    stop(&mut server, "TERM", "taking its leave");
}

/// The events of a question; none when it came too late to be taken.
async fn ask(api: Api, body: Value) -> Vec<Event> {
    match api.request(Method::POST, "/api/chat/stream").json(&body).send().await {
        Ok(response) if response.status() == 200 => EventReader::new(response).rest().await,
        Ok(response) => {
            assert_error(response, 503, "SHUTTING_DOWN").await;
            Vec::new()
        }
        Err(nobody_listens) => {
            assert!(nobody_listens.is_connect() || nobody_listens.is_request(), "{nobody_listens:?}");
            Vec::new()
        }
    }
}

// Several threads: the clients go on while the test waits for the server's end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_streaming_ends_in_time_and_loses_nothing() {
    let mut server = Server::start().await;
    for signal in ["TERM", "INT"] {
        let api = server.api();
        let session = api.new_session("minji").await;
        let body = json!({"message": QUESTION, "userId": "minji", "sessionId": session});
        // Questions queue behind each other, so streams are open whatever a single answer takes.
        let first: EventReader = api.stream(&body).await;
        let queued: Vec<_> = (0..8).map(|_| tokio::spawn(ask(api.clone(), body.clone()))).collect();
        stop(&mut server, signal, "with open streams");
        let mut acknowledged = BTreeSet::new();
        let mut streams = vec![first.rest().await];
        streams.extend(join_all(queued).await.into_iter().map(Result::unwrap));
        for events in streams {
            let Some(last) = events.last() else { continue };
            match last.kind() {
                "done" => assert!(acknowledged.insert(last.data["messageId"].as_str().unwrap().to_owned())),
                "error" => assert_eq!(last.data["code"], "TURN_INTERRUPTED"),
                other => panic!("a stream ended with `{other}`: {events:?}"),
            }
        }

        server.restart().await;
        let messages = server.api().messages("minji", &session).await;
        let mut complete = BTreeSet::new();
        for (at, message) in messages.iter().enumerate().filter(|(_, message)| message["role"] == "assistant") {
            assert_eq!(message["turnId"], messages[at - 1]["turnId"], "an answer stands apart from its question");
            if message["status"] == "complete" {
                complete.insert(message["id"].as_str().unwrap().to_owned());
            }
        }
        assert!(acknowledged.is_subset(&complete), "{acknowledged:?} of {messages:?}");
        server.api().ask(&body).await;
    }
}

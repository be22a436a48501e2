use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;

use super::QUESTION;
use crate::support::{EventReader, Server, send_signal};

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
        let queued: Vec<_> = (0..8).map(|_| tokio::spawn({
            let (api, body) = (api.clone(), body.clone());
            async move { api.post("/api/chat/stream", &body).await.status().as_u16() }
        })).collect();
        stop(&mut server, signal, "with open streams");
        let events = first.rest().await;
        assert!(matches!(events.last().map(crate::support::Event::kind), Some("done" | "error")), "{events:?}");
        for status in join_all(queued).await.into_iter().flatten() {
            assert!(matches!(status, 200 | 503), "{status}");
        }

        server.restart().await;
        let messages = server.api().messages("minji", &session).await;
        assert!(messages.chunks(2).all(|turn| turn[0]["turnId"] == turn.last().unwrap()["turnId"]), "{messages:?}");
        server.api().ask(&body).await;
    }
}

//! Very many streams at once.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use futures::future::join_all;
use serde_json::json;

use super::QUESTION;
use crate::support::{Server, answer_of, only};

/// Streams that are open at the same time.
const STREAMS: usize = 1_000;
/// More than a server with all of them open has ever needed here, in MiB; one without any needs some 30.
const MEMORY_MIB: u64 = 512;

/// The most memory a process has had, in MiB; `None` where there is no `/proc`.
fn peak_mib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib / 1024)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_at_once_are_each_answered_whole() {
    let server = Server::start().await;
    let api = server.api();
    let before = peak_mib(server.id());
    let begun = Instant::now();
    let asked = (0..STREAMS).map(async |number| {
        let question = json!({"message": QUESTION, "userId": format!("user-{number}")});
        let mut stream = api.stream(&question).await;
        let session = stream.until("session").await;
        let rest = stream.rest().await;
        (session.data["sessionId"].as_str().unwrap().to_owned(), rest)
    });
    let answered = join_all(asked).await;
    eprintln!(
        "{STREAMS} streams: {:?}, memory {before:?} MiB before, {:?} at most",
        begun.elapsed(),
        peak_mib(server.id())
    );
    let sessions: BTreeSet<&String> = answered.iter().map(|(session, _)| session).collect();
    assert_eq!(sessions.len(), STREAMS);
    let whole = answer_of(&answered[0].1);
    for (_, events) in &answered {
        assert_eq!(
            (answer_of(events), only(events, "done")["metadata"]["sessionMessageCount"].as_u64()),
            (whole.clone(), Some(2))
        );
    }
    assert!(peak_mib(server.id()).is_none_or(|peak| peak < MEMORY_MIB), "{:?} MiB", peak_mib(server.id()));
}

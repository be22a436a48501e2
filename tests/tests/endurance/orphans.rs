//! Readers of an answer whose server dies in the middle of it.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use test_support::postgres::TestDatabase;
use test_support::{redis, require, sql, wait::wait_until};

use super::cancelling::failure;
use super::resuming::{Place, ask, turn_of};
use super::{LEASE, MARGIN, QUESTION, sharing};
use crate::support::{EventReader, data_of};

const LIMIT: Duration = Duration::from_secs(30);
/// Connections that wait for a lock.
const WAITING: &str =
    "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_whoever_reads_elsewhere_hears_within_the_lease_that_the_answering_server_died() {
    let database = require!(test_support::postgres::database().await);
    let server = require!(redis::server().await);
    let prefix = redis::prefix();
    let place = Place::postgres(database, &sharing(server, &prefix)).await;
    killed_while_read(place, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_whoever_reads_elsewhere_hears_within_the_lease_that_the_answering_server_died() {
    let database: TestDatabase = require!(test_support::postgres::database().await);
    killed_while_read(Place::postgres(database, &[]).await, false).await;
}

/// Kills the server that answers when all but the end is said; `live` says whether the readers hear that.
async fn killed_while_read(mut place: Place, live: bool) {
    let (here, there) = (place.servers[0].api(), place.servers[1].api());
    let session = here.new_session("minji").await;
    let mut asker = ask(&here, &session).await;
    let turn = turn_of(&asker.next_frame().await.unwrap());
    let held = place.hold_open(&session).await;
    let mut readers = join_all([0, 1, 7].map(|after| there.follow(&turn, after))).await;
    for reader in readers.iter_mut().filter(|_| live) {
        reader.until("sources").await;
    }
    asker.until("sources").await;
    let keeping = wait_until(LIMIT, async || !sql::texts(&place.database, WAITING).await.unwrap().is_empty()).await;
    assert_eq!(keeping, Ok(()), "the answer was kept");

    place.servers[0].kill9();
    let died = Instant::now();
    // The database would still do what the dead server told it last.
    let end = format!("SELECT pg_terminate_backend(pid::int) FROM ({WAITING}) waiting");
    sql::run(&place.database, &end).await.unwrap();
    held.release().await.unwrap();
    readers.push(there.follow(&turn, 3).await);
    let ends = join_all(readers.into_iter().map(EventReader::rest));
    let ends = tokio::time::timeout(LEASE + MARGIN, ends).await.expect("a reader hangs");
    eprintln!("the readers heard it {:?} after the server died", died.elapsed());
    for events in ends {
        let begun = events.iter().position(|event| event.kind() == "session").expect("the stream starts over");
        let again = &events[begun..];
        assert_eq!((again.len(), failure(again)), (2, Some("TURN_INTERRUPTED")), "{events:?}");
        assert_eq!(data_of(again, "session")[0]["turnId"], turn.as_str());
    }
    let messages = there.messages("minji", &session).await;
    assert_eq!((messages.len(), &messages[0]["role"]), (1, &json!("user")), "{messages:#?}");
    let next = there.ask(&json!({"message": QUESTION, "userId": "minji", "sessionId": session})).await;
    assert_eq!(next["metadata"]["sessionMessageCount"], 3);
}

//! Limits of time, the name of a connection, and waiting for a server that is not there yet.

use std::time::{Duration, Instant};

use kernel::{RepositoryError, error_chain};
use sea_orm::sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use storage_sea::driver_error;
use test_support::{ports, postgres, require};
use tokio::net::{TcpListener, TcpStream};

use crate::storage::MIGRATION_LOCK;
use crate::{PostgresOptions, PostgresStorage};

const SHORT: Option<Duration> = Some(Duration::from_millis(200));

async fn ask(storage: &PostgresStorage, sql: &'static str) -> Result<(), RepositoryError> {
    storage.driver.execute(sql).await.map(|_| ()).map_err(driver_error)
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_stopped_and_the_storage_is_unavailable() {
    let database = require!(postgres::database().await);
    let options = PostgresOptions { statement_timeout: SHORT, ..PostgresOptions::new(database.url.as_str()) };
    let storage = PostgresStorage::open(&options).await.unwrap();
    let error = ask(&storage, "SELECT pg_sleep(30)").await.unwrap_err();
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    assert!(error_chain(&error).contains("statement timeout"), "{error:?}");
    storage.ping().await.unwrap();
    storage.close().await.unwrap();
}

#[tokio::test]
async fn a_lock_is_waited_for_no_longer_than_its_limit() {
    let database = require!(postgres::database().await);
    let options = PostgresOptions { lock_timeout: SHORT, ..PostgresOptions::new(database.url.as_str()) };
    let storage = PostgresStorage::open(&options).await.unwrap();
    let mut holder = PgConnection::connect(&database.url).await.unwrap();
    holder.execute("BEGIN; LOCK TABLE chat_sessions IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let error = ask(&storage, "SELECT count(*) FROM chat_sessions").await.unwrap_err();
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    assert!(error_chain(&error).contains("lock timeout"), "{error:?}");
}

#[tokio::test]
async fn a_transaction_that_lies_idle_is_ended_and_the_next_one_works() {
    let database = require!(postgres::database().await);
    let options = PostgresOptions { idle_in_transaction_timeout: SHORT, ..PostgresOptions::new(database.url.as_str()) };
    let storage = PostgresStorage::open(&options).await.unwrap();
    let mut transaction = storage.driver.begin().await.unwrap();
    transaction.execute("SELECT 1").await.unwrap();
    let mut watcher = PgConnection::connect(&database.url).await.unwrap();
    let connections =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()";
    let mut gone = false;
    let begun = Instant::now();
    while !gone && begun.elapsed() < Duration::from_secs(10) {
        gone = watcher.fetch_one(connections).await.unwrap().get::<i64, _>(0) == 0;
    }
    assert!(gone, "it still lies idle");
    let error = driver_error(transaction.execute("SELECT 1").await.unwrap_err());
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    drop(transaction);
    storage.ping().await.unwrap();
}

#[tokio::test]
async fn migrating_is_not_held_to_the_limits() {
    let database = require!(postgres::database().await);
    let mut holder = PgConnection::connect(&database.url).await.unwrap();
    let hold = format!("BEGIN; SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
    holder.execute(AssertSqlSafe(hold)).await.unwrap();
    let options =
        PostgresOptions { statement_timeout: SHORT, lock_timeout: SHORT, ..PostgresOptions::new(&*database.url) };
    let opening = tokio::spawn(async move { PostgresStorage::open(&options).await });
    let mut watcher = PgConnection::connect(&database.url).await.unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' \
                   AND query_start < now() - interval '600 milliseconds' AND datname = current_database()";
    let begun = Instant::now();
    while watcher.fetch_one(waiting).await.unwrap().get::<i64, _>(0) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20) && !opening.is_finished(), "it did not wait");
    }
    holder.execute("COMMIT").await.unwrap();
    opening.await.unwrap().unwrap().close().await.unwrap();
}

#[tokio::test]
async fn connections_bear_the_name_of_their_instance() {
    let database = require!(postgres::database().await);
    let options = PostgresOptions { instance: "web-1:7".into(), ..PostgresOptions::new(database.url.as_str()) };
    let storage = PostgresStorage::connect(&options).await.unwrap();
    let row = storage.driver.fetch_one("SELECT current_setting('application_name')").await.unwrap();
    assert_eq!(row.get::<String, _>(0), "iyagi web-1:7");
}

/// Stands in front of the server: hangs up on the first caller, as a server that starts does, and puts the others
/// through.
async fn door(listener: TcpListener, server: String) {
    drop(listener.accept().await.unwrap());
    loop {
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut inside = TcpStream::connect(&server).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut caller, &mut inside).await });
    }
}

#[tokio::test]
async fn a_server_that_comes_late_is_waited_for() {
    let database = require!(postgres::database().await);
    let listener = TcpListener::bind(("127.0.0.1", ports::free().unwrap())).await.unwrap();
    let (before, place) = database.url.split_once("//").unwrap();
    let address = place.split('/').next().unwrap().rsplit('@').next().unwrap().to_owned();
    let url = format!("{before}//{}", place.replace(&address, &listener.local_addr().unwrap().to_string()));
    let door = tokio::spawn(door(listener, address));
    let options = PostgresOptions { connect_retry: Duration::from_secs(30), ..PostgresOptions::new(url) };
    let storage = PostgresStorage::connect(&options).await.unwrap();
    storage.ping().await.unwrap();
    door.abort();
}

#[tokio::test]
async fn what_waiting_cannot_mend_is_told_at_once() {
    let database = require!(postgres::database().await);
    let url = database.url.replace(database.name(), "no_such_database");
    let options = PostgresOptions { connect_retry: Duration::from_mins(10), ..PostgresOptions::new(url) };
    let error = PostgresStorage::connect(&options).await.unwrap_err();
    assert!(matches!(error, RepositoryError::Backend(_)), "{error:?}");
}

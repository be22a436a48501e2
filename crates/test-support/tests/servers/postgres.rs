//! PostgreSQL: a database per test, cloned from a template that is migrated once.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use test_support::{Unavailable, postgres, require, wait::wait_until};

async fn run(url: &str, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await
}

async fn number(url: &str, question: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let row = connection.fetch_one(AssertSqlSafe(question)).await;
    row.unwrap().get(0)
}

async fn text(url: &str, question: &str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let row = connection.fetch_one(AssertSqlSafe(question)).await;
    row.unwrap().get(0)
}

#[tokio::test]
async fn tests_do_not_see_each_others_databases() {
    let one = require!(postgres::database().await);
    let other = require!(postgres::database().await);
    run(&one.url, "CREATE TABLE mine (id int)").await.unwrap();
    let question = "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'";
    assert_eq!(number(&one.url, question).await, 1);
    assert_eq!(number(&other.url, question).await, 0);
}

#[tokio::test]
async fn a_database_keeps_korean_text_in_utf_8() {
    let database = require!(postgres::database().await);
    assert_eq!(text(&database.url, "SHOW server_encoding").await, "UTF8");
    assert_eq!(number(&database.url, "SELECT length('배송은 언제')::int8").await, 6);
}

#[tokio::test]
async fn a_dropped_database_is_gone_although_somebody_is_connected() {
    let database = require!(postgres::database().await);
    let server = require!(postgres::server().await);
    let name = database.name().to_owned();
    let open = PgConnection::connect(&database.url).await.unwrap();
    drop(database);
    let question = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(number(server.url(), &question).await, 0);
    drop(open);
}

#[tokio::test]
async fn a_template_is_migrated_once_and_every_clone_is_its_own() {
    static MIGRATIONS: AtomicU32 = AtomicU32::new(0);
    async fn migrate(url: String) -> Result<(), sqlx::Error> {
        MIGRATIONS.fetch_add(1, Ordering::Relaxed);
        run(&url, "CREATE TABLE item (id int); INSERT INTO item VALUES (1)").await
    }
    let clones = (0..4).map(|_| tokio::spawn(postgres::database_from("once", migrate)));
    let mut databases = Vec::new();
    for clone in clones.collect::<Vec<_>>() {
        databases.push(require!(clone.await.unwrap()));
    }
    run(&databases[0].url, "DELETE FROM item").await.unwrap();
    let question = "SELECT count(*) FROM item";
    assert_eq!(number(&databases[0].url, question).await, 0);
    for other in &databases[1..] {
        assert_eq!(number(&other.url, question).await, 1);
    }
    assert_eq!(MIGRATIONS.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn cloning_waits_for_a_connection_to_the_template_to_close() {
    let mut lingering = None;
    let template = postgres::template("lingering", async |url: String| {
        lingering = Some(PgConnection::connect(&url).await?);
        Ok::<_, sqlx::Error>(())
    });
    let template = require!(template.await);
    let lingering = lingering.unwrap();
    let closing = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        lingering.close().await
    });
    require!(template.database().await);
    closing.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_failed_migration_is_told_to_everyone_who_wants_the_template() {
    let first = postgres::database_from("broken", async |_| Err("no such column")).await;
    let later = postgres::database_from("broken", async |_| Ok::<_, String>(())).await;
    if let Err(Unavailable::Missing { .. }) = first {
        require!(first);
        return;
    }
    for outcome in [first, later] {
        let message = outcome.unwrap_err().to_string();
        assert_eq!(message, "migrating the template broken failed: no such column");
    }
}

#[tokio::test]
async fn a_test_that_fails_to_clean_its_pool_still_loses_its_database_in_time() {
    let database = require!(postgres::database().await);
    let server = require!(postgres::server().await);
    let question = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'", database.name());
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    assert!(number(server.url(), &question).await > 0);
    drop(database);
    let limit = Duration::from_secs(5);
    let closed = wait_until(limit, async || number(server.url(), &question).await == 0).await;
    assert_eq!(closed, Ok(()));
    pool.close().await;
}

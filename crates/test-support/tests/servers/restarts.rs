//! PostgreSQL, taken away and given back.

use std::{net::TcpStream, time::Duration};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use test_support::{postgres::RestartableServer, require, wait::wait_until};

fn listens(url: &str) -> bool {
    let address = url.split('@').next_back().unwrap().split('/').next().unwrap();
    TcpStream::connect(address).is_ok()
}

#[tokio::test]
async fn a_server_comes_back_where_it_was_with_what_was_committed() {
    let mut server = require!(RestartableServer::new().await);
    let url = server.url();
    let mut client = PgConnection::connect(&url).await.unwrap();
    client.execute("CREATE TABLE item (id int)").await.unwrap();
    for round in 1..=2 {
        client.execute(AssertSqlSafe(format!("INSERT INTO item VALUES ({round})"))).await.unwrap();
        server.stop().await.unwrap();
        assert!(client.execute("SELECT 1").await.is_err(), "who is connected is cut off");
        assert!(!listens(&url));
        server.start().await.unwrap();
        client = PgConnection::connect(&url).await.unwrap();
        let row = client.fetch_one("SELECT count(*) FROM item").await.unwrap();
        assert_eq!(row.get::<i64, _>(0), round);
    }
    assert_eq!(server.url(), url);
}

#[tokio::test]
async fn stopping_twice_and_starting_twice_change_nothing() {
    let mut server = require!(RestartableServer::new().await);
    server.start().await.unwrap();
    server.stop().await.unwrap();
    server.stop().await.unwrap();
    assert!(!listens(&server.url()));
    server.start().await.unwrap();
    assert!(listens(&server.url()));
}

#[tokio::test]
async fn it_goes_with_its_value() {
    let server = require!(RestartableServer::new().await);
    let url = server.url();
    drop(server);
    assert_eq!(wait_until(Duration::from_secs(10), async || !listens(&url)).await, Ok(()));
}

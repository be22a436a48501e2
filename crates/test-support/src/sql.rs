//! A look into a database from outside, and foreign tables for tests to read.
//!
//! Addresses are `sqlite:PATH` (made when it is not there) or `postgres://…`.

use std::str::FromStr;

use sqlx::{
    AssertSqlSafe, Connection, Error, Executor, PgConnection, Row, SqliteConnection, sqlite::SqliteConnectOptions,
};

/// Runs a script of statements.
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn run(address: &str, script: &str) -> Result<(), Error> {
    if address.starts_with("sqlite:") {
        let mut connection = sqlite(address).await?;
        connection.execute(sqlx::raw_sql(AssertSqlSafe(script.to_owned()))).await?;
        return connection.close().await;
    }
    let mut connection = PgConnection::connect(address).await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(script.to_owned()))).await?;
    connection.close().await
}

/// The first column of a query, which must be text.
///
/// # Errors
/// When the database cannot be reached or refuses, or the column is not text.
pub async fn texts(address: &str, query: &str) -> Result<Vec<String>, Error> {
    let query = AssertSqlSafe(query.to_owned());
    if address.starts_with("sqlite:") {
        let mut connection = sqlite(address).await?;
        let rows = connection.fetch_all(sqlx::query(query)).await?;
        connection.close().await?;
        return rows.iter().map(|row| row.try_get(0)).collect();
    }
    let mut connection = PgConnection::connect(address).await?;
    let rows = connection.fetch_all(sqlx::query(query)).await?;
    connection.close().await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// A transaction that others wait for. It is rolled back with the value.
#[derive(Debug)]
pub struct Held(Connected);

#[derive(Debug)]
enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Runs a script that begins a transaction, and leaves it open.
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn hold(address: &str, script: &str) -> Result<Held, Error> {
    let script = sqlx::raw_sql(AssertSqlSafe(script.to_owned()));
    if address.starts_with("sqlite:") {
        let mut connection = sqlite(address).await?;
        connection.execute(script).await?;
        return Ok(Held(Connected::Sqlite(connection)));
    }
    let mut connection = PgConnection::connect(address).await?;
    connection.execute(script).await?;
    Ok(Held(Connected::Postgres(connection)))
}

impl Held {
    /// Rolls the transaction back.
    ///
    /// # Errors
    /// When the database cannot be reached any more.
    pub async fn release(self) -> Result<(), Error> {
        match self.0 {
            Connected::Sqlite(connection) => connection.close().await,
            Connected::Postgres(connection) => connection.close().await,
        }
    }
}

async fn sqlite(address: &str) -> Result<SqliteConnection, Error> {
    let options = SqliteConnectOptions::from_str(address)?.create_if_missing(true);
    SqliteConnection::connect_with(&options).await
}

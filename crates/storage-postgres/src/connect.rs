//! Opening a pool.

use std::str::FromStr;
use std::time::Duration;

use kernel::RepositoryError;
use sea_orm::sqlx::ConnectOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};

/// How to connect.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`, with `sslmode` and `sslrootcert` as libpq knows them.
    pub url: String,
    /// The most connections.
    pub pool_max: u32,
    /// Connections kept open when idle.
    pub pool_min: u32,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
    /// When an idle connection is closed; `None` for never.
    pub idle_timeout: Option<Duration>,
}

impl PostgresOptions {
    /// Ten connections, five seconds to get one, five minutes idle.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pool_max: 10,
            pool_min: 0,
            acquire_timeout: Duration::from_secs(5),
            idle_timeout: Some(Duration::from_mins(5)),
        }
    }
}

/// The URL holds a password: it is never shown.
impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions").field("pool_max", &self.pool_max).finish_non_exhaustive()
    }
}

pub(crate) async fn open(options: &PostgresOptions) -> Result<DatabaseConnection, RepositoryError> {
    connect(options, parse(options)?).await
}

/// Opens a pool whose connections refuse to write.
pub(crate) async fn open_to_read(options: &PostgresOptions) -> Result<DatabaseConnection, RepositoryError> {
    connect(options, parse(options)?.options([("default_transaction_read_only", "on")])).await
}

fn parse(options: &PostgresOptions) -> Result<PgConnectOptions, RepositoryError> {
    // The parser's error repeats parts of the URL, so it is not kept as the source.
    Ok(PgConnectOptions::from_str(&options.url)
        .map_err(|_| RepositoryError::backend("the database URL cannot be read"))?
        .application_name("iyagi")
        .disable_statement_logging())
}

async fn connect(options: &PostgresOptions, connect: PgConnectOptions) -> Result<DatabaseConnection, RepositoryError> {
    let pool = PgPoolOptions::new()
        .max_connections(options.pool_max)
        .min_connections(options.pool_min)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(options.idle_timeout)
        .test_before_acquire(false)
        .connect_with(connect)
        .await
        .map_err(RepositoryError::unavailable)?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_has_no_password() {
        let shown = format!("{:?}", PostgresOptions::new("postgres://app:hunter2@db/iyagi"));
        assert!(!shown.contains("hunter2") && !shown.contains("app"), "{shown}");
    }

    #[tokio::test]
    async fn an_unreadable_url_is_refused_without_repeating_it() {
        let error = open(&PostgresOptions::new("postgres://app:hunter2@db:notaport/x")).await.unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

//! Opening a pool.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use kernel::{RepositoryError, error_chain};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sea_orm::sqlx::{Connection, Error};

use crate::options;

/// The pause after the first refused attempt; each further one is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How to connect.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database`, with `sslmode`, `sslrootcert` and the like as libpq knows
    /// them.
    pub url: String,
    /// This process among all that use the database; the server shows it as part of the application's name.
    pub instance: String,
    /// The most connections.
    pub pool_max: u32,
    /// Connections kept open when idle.
    pub pool_min: u32,
    /// How long to wait for a connection.
    pub acquire_timeout: Duration,
    /// When an idle connection is closed; `None` for never.
    pub idle_timeout: Option<Duration>,
    /// How long to go on trying to connect at first, while the server is out of reach.
    pub connect_retry: Duration,
    /// How connections are protected. `None` for what the URL or `PGSSLMODE` says, else
    /// [`TlsMode::Disable`] on this machine and [`TlsMode::VerifyFull`] to any other.
    pub tls: Option<TlsMode>,
    /// Certificates (PEM) of authorities to trust beside the public ones.
    pub tls_ca_file: Option<PathBuf>,
    /// How long a statement may run. A limit that the URL sets itself is left as it is; so are the next two.
    pub statement_timeout: Option<Duration>,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Option<Duration>,
    /// How long a transaction may lie idle.
    pub idle_in_transaction_timeout: Option<Duration>,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Encrypted, to a server whose certificate comes from a trusted authority and bears the host's name.
    VerifyFull,
    /// Encrypted, to whoever answers.
    Require,
    /// In clear text.
    Disable,
}

impl PostgresOptions {
    /// Ten connections, five seconds to get one, five minutes idle, one attempt, no limits of time.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            instance: String::new(),
            pool_max: 10,
            pool_min: 0,
            acquire_timeout: Duration::from_secs(5),
            idle_timeout: Some(Duration::from_mins(5)),
            connect_retry: Duration::ZERO,
            tls: None,
            tls_ca_file: None,
            statement_timeout: None,
            lock_timeout: None,
            idle_in_transaction_timeout: None,
        }
    }
}

/// The URL holds a password: it is never shown.
impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions").field("pool_max", &self.pool_max).finish_non_exhaustive()
    }
}

/// Opens a pool, trying again for as long as the options say while the server is out of reach.
pub(crate) async fn open(options: &PostgresOptions) -> Result<PgPool, RepositoryError> {
    let connect = options::read(options)?;
    let begun = Instant::now();
    let (mut attempt, mut pause) = (1_u32, FIRST_PAUSE);
    loop {
        let error = match pool(options, connect.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) => error,
        };
        let left = options.connect_retry.saturating_sub(begun.elapsed());
        if left.is_zero() || !may_pass(&error) {
            return Err(refused(error));
        }
        let pause_now = pause.min(left);
        tracing::warn!(
            attempt,
            host = connect.get_host(),
            port = connect.get_port(),
            error = error_chain(&error),
            retry_in_ms = pause_now.as_millis() as u64,
            give_up_in_ms = left.as_millis() as u64,
            "PostgreSQL cannot be reached yet"
        );
        tokio::time::sleep(pause_now).await;
        attempt += 1;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn pool(options: &PostgresOptions, connect: PgConnectOptions) -> Result<PgPool, Error> {
    // The pool would try again by itself and in the end say no more than that time is over.
    let first = tokio::time::timeout(options.acquire_timeout, PgConnection::connect_with(&connect));
    first.await.map_err(|_| Error::PoolTimedOut)??.close().await?;
    PgPoolOptions::new()
        .max_connections(options.pool_max)
        .min_connections(options.pool_min)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(options.idle_timeout)
        .test_before_acquire(false)
        .connect_with(connect)
        .await
}

/// Whether trying again may help: a wrong password or certificate stays wrong.
fn may_pass(error: &Error) -> bool {
    match error {
        // What rustls objects to arrives as invalid data.
        Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
        Error::PoolTimedOut => true,
        Error::Database(refusal) => refusal
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("53") || code.starts_with("57P")),
        _ => false,
    }
}

/// Why there is no connection. What the server or its certificate objects to does not pass by waiting.
fn refused(error: Error) -> RepositoryError {
    match error {
        Error::Database(_) if !may_pass(&error) => RepositoryError::backend(error),
        error => RepositoryError::unavailable(error),
    }
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

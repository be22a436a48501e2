//! A throw-away PostgreSQL server, with a database of its own for every test.
//!
//! ```no_run
//! # async fn run_migrations(url: &str) -> Result<(), std::io::Error> { Ok(()) }
//! # async fn example() {
//! use test_support::{postgres, require};
//!
//! let database = postgres::database_from("shop", async |url: String| run_migrations(&url).await);
//! let database = require!(database.await);
//! # }
//! ```

mod database;
mod programs;
mod server;
mod template;

use std::fmt::Display;

use tokio::sync::OnceCell;

use crate::Unavailable;

pub use database::TestDatabase;
pub use server::PostgresServer;
pub use template::{Template, template};

static SERVER: OnceCell<Result<PostgresServer, Unavailable>> = OnceCell::const_new();

/// The server all tests of this process share: the one of `TEST_DATABASE_URL`, or else one that is
/// started at the first call and ends with the process.
///
/// # Errors
/// [`Unavailable::Missing`] when PostgreSQL's server programs are not installed,
/// [`Unavailable::Failed`] when the server does not start.
pub async fn server() -> Result<&'static PostgresServer, Unavailable> {
    let server = SERVER.get_or_init(PostgresServer::obtain).await;
    server.as_ref().map_err(Clone::clone)
}

/// A server of one's own, started with further settings (`name=value`) and with files (name and content) beside its
/// data directory: a setting reaches one as `../name`. It ends with the value.
///
/// # Errors
/// As [`server`]; `TEST_DATABASE_URL` is of no use here.
pub async fn server_with(settings: &[&str], files: &[(&str, &str)]) -> Result<PostgresServer, Unavailable> {
    PostgresServer::start(settings, files).await
}

/// An empty database for one test, dropped with the value.
///
/// # Errors
/// As [`server`]; [`Unavailable::Failed`] when the database cannot be created.
pub async fn database() -> Result<TestDatabase, Unavailable> {
    // Unlike template1 nobody can be connected to template0, which would prevent copying it.
    TestDatabase::create(server().await?, "template0").await
}

/// A database for one test, cloned from the [`template`] of that name.
///
/// # Errors
/// As [`template`] and [`Template::database`].
pub async fn database_from<F, E>(name: &str, migrate: impl FnOnce(String) -> F) -> Result<TestDatabase, Unavailable>
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    template(name, migrate).await?.database().await
}

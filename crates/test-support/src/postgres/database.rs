//! One test's database.

use std::{thread, time::Duration};

use tokio::{runtime, sync::Mutex};

use super::server::{PostgresServer, execute};
use crate::{Unavailable, temp, unavailable::complain, wait::wait_for};

/// Closed connections linger on the server for a moment; this long is bound to be a real one.
const COPY_LIMIT: Duration = Duration::from_secs(10);
/// PostgreSQL's code for a template that somebody is connected to.
const OBJECT_IN_USE: &str = "55006";

/// Copying runs one at a time: side by side the copies only fight for the disk.
static COPYING: Mutex<()> = Mutex::const_new(());

/// A database that belongs to one test; dropped with the value, connections and all.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where to connect to.
    pub url: String,
    name: String,
    server_url: String,
}

impl TestDatabase {
    /// Copies `template`, once nobody is connected to it any more.
    pub(super) async fn create(server: &PostgresServer, template: &str) -> Result<Self, Unavailable> {
        let name = format!("t_{}", temp::unique());
        let _one_at_a_time = COPYING.lock().await;
        let copied = wait_for(COPY_LIMIT, async || {
            let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
            match execute(server.url(), statement).await {
                Err(error) if is_in_use(&error) => None,
                outcome => Some(outcome),
            }
        });
        let failed = |reason: String| Unavailable::failed(&format!("cloning the database {template}"), &reason);
        copied
            .await
            .map_err(|_| failed("somebody is still connected to it".to_owned()))?
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self { url: server.database_url(&name), name, server_url: server.url().to_owned() })
    }

    /// The database's name on its server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Ends everybody's connections to the database and lets nobody in: what a client sees of a server that went away.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn forbid_connections(&self, server: &PostgresServer) {
        let name = &self.name;
        self.admin(server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        self.admin(server, end).await;
    }

    /// Lets everybody in again.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn allow_connections(&self, server: &PostgresServer) {
        self.admin(server, format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", self.name)).await;
    }

    async fn admin(&self, server: &PostgresServer, statement: String) {
        let done = execute(server.url(), statement).await;
        assert!(done.is_ok(), "{done:?}");
    }

    /// Leaves the database where it is, for as long as its server or this process lives.
    pub(super) fn keep(mut self) -> String {
        std::mem::take(&mut self.name)
    }
}

fn is_in_use(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == OBJECT_IN_USE)
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.name.is_empty() {
            return;
        }
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let url = std::mem::take(&mut self.server_url);
        // A thread of its own: the test's runtime may not be blocked on, nor may it still exist.
        let dropped = thread::spawn(move || -> Result<(), String> {
            let runtime =
                runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
            runtime.block_on(execute(&url, statement)).map_err(|error| error.to_string())
        });
        match dropped.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => complain("a test database was not dropped", &error),
            Err(_) => complain("a test database was not dropped", &"its thread panicked"),
        }
    }
}

//! `iyagi import`: other systems' databases into ours, by the real binary.

mod kinds;
mod repairs;
mod resume;
mod rollback;
mod safety;
mod sources;

use serde_json::Value;
use tempfile::TempDir;
use test_support::{postgres::TestDatabase, sql, temp};

use crate::support::{Run, command};

/// A database to import into, with a working directory of its own.
struct Target {
    directory: TempDir,
    database: Option<TestDatabase>,
}

impl Target {
    fn sqlite() -> Self {
        Self { directory: temp::directory().unwrap(), database: None }
    }

    fn postgres(database: TestDatabase) -> Self {
        Self { directory: temp::directory().unwrap(), database: Some(database) }
    }

    /// Where to look into it.
    fn address(&self) -> String {
        match &self.database {
            Some(database) => database.url.clone(),
            None => format!("sqlite:{}", self.directory.path().join("data/iyagi.db").display()),
        }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = command(&[&["import"], arguments].concat(), self.directory.path());
        if let Some(database) = &self.database {
            command.env("DATABASE_URL", &database.url);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&mut self.command(arguments))
    }

    /// The report of an import that succeeds.
    fn import(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, Some(0), "{run:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    async fn texts(&self, query: &str) -> Vec<String> {
        sql::texts(&self.address(), query).await.unwrap()
    }

    async fn count(&self, table: &str) -> u64 {
        self.texts(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}")).await[0].parse().unwrap()
    }

    /// `role content` of all messages, by session and number.
    async fn said(&self) -> Vec<String> {
        let query = "SELECT m.role || ' ' || m.content FROM chat_messages m JOIN chat_sessions s ON s.id = m.session_id \
                     ORDER BY s.user_id, m.sequence_number";
        self.texts(query).await
    }
}

/// Both databases that can be imported into; PostgreSQL only where there is one.
async fn targets() -> Vec<Target> {
    let mut targets = vec![Target::sqlite()];
    match test_support::postgres::database().await {
        Ok(database) => targets.push(Target::postgres(database)),
        Err(unavailable) => test_support::skip_or_panic(&unavailable),
    }
    targets
}

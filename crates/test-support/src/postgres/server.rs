//! The server: started here under a watchdog, or lent by `TEST_DATABASE_URL`.

use std::{env, io, path::Path, process::ChildStdin};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use url::Url;

use super::programs::{self, Programs};
use crate::{
    Unavailable,
    launch::launch,
    temp,
    unavailable::say,
    watchdog::{Account, Server, StopSignal, Watchdog, is_root, run_afterwards},
};

const WHAT: &str = "starting PostgreSQL";
const USER: &str = "iyagi";
/// Durability is nothing to a server that lives for one test run.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "listen_addresses=127.0.0.1",
];
/// Not every C library brings `C.UTF-8`.
const START: &str = r#"
initdb=$1 postgres=$2 user=$3
shift 3
cluster() { "$initdb" -D data -U "$user" -A trust -E UTF8 --no-sync --locale="$1"; }
cluster C.UTF-8 || cluster C || exit
exec "$postgres" -D data "$@"
"#;

/// A PostgreSQL server for tests.
#[derive(Debug)]
pub struct PostgresServer {
    url: Url,
    keeper: Keeper,
}

/// What cleans up when this process is gone.
#[derive(Debug)]
enum Keeper {
    Own(Watchdog),
    /// The server stays, the databases of this run go.
    Lent(#[expect(dead_code, reason = "held open, never written to")] Option<ChildStdin>),
}

impl PostgresServer {
    pub(super) async fn obtain() -> Result<Self, Unavailable> {
        match env::var("TEST_DATABASE_URL") {
            Ok(url) if !url.is_empty() => Self::lent(&url),
            _ => Self::start(&[], &[]).await,
        }
    }

    fn lent(url: &str) -> Result<Self, Unavailable> {
        let failed = |reason: String| Unavailable::failed("using TEST_DATABASE_URL", &reason);
        let url = Url::parse(url).map_err(|error| failed(error.to_string()))?;
        let broom = match programs::psql() {
            Some(psql) => run_afterwards(sweep(&psql, &url)),
            None => say("psql is not installed: template databases stay on TEST_DATABASE_URL").map(|()| None),
        };
        Ok(Self { url, keeper: Keeper::Lent(broom.map_err(|error| failed(error.to_string()))?) })
    }

    /// Starts a server with further settings (`name=value`), beside whose data directory these files lie.
    pub(super) async fn start(settings: &[&str], files: &[(&str, &str)]) -> Result<Self, Unavailable> {
        let account = server_account()?;
        let programs = Programs::find(account)?;
        let (port, watchdog) = launch(
            WHAT,
            |port| {
                // On macOS the server refuses to start when it cannot make sense of the locale.
                let server = Server::new("pg", account, StopSignal::Quit)?.environment("LC_ALL", "C");
                for (name, content) in files {
                    server.private_file(name, content)?;
                }
                start_on(port, server, &programs, settings)
            },
            async |port| PgConnection::connect(&address(port)).await.is_ok(),
        )
        .await?;
        let url = Url::parse(&address(port)).map_err(|error| Unavailable::failed(WHAT, &error))?;
        Ok(Self { url, keeper: Keeper::Own(watchdog) })
    }

    /// The address of one of the server's databases.
    pub fn database_url(&self, database: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(database);
        url.into()
    }

    /// The address of the database that administrative statements are sent to.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The directory of a server that was started here.
    pub fn directory(&self) -> Option<&Path> {
        match &self.keeper {
            Keeper::Own(watchdog) => Some(watchdog.directory()),
            Keeper::Lent(_) => None,
        }
    }
}

/// Root may not run PostgreSQL: then it is the account made for it, or else one with no rights.
fn server_account() -> Result<Option<Account>, Unavailable> {
    match is_root() {
        Err(error) => Err(Unavailable::failed(WHAT, &error)),
        Ok(false) => Ok(None),
        Ok(true) => ["postgres", "nobody"]
            .into_iter()
            .find_map(Account::find)
            .map(Some)
            .ok_or_else(|| Unavailable::failed(WHAT, &"root may not, and there is no user postgres or nobody")),
    }
}

fn start_on(port: u16, server: Server, programs: &Programs, settings: &[&str]) -> io::Result<Watchdog> {
    let mut command = vec![
        "/bin/sh".into(),
        "-c".into(),
        START.into(),
        "postgres".into(),
        programs.initdb.clone().into_os_string(),
        programs.postgres.clone().into_os_string(),
        USER.into(),
        "-p".into(),
        port.to_string().into(),
        "-k".into(),
        server.directory().into(),
    ];
    for setting in SETTINGS.iter().chain(settings) {
        command.extend(["-c".into(), (*setting).into()]);
    }
    server.start(command)
}

fn address(port: u16) -> String {
    format!("postgres://{USER}@127.0.0.1:{port}/postgres")
}

/// Drops what this run leaves on a lent server: its templates, and databases of killed tests. A
/// killed test may have left a CREATE DATABASE under way, which is stopped first.
fn sweep(psql: &Path, url: &Url) -> [String; 7] {
    let names = format!("t\\_{}\\_%", temp::run());
    let script = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE query LIKE '%{names}' AND pid <> pg_backend_pid();\n\
         SELECT pg_sleep(1);\n\
         SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', datname) FROM pg_database \
         WHERE datname LIKE '{names}' \\gexec\n"
    );
    [
        "/bin/sh".to_owned(),
        "-c".to_owned(),
        // psql knows \gexec only where it reads a script.
        r#"printf '%s' "$3" | "$1" --no-psqlrc --quiet --dbname="$2""#.to_owned(),
        "sweep".to_owned(),
        psql.to_string_lossy().into_owned(),
        url.to_string(),
        script,
    ]
}

/// Runs one statement on the database at `url`, on a connection of its own.
pub(super) async fn execute(url: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute(AssertSqlSafe(statement)).await?;
    connection.close().await
}

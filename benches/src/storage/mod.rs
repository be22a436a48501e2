//! What keeping sessions and turns costs on SQLite and on PostgreSQL, beside the same reads and writes through
//! bare drivers.

pub(crate) mod cluster;
pub(crate) mod filling;
mod first_token;
mod http;
mod turns;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use session_core::ports::TurnRepository;
use storage_postgres::{PostgresOptions, PostgresStorage, SeaSessions};
use storage_sqlite::SqliteStorage;
use tempfile::TempDir;

use self::cluster::Cluster;
use self::filling::Filling;
use self::turns::{Port, Sides};
use crate::floor::postgres::{PostgresFloor, Writing};
use crate::floor::sqlite::SqliteFloor;
use crate::lookup::copy_database;
use crate::options::{Options, StorageOptions};
use crate::process::{NOTHING_REMEMBERED, Server};
use crate::report::{Figure, progress};

/// How long sessions live.
const LIFETIME: Duration = Duration::from_hours(24);
/// The first sessions: turns are opened in them again and again. A multiple of 16, for as many clients.
const CHATTING: u64 = 480;
/// The next: compared with long sessions.
const UNTOUCHED: u64 = 360;
/// The last: asked in for the first token.
const ASKED: u64 = 120;
/// Sessions of the small database.
const FEW: u64 = 1_000;
/// PostgreSQL connections of this process on either side: as many as there are clients.
const CONNECTIONS: u32 = 16;

/// How often each side is loaded, and how long.
#[derive(Debug, Clone, Copy)]
struct Round {
    count: u16,
    time: Duration,
}

/// A database and what serves it.
struct Place {
    measurement: &'static str,
    /// The server's data folder.
    data: PathBuf,
    /// The database's URL, unless it is the file in the data folder.
    url: Option<String>,
    cluster: Option<Arc<Cluster>>,
}

impl Place {
    async fn serve(&self, binary: &Path) -> Result<Server> {
        let database = self.url.as_deref().map(|url| ("DATABASE_URL", url));
        let variables: Vec<_> = database.into_iter().chain([NOTHING_REMEMBERED]).collect();
        Server::serve_with(binary, &self.data, &variables).await
    }

    fn file(&self) -> PathBuf {
        self.data.join("iyagi.db")
    }

    /// What the floor is told to open.
    fn database(&self) -> String {
        self.url.clone().unwrap_or_else(|| self.file().display().to_string())
    }

    async fn fill(&self, filling: Filling) -> Result<()> {
        progress(&format!("{}: filling, {} sessions", self.measurement, filling.sessions))?;
        match &self.url {
            Some(url) => filling::postgres(url, filling).await,
            None => filling::sqlite(&self.file(), filling).await,
        }
    }

    /// The real storage where no commit waits for the disk: how long a disk takes would hide what is compared.
    async fn without_disk(&self, memory: &Path) -> Result<Arc<dyn TurnRepository>> {
        let Some(url) = &self.url else {
            let copy = memory.join("copy.db");
            copy_database(&self.file(), &copy)?;
            return Ok(Arc::new(SqliteStorage::open(&copy).await?.sessions()));
        };
        let options = PostgresOptions::new(format!("{url}?options[synchronous_commit]=off"));
        Ok(Arc::new(PostgresStorage::open(&options).await?.sessions()))
    }

    /// The repositories of the real storage in this process, and the sides to compare them with.
    async fn sides(&self) -> Result<(Arc<SeaSessions>, Sides)> {
        let Some(url) = &self.url else {
            let ours = Arc::new(SqliteStorage::open(&self.file()).await?.sessions());
            let floor = Arc::new(SqliteFloor::open(&self.file())?);
            return Ok((ours.clone(), vec![("iyagi", Arc::new(Port(ours))), ("floor", floor)]));
        };
        let options = PostgresOptions { pool_max: CONNECTIONS, idle_timeout: None, ..PostgresOptions::new(url) };
        let ours = Arc::new(PostgresStorage::open(&options).await?.sessions());
        let floor = PostgresFloor::connect(url, CONNECTIONS as usize, Writing::Transaction);
        let at_once = PostgresFloor::connect(url, CONNECTIONS as usize, Writing::AtOnce);
        let sides: Sides = vec![
            ("iyagi", Arc::new(Port(ours.clone()))),
            ("floor", Arc::new(floor.await?)),
            ("one statement", Arc::new(at_once.await?)),
        ];
        Ok((ours, sides))
    }
}

/// A folder in memory, where the system has such.
fn memory_folder() -> Result<TempDir> {
    let memory = Path::new("/dev/shm");
    Ok(if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? })
}

pub(crate) async fn measure(options: &Options, asked: &StorageOptions, binary: &Path) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if !asked.postgres_only {
        let folder = tempfile::tempdir()?;
        let place = |name: &str| place("storage, SQLite", folder.path().join(name), None, None);
        figures.extend(one_database(options, asked, binary, &place("few")?, &place("many")?).await?);
    }
    if !asked.sqlite_only {
        let folder = tempfile::tempdir()?;
        let cluster = Arc::new(Cluster::start().await?);
        let (few, many) = (cluster.database("few").await?, cluster.database("many").await?);
        let place = |name: &str, url| {
            place("storage, PostgreSQL", folder.path().join(name), Some(url), Some(Arc::clone(&cluster)))
        };
        figures.extend(one_database(options, asked, binary, &place("few", few)?, &place("many", many)?).await?);
    }
    Ok(figures)
}

fn place(
    measurement: &'static str,
    data: PathBuf,
    url: Option<String>,
    cluster: Option<Arc<Cluster>>,
) -> Result<Place> {
    std::fs::create_dir(&data)?;
    Ok(Place { measurement, data, url, cluster })
}

async fn one_database(
    options: &Options,
    asked: &StorageOptions,
    binary: &Path,
    few: &Place,
    many: &Place,
) -> Result<Vec<Figure>> {
    let round = if asked.quick {
        Round { count: options.rounds.min(3), time: Duration::from_millis(300) }
    } else {
        Round { count: options.rounds, time: Duration::from_millis(700) }
    };
    let sessions = if asked.quick { 100_000 } else { 1_000_000 };
    few.fill(Filling { sessions: FEW, messages: true }).await?;
    let mut figures = http::measure(few, binary, FEW, round).await?;
    let (ours, sides) = few.sides().await?;
    // The last side writes with the fewest round trips.
    if let Some((_, bare)) = sides.last() {
        figures.extend(first_token::measure(few.measurement, ours, &**bare, round).await?);
    }
    figures.extend(turns::measure(few.measurement, &sides, few.cluster.as_deref(), round).await?);
    drop(sides);
    let memory = memory_folder()?;
    figures.extend(turns::long_sessions(few.measurement, &few.without_disk(memory.path()).await?, round).await?);
    many.fill(Filling { sessions, messages: false }).await?;
    figures.extend(http::many_sessions(few, many, binary, (FEW, sessions), round).await?);
    Ok(figures)
}

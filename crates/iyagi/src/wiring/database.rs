//! The configured database for those who look after it: opened without changing it, beside a server that may be
//! running.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use kernel::RepositoryError;
use storage_postgres::PostgresStorage;
use storage_sea::dump::DumpReader;
use storage_sea::{Counting, DatabaseFacts};
use storage_sqlite::SqliteStorage;

use crate::backup_file::{Format, sync_folder};
use crate::config::{Config, DatabaseTarget};
use crate::data_dir::DataDir;

/// The rows of each table.
pub(crate) type Rows = BTreeMap<String, u64>;

/// The configured database.
pub(crate) enum Database {
    Sqlite { storage: SqliteStorage },
    Postgres { storage: PostgresStorage },
}

impl Database {
    /// Opens it as it is. Whoever asks is there to see a failure, so there is one attempt.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        match config.database() {
            DatabaseTarget::Sqlite(file) => {
                if !file.exists() {
                    bail!("there is no database {} yet; the first start of the server makes it", file.display());
                }
                let storage = SqliteStorage::connect(&file).await;
                let storage = storage.with_context(|| format!("the database {} cannot be used", file.display()))?;
                Ok(Self::Sqlite { storage })
            }
            DatabaseTarget::Postgres(url) => {
                let mut options = super::postgres_options(&config.database, &url);
                options.connect_retry = Duration::ZERO;
                // Counting and copying may take longer than a customer would wait.
                options.statement_timeout = None;
                let storage = PostgresStorage::connect(&options).await.context("PostgreSQL cannot be used")?;
                Ok(Self::Postgres { storage })
            }
        }
    }

    /// What there is to know about it.
    pub(crate) async fn facts(&self, counting: Counting) -> Result<DatabaseFacts, RepositoryError> {
        match self {
            Self::Sqlite { storage } => storage.facts(counting).await,
            Self::Postgres { storage } => storage.facts(counting).await,
        }
    }

    /// Writes and takes it back.
    pub(crate) async fn try_write(&self) -> Result<(), RepositoryError> {
        match self {
            Self::Sqlite { storage } => storage.try_write().await,
            Self::Postgres { storage } => storage.try_write().await,
        }
    }

    /// The tables that hold something.
    pub(crate) async fn occupied(&self) -> Result<Rows, RepositoryError> {
        match self {
            Self::Sqlite { storage } => storage.occupied().await,
            Self::Postgres { storage } => storage.occupied().await,
        }
    }

    /// Writes everything to an empty file, as it is at one moment. `each` is told of rows where they are written one
    /// by one. Answers the form and the rows.
    pub(crate) async fn back_up(
        &self,
        file: &Path,
        portable: bool,
        each: impl FnMut(),
    ) -> anyhow::Result<(Format, Rows)> {
        match self {
            Self::Sqlite { .. } if portable => {
                bail!("a SQLite database is backed up as the file it is; to move it to PostgreSQL use iyagi import")
            }
            Self::Sqlite { storage } => {
                storage.copy_to(file).await?;
                Ok((Format::Sqlite, checked(file).await.context("the copy is not whole")?))
            }
            Self::Postgres { storage } => {
                let program = if portable { None } else { storage.dump_program().await? };
                if let Some(program) = program {
                    return Ok((Format::Custom, storage.back_up_with(&program, file).await?));
                }
                let to = BufWriter::new(File::create(file)?);
                Ok((Format::Portable, storage.back_up_portably(to, each).await?))
            }
        }
    }

    /// Closes it.
    pub(crate) async fn close(self) -> Result<(), RepositoryError> {
        match self {
            Self::Sqlite { storage } => storage.close().await,
            Self::Postgres { storage } => storage.close().await,
        }
    }

    /// Fills the configured database, which must hold nothing, from a backup. Answers the rows as the backup has
    /// them.
    pub(crate) async fn restore(
        config: &Config,
        file: &Path,
        format: Format,
        each: impl FnMut(),
    ) -> anyhow::Result<Rows> {
        match config.database() {
            DatabaseTarget::Sqlite(target) => {
                // A server that runs would go on with the file that is replaced.
                let _folder = DataDir::open(&config.data.dir)?;
                restore_file(config, &target, file, format, each).await
            }
            DatabaseTarget::Postgres(_) => {
                let database = Self::open(config).await?;
                refuse_occupied(&database).await?;
                let Self::Postgres { storage } = &database else { bail!("the database changed its kind") };
                let rows = match format {
                    Format::Custom => storage.restore_with_program(file).await?,
                    Format::Portable => storage.restore_portably(&mut reader(file)?, each).await?,
                    Format::Sqlite => bail!("this is a SQLite database; move it to PostgreSQL with iyagi import"),
                };
                database.close().await?;
                Ok(rows)
            }
        }
    }
}

async fn refuse_occupied(database: &Database) -> anyhow::Result<()> {
    let occupied = database.occupied().await?;
    if occupied.is_empty() {
        return Ok(());
    }
    let tables: Vec<String> = occupied.iter().map(|(table, rows)| format!("{table} {rows}")).collect();
    bail!(
        "the database is not empty ({}); a backup is restored into an empty one only: name another with \
         DATABASE_URL or --data",
        tables.join(", ")
    )
}

fn reader(file: &Path) -> anyhow::Result<DumpReader<BufReader<File>>> {
    Ok(DumpReader::begin(BufReader::new(File::open(file)?))?)
}

/// Builds the whole database beside the target and puts it there at the end, so that nothing half is ever seen.
async fn restore_file(
    config: &Config,
    target: &Path,
    file: &Path,
    format: Format,
    each: impl FnMut(),
) -> anyhow::Result<Rows> {
    if target.exists() {
        let database = Database::open(config).await?;
        refuse_occupied(&database).await?;
        database.close().await?;
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let workshop = tempfile::Builder::new().prefix(".iyagi-restore-").tempdir_in(&folder)?;
    let made = workshop.path().join("iyagi.db");
    let rows = match format {
        Format::Sqlite => {
            std::fs::copy(file, &made)?;
            let rows = checked(&made).await.context("the backup is not whole")?;
            SqliteStorage::open(&made).await?.close().await?;
            rows
        }
        Format::Portable => SqliteStorage::restore_portably(&made, &mut reader(file)?, each).await?,
        Format::Custom => bail!(
            "this archive of pg_dump restores into PostgreSQL only; `iyagi db backup --portable` makes one that \
             restores into SQLite too"
        ),
    };
    File::open(&made)?.sync_all()?;
    for ending in ["-wal", "-shm"] {
        let mut beside = target.as_os_str().to_owned();
        beside.push(ending);
        remove_if_there(Path::new(&beside))?;
    }
    std::fs::rename(&made, target)?;
    sync_folder(&folder)?;
    Ok(rows)
}

/// The rows of a file that was read through and found sound, and is not newer than this program.
async fn checked(file: &Path) -> anyhow::Result<Rows> {
    let copy = SqliteStorage::inspect(file).await?;
    copy.check().await?;
    let facts = copy.facts(Counting::Exact).await?;
    facts.migrations.steps()?;
    copy.close().await?;
    Ok(facts.rows.into_iter().map(|rows| (rows.table, rows.rows)).collect())
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

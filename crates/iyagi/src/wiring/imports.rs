//! What an import reads from and writes to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use session_import::ports::Source;
use session_import::{ImportId, Importer, Nowhere};
use storage_postgres::{PostgresOptions, PostgresSource, PostgresStorage};
use storage_sqlite::{SeaImports, SqliteSource, SqliteStorage};

use super::{Database, clock, ids, open_sqlite, postgres_options};
use crate::backup_file::NewBackup;
use crate::config::{Config, DatabaseTarget, Secret};
use crate::data_dir::DataDir;

/// Opens a source: `sqlite:PATH` or `postgres://…`. No error repeats the address: it may hold a password.
pub(crate) async fn open_source(from: &Secret) -> anyhow::Result<Box<dyn Source>> {
    let address = from.expose().trim();
    if let Some(path) = address.strip_prefix("sqlite:") {
        let path = Path::new(path.strip_prefix("//").unwrap_or(path));
        anyhow::ensure!(path.is_file(), "there is no file {}", path.display());
        let source = SqliteSource::open(path).await;
        return Ok(Box::new(source.with_context(|| format!("{} cannot be read as SQLite", path.display()))?));
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        bail!("the source is not understood; it is sqlite:PATH or postgres://user:password@host/database");
    };
    // `postgresql+asyncpg` names the driver of another language.
    if !["postgres", "postgresql"].contains(&scheme.split('+').next().unwrap_or_default()) {
        bail!("the source is not understood; it begins with sqlite: or postgres://");
    }
    let source = PostgresSource::open(&format!("postgres://{rest}")).await;
    Ok(Box::new(source.with_context(|| format!("the source {from} cannot be reached"))?))
}

/// The configured database of conversations, open for an import.
pub(crate) struct ImportDatabase {
    place: Place,
    /// For people: the file, or the URL without its password.
    name: String,
    /// Keeps other processes out of the data folder, where that holds the conversations.
    _folder: Option<DataDir>,
}

enum Place {
    Sqlite(SqliteStorage),
    Postgres(PostgresStorage),
    Nowhere,
}

impl ImportDatabase {
    /// Opens what the configuration names, and brings its schema up to date.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        match config.database() {
            DatabaseTarget::Sqlite(file) => {
                let folder = DataDir::open(&config.data.dir)?;
                let name = file.display().to_string();
                Ok(Self { place: Place::Sqlite(open_sqlite(file).await?), name, _folder: Some(folder) })
            }
            DatabaseTarget::Postgres(url) => {
                let storage =
                    PostgresStorage::open(&options(config, &url)).await.context("PostgreSQL cannot be used")?;
                Ok(Self { place: Place::Postgres(storage), name: url.to_string(), _folder: None })
            }
        }
    }

    /// Looks at it without writing anything, not even a lock.
    pub(crate) async fn look(config: &Config) -> anyhow::Result<Self> {
        let (place, name) = match config.database() {
            DatabaseTarget::Sqlite(file) => {
                let name = file.display().to_string();
                let storage = SqliteStorage::look(&file).await.with_context(|| format!("{name} cannot be used"))?;
                (storage.map_or(Place::Nowhere, Place::Sqlite), name)
            }
            DatabaseTarget::Postgres(url) => {
                let storage = PostgresStorage::connect(&options(config, &url)).await;
                let storage = storage.context("PostgreSQL cannot be used")?;
                let there = storage.has_schema().await.context("PostgreSQL cannot be used")?;
                (if there { Place::Postgres(storage) } else { Place::Nowhere }, url.to_string())
            }
        };
        Ok(Self { place, name, _folder: None })
    }

    /// What is imported into.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Imports into it.
    pub(crate) fn importer(&self) -> Importer {
        match &self.place {
            Place::Sqlite(storage) => importer(storage.imports()),
            Place::Postgres(storage) => importer(storage.imports()),
            Place::Nowhere => Importer::new(Arc::new(Nowhere), Arc::new(Nowhere), clock(), ids()),
        }
    }

    /// Closes it once work that runs is done.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self.place {
            Place::Sqlite(storage) => storage.close().await?,
            Place::Postgres(storage) => storage.close().await?,
            Place::Nowhere => {}
        }
        Ok(())
    }
}

fn importer(imports: SeaImports) -> Importer {
    let imports = Arc::new(imports);
    Importer::new(imports.clone(), imports, clock(), ids())
}

/// The connection of somebody who is there to see a failure: one attempt, and no statement limited in time.
fn options(config: &Config, url: &Secret) -> PostgresOptions {
    let options = postgres_options(&config.database, url);
    PostgresOptions { connect_retry: Duration::ZERO, statement_timeout: None, ..options }
}

/// Backs the configured database up as it is before an import, and says where to: beside the SQLite file, or under
/// `backups` in the data folder.
pub(crate) async fn back_up(config: &Config, import: ImportId) -> anyhow::Result<String> {
    let file = match config.database() {
        DatabaseTarget::Sqlite(file) => file.with_extension(format!("before-import-{import}.db")),
        DatabaseTarget::Postgres(_) => config.data.dir.join("backups").join(format!("before-import-{import}.dump")),
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let backup = NewBackup::begin(&file, true)?;
    let database = Database::open(config).await?;
    let made = database.back_up(backup.path(), false, || {}).await;
    database.close().await?;
    let (format, rows) = made.context("the backup failed; make one yourself and say --no-backup")?;
    backup.finish(format, rows, clock().now())?;
    Ok(file.display().to_string())
}

//! What an import reads from and writes to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use session_import::ports::Source;
use session_import::{ImportId, Importer, Nowhere};
use storage_postgres::{DumpError, PostgresSource, PostgresStorage};
use storage_sqlite::{SeaImports, SqliteSource, SqliteStorage};

use super::{clock, ids, open_sqlite, postgres_options};
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
    Sqlite(SqliteStorage, PathBuf),
    Postgres(PostgresStorage, Secret, PathBuf),
    Nowhere,
}

impl ImportDatabase {
    /// Opens what the configuration names, and brings its schema up to date.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        match config.database() {
            DatabaseTarget::Sqlite(file) => {
                let folder = DataDir::open(&config.data.dir)?;
                let name = file.display().to_string();
                let place = Place::Sqlite(open_sqlite(file.clone()).await?, file);
                Ok(Self { place, name, _folder: Some(folder) })
            }
            DatabaseTarget::Postgres(url) => {
                let storage = PostgresStorage::open(&postgres_options(config, &url)).await;
                let storage = storage.context("PostgreSQL cannot be used")?;
                let name = url.to_string();
                let place = Place::Postgres(storage, url, config.data.dir.join("backups"));
                Ok(Self { place, name, _folder: None })
            }
        }
    }

    /// Looks at it without writing anything, not even a lock.
    pub(crate) async fn look(config: &Config) -> anyhow::Result<Self> {
        let (place, name) = match config.database() {
            DatabaseTarget::Sqlite(file) => {
                let name = file.display().to_string();
                let storage = SqliteStorage::look(&file).await.with_context(|| format!("{name} cannot be used"))?;
                (storage.map_or(Place::Nowhere, |storage| Place::Sqlite(storage, file)), name)
            }
            DatabaseTarget::Postgres(url) => {
                let storage = PostgresStorage::look(&postgres_options(config, &url)).await;
                let storage = storage.context("PostgreSQL cannot be used")?;
                let name = url.to_string();
                let backups = config.data.dir.join("backups");
                (storage.map_or(Place::Nowhere, |storage| Place::Postgres(storage, url, backups)), name)
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
            Place::Sqlite(storage, _) => importer(storage.imports()),
            Place::Postgres(storage, ..) => importer(storage.imports()),
            Place::Nowhere => Importer::new(Arc::new(Nowhere), Arc::new(Nowhere), clock(), ids()),
        }
    }

    /// Copies the database as it is before an import, and says where to.
    pub(crate) async fn back_up(&self, import: ImportId) -> anyhow::Result<Option<String>> {
        let file = match &self.place {
            Place::Sqlite(storage, file) => {
                let copy = file.with_extension(format!("before-import-{import}.db"));
                // What a killed import left half-written is no backup.
                let unfinished = copy.with_extension("unfinished");
                remove(&unfinished)?;
                storage.copy_to(&unfinished).await.context("the backup cannot be written")?;
                std::fs::rename(&unfinished, &copy).context("the backup cannot be written")?;
                copy
            }
            Place::Postgres(_, url, folder) => {
                std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
                let copy = folder.join(format!("before-import-{import}.dump"));
                dump(url.clone(), copy.clone()).await?;
                copy
            }
            Place::Nowhere => return Ok(None),
        };
        Ok(Some(file.display().to_string()))
    }

    /// Closes it once work that runs is done.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self.place {
            Place::Sqlite(storage, _) => storage.close().await?,
            Place::Postgres(storage, ..) => storage.close().await?,
            Place::Nowhere => {}
        }
        Ok(())
    }
}

fn importer(imports: SeaImports) -> Importer {
    let imports = Arc::new(imports);
    Importer::new(imports.clone(), imports, clock(), ids())
}

fn remove(file: &Path) -> anyhow::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", file.display()))
        }
        _ => Ok(()),
    }
}

async fn dump(url: Secret, file: PathBuf) -> anyhow::Result<()> {
    let written = tokio::task::spawn_blocking(move || storage_postgres::dump(url.expose(), &file)).await?;
    match written {
        Err(DumpError::Missing) => bail!(
            "pg_dump is not installed here, so PostgreSQL cannot be backed up first; install the client programs of \
             PostgreSQL, or make a backup yourself and say --no-backup"
        ),
        Err(error) => Err(error).context("there is no backup; make one yourself and say --no-backup"),
        Ok(()) => Ok(()),
    }
}

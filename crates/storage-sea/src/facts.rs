//! What an operator wants to know about a database.

use std::time::Duration;

use kernel::RepositoryError;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::error::repository_error;

/// Tables with more rows than this are estimated where [`Counting::Cheap`] is asked for.
pub const LARGE: u64 = 50_000;
/// Where the migrations that were applied are noted.
pub const MIGRATIONS: &str = "seaql_migrations";

/// How rows are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Large tables are estimated from what the database knows of them anyway.
    Cheap,
    /// Every row.
    Exact,
}

/// What an operator wants to know about a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// `sqlite` or `postgresql`.
    pub backend: &'static str,
    /// Its version.
    pub version: String,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// How long the smallest query took.
    pub latency: Duration,
    /// Its size on disk, in bytes.
    pub size_bytes: u64,
    /// The state of the schema.
    pub migrations: Migrations,
    /// Its tables, by name.
    pub rows: Vec<TableRows>,
    /// The connections of this process.
    pub pool: PoolFacts,
}

/// The rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRows {
    /// The table.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// Whether that is an estimate.
    pub estimated: bool,
}

/// The connections of a process to its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolFacts {
    /// Open ones.
    pub size: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// The most there may be.
    pub max: u32,
}

impl PoolFacts {
    /// What a driver says of its pool. While a connection changes hands its count of idle ones may pass below zero
    /// and wrap around, or above the open ones.
    pub fn of(size: u32, idle: usize, max: u32) -> Self {
        Self { size, idle: u32::try_from(idle).unwrap_or(0).min(size), max }
    }
}

/// Which migrations a database has seen, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Migrations {
    /// Applied.
    pub applied: Vec<String>,
    /// Known here, not applied there.
    pub pending: Vec<String>,
    /// Applied there, not known here: the database is newer than this program.
    pub unknown: Vec<String>,
}

impl Migrations {
    /// The state of a database that has seen these.
    pub fn of(applied: Vec<String>) -> Self {
        let known = known_migrations();
        let pending = known.iter().filter(|name| !applied.contains(name)).cloned().collect();
        let unknown = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
        Self { applied, pending, unknown }
    }

    /// How many steps of the schema a database has seen.
    ///
    /// # Errors
    /// [`RepositoryError::Backend`] when it is newer than this program, or not of one line with it.
    pub fn steps(&self) -> Result<u32, RepositoryError> {
        if let Some(name) = self.unknown.first() {
            let reason = format!("it was made by a newer version of Iyagi (migration {name} is unknown here)");
            return Err(RepositoryError::backend(reason));
        }
        if known_migrations().starts_with(&self.applied) {
            return Ok(self.applied.len() as u32);
        }
        Err(RepositoryError::backend("its migrations were not applied in order"))
    }
}

fn known_migrations() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// The migrations that were applied to a database which may have none; changes nothing.
///
/// # Errors
/// When the database cannot be asked.
pub async fn migrations(connection: &impl ConnectionTrait, tables: &[String]) -> Result<Migrations, RepositoryError> {
    // The table of migrations is no table of ours, so it is asked for apart.
    let backend = connection.get_database_backend();
    let there = match backend {
        DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'",
        _ => "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'seaql_migrations'",
    };
    let ask = |sql: &str| Statement::from_string(backend, sql.to_owned());
    if connection.query_one_raw(ask(there)).await.map_err(repository_error)?.is_none() {
        if tables.is_empty() {
            return Ok(Migrations::of(Vec::new()));
        }
        return Err(RepositoryError::backend("it has tables, but they are not Iyagi's"));
    }
    let sql = format!("SELECT version FROM {MIGRATIONS} ORDER BY version");
    let rows = connection.query_all_raw(ask(&sql)).await.map_err(repository_error)?;
    let names: Result<Vec<String>, _> = rows.iter().map(|row| row.try_get("", "version")).collect();
    Ok(Migrations::of(names.map_err(repository_error)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_of_idle_connections_is_never_more_than_there_are() {
        assert_eq!(PoolFacts::of(3, usize::MAX, 10), PoolFacts { size: 3, idle: 0, max: 10 });
        assert_eq!(PoolFacts::of(3, 5, 10), PoolFacts { size: 3, idle: 3, max: 10 });
    }

    #[test]
    fn a_database_is_behind_even_ahead_or_of_another_line() {
        let known = known_migrations();
        let none = Migrations::of(Vec::new());
        assert_eq!((none.steps().unwrap(), none.pending.len()), (0, known.len()));
        assert_eq!(Migrations::of(known[..2].to_vec()).steps().unwrap(), 2);
        let whole = Migrations::of(known.clone());
        assert_eq!((whole.steps().unwrap() as usize, whole.pending.len()), (known.len(), 0));
        let mut newer = known.clone();
        newer.push("m99990101_000001_later".into());
        assert!(format!("{:?}", Migrations::of(newer).steps()).contains("newer version"));
        assert!(Migrations::of(known[1..2].to_vec()).steps().is_err());
    }
}

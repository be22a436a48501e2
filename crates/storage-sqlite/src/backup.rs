//! Copies of the whole file, made while it is in use, and whether a file is sound.

use std::path::Path;

use kernel::RepositoryError;
use sea_orm::sqlx::{Row, query};
use storage_sea::driver_error;

use crate::storage::SqliteStorage;

impl SqliteStorage {
    /// Writes the database as it is at one moment to a new file, while others go on reading and writing. The copy is
    /// whole and has no write-ahead log beside it; bringing it to the disk for good is the caller's.
    ///
    /// # Errors
    /// When the file exists and is not empty, or cannot be written.
    pub async fn copy_to(&self, file: &Path) -> Result<(), RepositoryError> {
        let path = file.to_str().ok_or_else(|| RepositoryError::backend("the file's name is not UTF-8"))?;
        query("VACUUM INTO ?").bind(path).execute(self.driver()).await.map(|_| ()).map_err(driver_error)
    }

    /// Reads every page and every reference.
    ///
    /// # Errors
    /// [`RepositoryError::Corrupt`] with what is wrong first.
    pub async fn check(&self) -> Result<(), RepositoryError> {
        let integrity = query("PRAGMA integrity_check(1)").fetch_one(self.driver()).await.map_err(driver_error)?;
        let verdict: String = integrity.try_get(0).map_err(driver_error)?;
        if verdict != "ok" {
            return Err(RepositoryError::Corrupt(verdict));
        }
        match query("PRAGMA foreign_key_check").fetch_optional(self.driver()).await.map_err(driver_error)? {
            None => Ok(()),
            Some(row) => {
                let table: String = row.try_get(0).map_err(driver_error)?;
                Err(RepositoryError::Corrupt(format!("a row of {table} refers to one that is not there")))
            }
        }
    }
}

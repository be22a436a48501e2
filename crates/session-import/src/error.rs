use kernel::RepositoryError;

use crate::{ImportId, UnknownKind};

/// Why an import cannot be made, checked or taken back.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not clear what the source is.
    #[error("the source is not understood")]
    Kind(#[from] UnknownKind),
    /// Source and target are the same database.
    #[error("the source is the very database that would be imported into")]
    SameDatabase,
    /// The source failed.
    #[error("the source cannot be read")]
    Source(#[source] RepositoryError),
    /// The database to import into failed.
    #[error("the database to import into failed")]
    Target(#[source] RepositoryError),
    /// Rows came in another order than asked for: going on would mix conversations.
    #[error("the source gives the rows of {table} out of order")]
    Unsorted {
        /// The table.
        table: String,
    },
    /// Rows were read that are neither imported nor accounted for.
    #[error("{read} {what} were read, but only {accounted} are accounted for")]
    Unbalanced {
        /// Sessions or messages.
        what: &'static str,
        /// How many were read.
        read: u64,
        /// How many of them are in the report.
        accounted: u64,
    },
    /// There is no such import.
    #[error("there is no import {0}; `iyagi import --list` shows those there are")]
    UnknownImport(ImportId),
    /// It was taken back before.
    #[error("the import {0} was rolled back before")]
    RolledBack(ImportId),
}

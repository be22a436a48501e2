//! What an import needs: something to read from, something to write to, and a ledger.

use async_trait::async_trait;
use kernel::{RepositoryError, SessionId};

use crate::{Conversation, Entry, Import, ImportId, Row, SourceKind};

/// Which session a row belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A column of its own.
    Column(String),
    /// A column of the row of another table that this one points to.
    Through {
        /// The row's own column.
        column: String,
        /// The other table.
        table: String,
        /// The other table's column with the same value.
        id: String,
        /// The other table's column that holds the key.
        key: String,
    },
}

/// A table to read, ordered by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The table.
    pub table: String,
    /// What its rows are ordered by.
    pub key: Key,
}

/// A row as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRow {
    /// The session it belongs to, as text; a UUID kept as bytes is `\x` and hexadecimal digits.
    pub key: Option<String>,
    /// Its columns, or why they cannot be read.
    pub row: Result<Row, String>,
}

/// Rows being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorId(pub usize);

/// A database of another system, read as it was at one moment: all cursors see the same state. Nothing
/// is ever written to it.
#[async_trait]
pub trait Source: Send {
    /// Where it is, without user and password.
    fn origin(&self) -> &str;

    /// What no other database has: equal only for the same one.
    async fn identity(&mut self) -> Result<String, RepositoryError>;

    /// The columns of a table; `None` when there is no such table.
    async fn columns(&mut self, table: &str) -> Result<Option<Vec<String>>, RepositoryError>;

    /// How many rows a table has.
    async fn count(&mut self, table: &str) -> Result<u64, RepositoryError>;

    /// Begins to read a table, ordered by the bytes of the key; rows without a key come first.
    async fn open(&mut self, query: &Query) -> Result<CursorId, RepositoryError>;

    /// The next rows; none at the end.
    async fn fetch(&mut self, cursor: CursorId) -> Result<Vec<SourceRow>, RepositoryError>;
}

/// What there is under a session's id before it is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// A session that an import brought.
    Imported(Entry),
    /// Nothing any more: an import brought it, and it was removed since.
    Removed(Entry),
    /// A session that no import brought.
    Taken,
}

/// What came of taking a session back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It is gone, with so many messages.
    Removed {
        /// Messages that went with it.
        messages: u64,
    },
    /// It has turns or feedback that the import did not bring, and is kept.
    Used,
    /// It was gone before.
    Gone,
}

/// Where conversations are imported to. Every method is atomic.
#[async_trait]
pub trait ImportTarget: Send + Sync {
    /// What no other database has; see [`Source::identity`].
    async fn identity(&self) -> Result<String, RepositoryError>;

    /// What is there under an id, of whatever store.
    async fn standing(&self, session: SessionId) -> Result<Standing, RepositoryError>;

    /// Stores a conversation and its entry, both or neither.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] when one of its ids is taken.
    async fn store(&self, conversation: &Conversation, entry: &Entry) -> Result<(), RepositoryError>;

    /// Reads a conversation back as it is stored now.
    async fn read(&self, session: SessionId) -> Result<Option<Conversation>, RepositoryError>;

    /// Removes a session with all that is its own, and its entry; with `force` also when it was used since
    /// it was imported.
    async fn remove(&self, entry: &Entry, force: bool) -> Result<Removal, RepositoryError>;
}

/// Remembers imports.
#[async_trait]
pub trait ImportLedger: Send + Sync {
    /// Writes down an import, or what has become of it.
    async fn save(&self, import: &Import) -> Result<(), RepositoryError>;

    /// Finds an import.
    async fn find(&self, id: ImportId) -> Result<Option<Import>, RepositoryError>;

    /// The newest import of a source that did not come to its end.
    async fn unfinished(&self, kind: SourceKind, origin: &str) -> Result<Option<Import>, RepositoryError>;

    /// All imports, the newest first.
    async fn list(&self) -> Result<Vec<Import>, RepositoryError>;

    /// What an import brought, by session id, after the given one.
    async fn entries(
        &self,
        import: ImportId,
        after: Option<SessionId>,
        limit: u64,
    ) -> Result<Vec<Entry>, RepositoryError>;
}

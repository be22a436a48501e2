//! The contracts of the import's ports, as tests any adapter runs:
//!
//! ```text
//! session_import::import_contract!(async { Some(ImportStorage::new(imports, sessions, guard)) });
//! session_import::source_contract!(async |tables| Some((source, guard)));
//! ```
//!
//! A fixture that answers `None` (no server to be had) skips the case; it must have said so loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)] // assertions
#![allow(missing_docs)] // the names of the cases are sentences

pub mod imports;
pub mod sources;

use std::any::Any;
use std::sync::Arc;

use session_core::ports::{FeedbackRepository, SessionMaintenance, SessionRepository};

use crate::ports::{ImportLedger, ImportTarget};

/// A target under test, fresh and empty, with the ports that others use its sessions through.
pub struct ImportStorage {
    /// What is imported to.
    pub target: Arc<dyn ImportTarget>,
    /// What remembers imports.
    pub ledger: Arc<dyn ImportLedger>,
    /// Its sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Its feedback.
    pub feedback: Arc<dyn FeedbackRepository>,
    /// Its upkeep.
    pub maintenance: Arc<dyn SessionMaintenance>,
    /// Kept until the test ends.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl ImportStorage {
    /// Imports that are target and ledger in one, into sessions that are all these ports in one.
    pub fn new<I, S>(imports: I, sessions: Arc<S>, guard: impl Any + Send + Sync) -> Self
    where
        I: ImportTarget + ImportLedger + 'static,
        S: SessionRepository + FeedbackRepository + SessionMaintenance + 'static,
    {
        let imports = Arc::new(imports);
        Self {
            target: imports.clone(),
            ledger: imports,
            sessions: sessions.clone(),
            feedback: sessions.clone(),
            maintenance: sessions,
            guard: Box::new(guard),
        }
    }
}

/// A table of text columns, for a source to read.
#[derive(Debug, Clone)]
pub struct TextTable {
    /// Its name.
    pub name: &'static str,
    /// Its columns.
    pub columns: Vec<&'static str>,
    /// Its rows, in the order in which they are stored.
    pub rows: Vec<Vec<Option<String>>>,
}

impl TextTable {
    /// The statements that make and fill it, in SQL that SQLite and PostgreSQL both know.
    pub fn sql(&self) -> String {
        let name = quoted(self.name, '"');
        let columns: Vec<String> = self.columns.iter().map(|column| format!("{} TEXT", quoted(column, '"'))).collect();
        let mut sql = format!("CREATE TABLE {name} ({});\n", columns.join(", "));
        for row in &self.rows {
            let value = |value: &Option<String>| value.as_ref().map_or("NULL".into(), |text| quoted(text, '\''));
            let values: Vec<String> = row.iter().map(value).collect();
            sql.push_str(&format!("INSERT INTO {name} VALUES ({});\n", values.join(", ")));
        }
        sql
    }
}

fn quoted(text: &str, mark: char) -> String {
    let doubled: String = [mark, mark].iter().collect();
    format!("{mark}{}{mark}", text.replace(mark, &doubled))
}

/// Makes every case of the contracts of [`ImportTarget`](crate::ports::ImportTarget) and
/// [`ImportLedger`](crate::ports::ImportLedger) a test. `$fixture` is an expression that is a future of
/// `Option<ImportStorage>`.
#[macro_export]
macro_rules! import_contract {
    ($fixture:expr) => {
        $crate::import_contract!(@cases $fixture;
            a_conversation_comes_back_as_it_was_stored,
            a_conversation_is_stored_with_its_entry_or_not_at_all,
            a_session_that_no_import_brought_is_taken,
            a_conversation_is_removed_with_all_that_is_its_own,
            a_conversation_that_was_used_since_is_kept_unless_forced,
            a_session_that_upkeep_removed_is_remembered,
            a_database_is_always_the_same,
            an_import_is_written_down_and_what_becomes_of_it,
            the_newest_unfinished_import_of_that_source_is_found,
            imports_are_listed_the_newest_first,
            entries_are_read_in_pages_by_session);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            if let Some(storage) = $fixture.await {
                $crate::testing::contract::imports::$case(&storage).await;
            }
        })+
    };
}

/// Makes every case of the contract of [`Source`](crate::ports::Source) a test. `$fixture` is an async closure
/// from a `Vec<TextTable>` to `Option<(Box<dyn Source>, guard)>`.
#[macro_export]
macro_rules! source_contract {
    ($fixture:expr) => {
        $crate::source_contract!(@cases $fixture;
            rows_come_in_the_order_of_the_bytes_of_their_keys,
            a_key_may_stand_in_another_table,
            cursors_do_not_disturb_each_other,
            every_row_of_a_long_table_is_read_once,
            tables_are_counted_and_described,
            names_and_values_may_hold_anything,
            an_empty_table_ends_at_once);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            let tables = $crate::testing::contract::sources::tables();
            if let Some((mut source, _guard)) = ($fixture)(tables).await {
                $crate::testing::contract::sources::$case(&mut *source).await;
            }
        })+
    };
}

#[cfg(test)]
mod memory {
    use std::sync::Arc;

    use session_core::testing::MemorySessions;

    use super::{ImportStorage, TextTable};
    use crate::ports::Source;
    use crate::testing::{MemoryImports, MemorySource};

    crate::import_contract!(async {
        let sessions = Arc::new(MemorySessions::default());
        Some(ImportStorage::new(MemoryImports::into_sessions(Arc::clone(&sessions)), sessions, ()))
    });

    crate::source_contract!(async |tables: Vec<TextTable>| {
        let source = tables.into_iter().fold(MemorySource::default(), |source, table| {
            let rows = table.rows.iter().map(|row| {
                let columns = table.columns.iter().map(|&column| column.to_owned());
                columns.zip(row.iter().map(|value| serde_json::json!(value))).collect()
            });
            source.with_columns(table.name, &table.columns, rows.collect())
        });
        Some((Box::new(source) as Box<dyn Source>, ()))
    });
}

//! The portable form of a database: JSON Lines that restore into either kind.
//!
//! The first line is the [`DumpHeader`]. Then, for each table, a line `{"table":"…"}` and one array for each row, in
//! the order of the header's columns. Tables that others refer to come first. The last line, [`DumpEnd`], has the
//! rows of each table and the SHA-256 of all bytes before it, so that a file which was cut off or changed is noticed.

mod reading;
mod value;
mod writing;

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

pub use reading::{DumpReader, DumpRow};
pub use value::sqlite_value;
pub use writing::DumpWriter;

/// The version of the form.
pub const DUMP_VERSION: u32 = 1;

/// What a portable dump holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DumpHeader {
    /// [`DUMP_VERSION`].
    pub iyagi_dump: u32,
    /// The migrations of the database it was made from, oldest first.
    pub migrations: Vec<String>,
    /// The tables, those that others refer to first.
    pub tables: Vec<DumpTable>,
}

/// A table of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpTable {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of each row's values.
    pub columns: Vec<DumpColumn>,
}

/// A column of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpColumn {
    /// Its name.
    pub name: String,
    /// How its values are written.
    pub kind: ColumnKind,
}

/// How a column's values are written. NULL is `null` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// A string.
    Text,
    /// A number.
    Integer,
    /// A number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A string that holds JSON, so that a stored `null` differs from NULL.
    Json,
    /// RFC 3339 in UTC with six digits.
    Time,
    /// A string with hyphens.
    Uuid,
    /// Hexadecimal.
    Bytes,
    /// The text form that the database itself reads.
    Other,
}

/// The last line of a dump.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpEnd {
    /// The rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// The SHA-256 of all bytes before this line, in hexadecimal.
    pub sha256: String,
}

/// Why a dump cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The file cannot be written or read.
    #[error("the file cannot be used")]
    Io(#[from] io::Error),
    /// A line is not what it should be.
    #[error("line {line} of the dump cannot be read: {reason}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The file ends before the dump does.
    #[error("the dump is cut off: its last line is missing")]
    CutOff,
    /// The file is not what was written.
    #[error("the dump was changed after it was made: its checksum differs")]
    Changed,
}

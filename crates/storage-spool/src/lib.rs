//! The emergency spool: answered turns in a local file while the database is gone.
//!
//! One record is one line: the CRC-32 of the JSON in eight hexadecimal digits, the JSON's length in bytes,
//! the JSON. `append` answers after `fsync`. A line that a crash tore, or that decayed, does not check and is
//! skipped and counted; it takes no other line with it. What the database refuses is kept, with the reason,
//! in a second file for a person to look at. One process uses a spool's folder: whoever opens it sees to that.

mod file;
mod record;

pub use file::FileSpool;

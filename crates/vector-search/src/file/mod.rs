//! A space with its graph in a file, so that a restart need not build it again.
//!
//! ```text
//! header   magic, format, dimension, connectivity, entry row and level, rows, revision, space, origin   CRC-32
//! block    ids, live rows, linked rows, vectors, links of the ground level, links above                 CRC-32
//! …        one for every 256 rows; nothing follows the last
//! ```
//! Numbers are little-endian. A file is written beside the old one, synced and renamed. What does not check in any
//! way is not read, and the space begins empty.

mod block;
mod bytes;
mod header;
mod load;
mod save;

use std::path::{Path, PathBuf};

pub(crate) use load::{Loaded, load};
pub(crate) use save::save;

/// Where a space is kept.
pub(crate) fn path(folder: &Path, space: i64) -> PathBuf {
    folder.join(format!("{space}.vectors"))
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("it is not a file of vectors of this format")]
    Format,
    #[error("it is of another space, another origin or made with other settings")]
    Foreign,
    #[error("it is newer than what it is a copy of")]
    Newer,
    #[error("it is larger than the memory that is allowed")]
    TooLarge,
    #[error("it is damaged")]
    Damaged,
    #[error("it cannot be read")]
    Read(#[from] std::io::Error),
}

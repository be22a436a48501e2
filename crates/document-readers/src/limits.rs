//! How much a document may take of everything.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most that one document may be, hold or take. What is over a limit is refused whole.
///
/// The defaults let pass what support teams keep (manuals of hundreds of pages, price lists of ten thousand rows) and
/// hold one reader below what a machine of 2 GB can spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of the file: 50 MiB.
    pub bytes: u64,
    /// Pages or slides or visible sheets: 2,000.
    pub pages: u32,
    /// Bytes of one document's parts (of a DOCX, PPTX, XLSX) when unpacked, and of what a program said of it: 256 MiB.
    pub unpacked_bytes: u64,
    /// How many times larger a part may be than it is packed: 200. XML rarely packs better than 40 to 1. Parts of less
    /// than 1 MiB may be packed better than that.
    pub compression_ratio: u64,
    /// Parts of a DOCX, PPTX or XLSX: 10,000.
    pub parts: u64,
    /// Levels that elements of XML or HTML may be nested: 256. Office programs stay below 60.
    pub depth: u32,
    /// Cells of all sheets and tables together, empty ones between others included: 500,000.
    pub cells: u64,
    /// Characters of the text that is made: 10,000,000, about 5,000 pages.
    pub characters: u64,
    /// Seconds that reading may take: 60. A PDF of 500 pages takes two.
    pub seconds: u64,
    /// Bytes of memory that the reading process may take beyond what it has when it starts: 1 GiB. Not on macOS, see
    /// [`worker`](crate::worker).
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 50 << 20,
            pages: 2_000,
            unpacked_bytes: 256 << 20,
            compression_ratio: 200,
            parts: 10_000,
            depth: 256,
            cells: 500_000,
            characters: 10_000_000,
            seconds: 60,
            memory_bytes: 1 << 30,
        }
    }
}

impl Limits {
    /// The time that reading may take.
    pub const fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

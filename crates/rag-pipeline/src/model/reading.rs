//! What a reader is given, and what it makes of it.

use serde::{Deserialize, Serialize};

/// Bytes to be read, with what is known about them.
#[derive(Debug, Clone)]
pub struct RawDocument {
    /// A file name or URL path; its ending helps to choose a reader.
    pub name: String,
    /// The media type, when the source told one (`text/markdown`).
    pub media_type: Option<String>,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A document as headed blocks of text, whatever it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadDocument {
    /// An id named in the document itself (front matter).
    pub id: Option<String>,
    /// The title: front matter or the file's properties, else the first top heading, else the file name.
    pub title: String,
    /// Where it can be read, when the document says so.
    pub url: Option<String>,
    /// The collection, when the document says so.
    pub collection: Option<String>,
    /// The text, in order; pages follow each other in the order of their numbers.
    pub blocks: Vec<Block>,
    /// How many pages, slides or sheets it has; 0 when its kind has none.
    pub pages: u32,
    /// Pages, from 1 and rising, that show something but hold no text: scans. Their text is to be recognised.
    pub scans: Vec<u32>,
}

/// A paragraph, list item or table under its headings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The headings above, outermost first, without the document's title.
    pub heading_path: Vec<String>,
    /// What it is.
    pub kind: BlockKind,
    /// The text as a reader sees it; a table is one block, as Markdown rows. Never blank.
    pub text: String,
    /// The page, slide or sheet it begins on, from 1; `None` when its kind of document has none.
    pub page: Option<u32>,
}

/// The kinds of block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Running text.
    Paragraph,
    /// One item of a list.
    ListItem,
    /// A whole table, header row first.
    Table,
    /// Preformatted text.
    Code,
}

/// An image of a page, to have its text recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageImage {
    /// `image/png`, `image/jpeg` …
    pub media_type: String,
    /// The encoded image.
    pub bytes: Vec<u8>,
}

/// Why a document could not be read. [`code`](Self::code) is what messages in other languages are chosen by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ReadError {
    /// No reader for this kind of file.
    #[error("no reader for \"{name}\"")]
    Unsupported {
        /// The file.
        name: String,
    },
    /// The bytes are not what they claim to be.
    #[error("\"{name}\" cannot be read: {reason}")]
    Unreadable {
        /// The file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It needs a password.
    #[error("\"{name}\" is encrypted; remove its password and send it again")]
    Encrypted {
        /// The file.
        name: String,
    },
    /// There is nothing in it.
    #[error("\"{name}\" has no text")]
    Empty {
        /// The file.
        name: String,
    },
    /// A page is a scan, and nothing is there to recognise its text.
    #[error("\"{name}\", page {page}: no text and OCR is off")]
    NeedsOcr {
        /// The file.
        name: String,
        /// The first such page, from 1.
        page: u32,
    },
    /// It is over a limit; nothing of it was taken.
    #[error("\"{name}\" is too large: {what} over {limit}")]
    TooLarge {
        /// The file.
        name: String,
        /// What there is too much of, in plural: `bytes`, `pages`, `unpacked bytes`, `cells` …
        what: String,
        /// The most there may be.
        limit: u64,
    },
    /// It took longer than allowed.
    #[error("reading \"{name}\" took more than {seconds} s")]
    TimedOut {
        /// The file.
        name: String,
        /// The time allowed.
        seconds: u64,
    },
    /// It made the reader crash or run out of memory. The reader is a process of its own: nothing else was harmed.
    #[error("\"{name}\" made its reader fail: {reason}")]
    Crashed {
        /// The file.
        name: String,
        /// How the reader ended.
        reason: String,
    },
    /// The text of a page could not be recognised.
    #[error("\"{name}\", page {page}: OCR failed: {reason}")]
    OcrFailed {
        /// The file.
        name: String,
        /// The page, from 1.
        page: u32,
        /// What happened.
        reason: String,
    },
    /// A program or a service that reading needs is missing or failed; the document may be right.
    #[error("\"{name}\" cannot be read here: {reason}")]
    NotHere {
        /// The file.
        name: String,
        /// What is missing, and what to do about it.
        reason: String,
    },
}

impl ReadError {
    /// A stable name: `encrypted`, `needs_ocr` …
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "unsupported",
            Self::Unreadable { .. } => "unreadable",
            Self::Encrypted { .. } => "encrypted",
            Self::Empty { .. } => "empty",
            Self::NeedsOcr { .. } => "needs_ocr",
            Self::TooLarge { .. } => "too_large",
            Self::TimedOut { .. } => "timed_out",
            Self::Crashed { .. } => "crashed",
            Self::OcrFailed { .. } => "ocr_failed",
            Self::NotHere { .. } => "not_here",
        }
    }
}

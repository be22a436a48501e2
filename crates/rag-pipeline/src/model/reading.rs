//! What a reader is given, and what it makes of it.

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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadDocument {
    /// An id named in the document itself (front matter).
    pub id: Option<String>,
    /// The title: front matter, else the first top heading, else the file name.
    pub title: String,
    /// Where it can be read, when the document says so.
    pub url: Option<String>,
    /// The collection, when the document says so.
    pub collection: Option<String>,
    /// The text, in order.
    pub blocks: Vec<Block>,
}

/// A paragraph, list item or table row under its headings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The headings above, outermost first, without the document's title.
    pub heading_path: Vec<String>,
    /// What it is.
    pub kind: BlockKind,
    /// The text as a reader sees it; a table is one block, as Markdown rows.
    pub text: String,
}

/// The kinds of block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Why a document could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No reader for this kind of file.
    #[error("no reader for \"{0}\"")]
    Unsupported(String),
    /// The bytes are not what they claim to be.
    #[error("\"{name}\" cannot be read: {reason}")]
    Unreadable {
        /// The file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing in it.
    #[error("\"{0}\" has no text")]
    Empty(String),
}

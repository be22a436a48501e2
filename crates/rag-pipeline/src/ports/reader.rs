use async_trait::async_trait;

use crate::model::{PageImage, RawDocument, ReadDocument, ReadError};

/// Makes headed text of a file's bytes.
///
/// Contract: bounded in time, memory and output, whatever the bytes are; never a document without any block unless it
/// has scans; the same bytes give the same document.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait TextReader: Send + Sync {
    /// Whether this reader takes the file, judged by media type and name.
    fn reads(&self, raw: &RawDocument) -> bool;

    /// Reads it.
    ///
    /// # Errors
    /// [`ReadError`] names the file and what is wrong with it.
    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError>;
}

/// Makes an image of a page that is a scan.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PageRenderer: Send + Sync {
    /// The page (from 1) of the file as an image good enough to recognise text on.
    ///
    /// # Errors
    /// [`ReadError`] names the file and what is wrong with it.
    async fn render(&self, raw: &RawDocument, page: u32) -> Result<PageImage, ReadError>;
}

/// Why text could not be recognised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OcrError {
    /// Trying again later may help.
    #[error("{0}")]
    Transient(String),
    /// It will not.
    #[error("{0}")]
    Permanent(String),
}

/// Recognises the text on an image.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Ocr: Send + Sync {
    /// The engine's name and version: a document read by another is to be read anew.
    fn name(&self) -> String;

    /// The text, line by line, paragraphs parted by blank lines; empty when there is none on the image.
    ///
    /// # Errors
    /// [`OcrError`] tells whether trying again may help.
    async fn recognize(&self, image: &PageImage) -> Result<String, OcrError>;
}

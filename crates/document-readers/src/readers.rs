//! Picks what reads a file, and reads it.

use async_trait::async_trait;
use rag_pipeline::model::{RawDocument, ReadDocument, ReadError};
use rag_pipeline::ports::TextReader;

use crate::job::Job;
use crate::kind::{self, Kind};
use crate::{Limits, compound, delimited, html, markdown, ooxml, pdf, plain};

/// Reads every kind of document of this crate, in the process that asks.
///
/// It is bounded by its [`Limits`], but nothing protects the process from a file that makes a library crash: documents of
/// strangers belong to [`IsolatedReader`](crate::IsolatedReader), whose process uses this.
#[derive(Debug, Clone, Copy)]
pub struct Readers {
    limits: Limits,
    uses_programs: bool,
}

impl Default for Readers {
    /// Readers with the default limits.
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Readers {
    /// Readers with these limits.
    pub const fn new(limits: Limits) -> Self {
        Self { limits, uses_programs: true }
    }

    /// The same, starting no other programs: PDFs are read by what is built in, as if poppler were not installed.
    #[must_use]
    pub const fn without_programs(self) -> Self {
        Self { uses_programs: false, ..self }
    }

    /// The limits.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Whether a file is of a kind that is read, judged by its first bytes, media type and name.
    pub fn takes(&self, raw: &RawDocument) -> bool {
        match Job::begin(raw, self.limits).and_then(|job| kind::of(&job)) {
            Ok(_) => true,
            Err(error) => !matches!(error, ReadError::Unsupported { .. }),
        }
    }

    /// Reads a file, and waits until that is done.
    ///
    /// # Errors
    /// [`ReadError`] names the file and what is wrong with it.
    pub fn read_now(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError> {
        let job = Job::begin(raw, self.limits)?;
        let document = match kind::of(&job)? {
            Kind::Text => plain::read(&job),
            Kind::Markdown => markdown::read(&job),
            Kind::Html => html::read(&job),
            Kind::Delimited(delimiter) => delimited::read(&job, delimiter),
            Kind::Pdf => pdf::read(&job, self.uses_programs),
            Kind::Package => ooxml::read(&job),
            Kind::Compound => compound::read(&job),
            Kind::Image => Ok(image(&job)),
            Kind::Foreign(reason) => Err(job.unreadable(reason)),
        }?;
        if document.blocks.is_empty() && document.scans.is_empty() { Err(job.empty()) } else { Ok(document) }
    }
}

/// An image is a page whose text is to be recognised.
fn image(job: &Job<'_>) -> ReadDocument {
    let title = crate::names::base_name(&job.raw.name).to_owned();
    ReadDocument { title, pages: 1, scans: vec![1], ..ReadDocument::default() }
}

#[async_trait]
impl TextReader for Readers {
    fn reads(&self, raw: &RawDocument) -> bool {
        self.takes(raw)
    }

    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError> {
        self.read_now(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(name: &str, media_type: Option<&str>, text: &str) -> RawDocument {
        RawDocument {
            name: name.to_owned(),
            media_type: media_type.map(str::to_owned),
            bytes: text.as_bytes().to_vec(),
        }
    }

    #[tokio::test]
    async fn the_ending_or_the_media_type_picks_the_reader() {
        let readers = Readers::default();
        let markdown = readers.read(&raw("a.MD", None, "# 제목\n\n글")).await.unwrap();
        assert_eq!(markdown.title, "제목");
        let typed = readers.read(&raw("upload", Some("text/markdown; charset=utf-8"), "# 제목\n\n글")).await.unwrap();
        assert_eq!(typed.title, "제목");
        let plain = readers.read(&raw("dir/메모.txt", None, "# 글")).await.unwrap();
        assert_eq!((plain.title.as_str(), plain.blocks[0].text.as_str()), ("메모", "# 글"));
    }

    #[tokio::test]
    async fn a_file_nobody_reads_is_named_in_the_error() {
        let file = raw("a.exe", None, "x");
        assert!(!Readers::default().reads(&file));
        let error = Readers::default().read(&file).await.unwrap_err();
        assert_eq!(error.to_string(), "no reader for \"a.exe\"");
    }

    #[tokio::test]
    async fn a_file_over_the_limit_is_not_looked_into() {
        let readers = Readers::new(Limits { bytes: 3, ..Limits::default() });
        let error = readers.read(&raw("a.txt", None, "four")).await.unwrap_err();
        assert_eq!(error.to_string(), "\"a.txt\" is too large: bytes over 3");
    }
}

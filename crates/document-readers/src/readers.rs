use async_trait::async_trait;
use rag_pipeline::model::{RawDocument, ReadDocument, ReadError};
use rag_pipeline::ports::TextReader;

use crate::{MarkdownReader, PlainTextReader};

/// Picks the first reader that takes a file.
pub struct Readers(Vec<Box<dyn TextReader>>);

impl Readers {
    /// Asks `readers` in this order.
    pub fn new(readers: Vec<Box<dyn TextReader>>) -> Self {
        Self(readers)
    }
}

impl Default for Readers {
    /// Every reader of this crate.
    fn default() -> Self {
        Self::new(vec![Box::new(MarkdownReader), Box::new(PlainTextReader)])
    }
}

#[async_trait]
impl TextReader for Readers {
    fn reads(&self, raw: &RawDocument) -> bool {
        self.0.iter().any(|reader| reader.reads(raw))
    }

    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError> {
        match self.0.iter().find(|reader| reader.reads(raw)) {
            Some(reader) => reader.read(raw).await,
            None => Err(ReadError::Unsupported { name: raw.name.clone() }),
        }
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
        let error = Readers::default().read(&raw("a.exe", None, "x")).await.unwrap_err();
        assert_eq!(error.to_string(), "no reader for \"a.exe\"");
    }
}

use async_trait::async_trait;
use rag_pipeline::model::{Block, BlockKind, RawDocument, ReadDocument, ReadError};
use rag_pipeline::ports::TextReader;

use crate::{base_name, has_ending, media_type, utf8};

/// Reads plain text: paragraphs are parted by blank lines, the title is the file's name.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainTextReader;

#[async_trait]
impl TextReader for PlainTextReader {
    fn reads(&self, raw: &RawDocument) -> bool {
        has_ending(&raw.name, &[".txt", ".text", ".log"]) || media_type(raw).as_deref() == Some("text/plain")
    }

    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError> {
        let text = utf8(raw)?;
        let mut blocks: Vec<String> = vec![String::new()];
        for line in text.lines() {
            if line.trim().is_empty() {
                blocks.push(String::new());
            } else if let Some(block) = blocks.last_mut() {
                if !block.is_empty() {
                    block.push('\n');
                }
                block.push_str(line.trim_end());
            }
        }
        let blocks = blocks.into_iter().filter(|text| !text.is_empty());
        Ok(ReadDocument {
            title: base_name(&raw.name).to_owned(),
            blocks: blocks
                .map(|text| Block { heading_path: Vec::new(), kind: BlockKind::Paragraph, text, page: None })
                .collect(),
            ..ReadDocument::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(bytes: &[u8]) -> RawDocument {
        RawDocument { name: "안내.txt".to_owned(), media_type: None, bytes: bytes.to_vec() }
    }

    #[tokio::test]
    async fn paragraphs_are_parted_by_blank_lines() {
        let read = PlainTextReader.read(&raw("\u{feff}하나\r\n둘\r\n\r\n셋".as_bytes())).await.unwrap();
        assert_eq!(read.title, "안내");
        assert_eq!(read.blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>(), ["하나\n둘", "셋"]);
    }

    #[tokio::test]
    async fn other_encodings_and_empty_files_are_refused_by_name() {
        let error = PlainTextReader.read(&raw(b"abc\xb9\xe8\xbc\xdb")).await.unwrap_err();
        assert_eq!(error.to_string(), "\"안내.txt\" cannot be read: it is not UTF-8 from byte 3 on; save it as UTF-8");
        assert!(matches!(PlainTextReader.read(&raw(b" \n")).await, Err(ReadError::Empty { .. })));
    }
}

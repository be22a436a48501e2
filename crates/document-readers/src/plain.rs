//! Plain text.

use rag_pipeline::model::{BlockKind, ReadDocument, ReadError};

use crate::encoding;
use crate::job::Job;
use crate::names::base_name;
use crate::outline::Outline;

/// Reads plain text: paragraphs are parted by blank lines, the title is the file's name.
pub(crate) fn read(job: &Job<'_>) -> Result<ReadDocument, ReadError> {
    let text = encoding::text(job, None)?;
    let mut outline = Outline::new(job);
    let mut paragraph = String::new();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            outline.block(BlockKind::Paragraph, &std::mem::take(&mut paragraph))?;
        } else {
            if !paragraph.is_empty() {
                paragraph.push('\n');
            }
            paragraph.push_str(line.trim_end());
        }
    }
    Ok(outline.finish(Some(base_name(&job.raw.name)), 0))
}

#[cfg(test)]
mod tests {
    use rag_pipeline::model::RawDocument;

    use super::*;
    use crate::Limits;

    #[test]
    fn paragraphs_are_parted_by_blank_lines() {
        let bytes = "\u{feff}하나\r\n둘\r\n\r\n셋".as_bytes().to_vec();
        let raw = RawDocument { name: "안내.txt".to_owned(), media_type: None, bytes };
        let read = read(&Job::begin(&raw, Limits::default()).unwrap()).unwrap();
        assert_eq!(read.title, "안내");
        assert_eq!(read.blocks.iter().map(|b| b.text.as_str()).collect::<Vec<_>>(), ["하나\n둘", "셋"]);
    }
}

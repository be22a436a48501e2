//! Collects the blocks of a document under its headings, whatever format it is read from.

use rag_pipeline::model::{Block, BlockKind, ReadDocument, ReadError};

use crate::job::Job;
use crate::names::base_name;
use crate::tables::Table;

/// The longest heading, in characters; what is longer is a paragraph that only looks like one.
const LONGEST_HEADING: usize = 200;

/// A document being put together.
pub(crate) struct Outline<'a> {
    job: &'a Job<'a>,
    blocks: Vec<Block>,
    /// The headings above what comes next, outermost first, with their levels.
    headings: Vec<(u8, String)>,
    /// All headings so far, for the title and for documents that have nothing else.
    first_heading: Option<String>,
    /// Headings that nothing has come under yet.
    bare: Vec<Block>,
    page: Option<u32>,
    characters: u64,
}

impl<'a> Outline<'a> {
    pub(crate) fn new(job: &'a Job<'a>) -> Self {
        let (blocks, headings, bare) = (Vec::new(), Vec::new(), Vec::new());
        Self { job, blocks, headings, first_heading: None, bare, page: None, characters: 0 }
    }

    /// What comes next is on this page.
    pub(crate) fn turn_to(&mut self, page: u32) {
        self.page = Some(page);
    }

    /// A heading, 1 the outermost level. It ends those of its own level and below.
    pub(crate) fn heading(&mut self, level: u8, text: &str) -> Result<(), ReadError> {
        let text = squeezed(text);
        if text.is_empty() {
            return Ok(());
        }
        if text.chars().count() > LONGEST_HEADING {
            return self.block(BlockKind::Paragraph, &text);
        }
        self.count(&text)?;
        self.headings.retain(|(above, _)| *above < level);
        if self.blocks.is_empty() {
            self.bare.push(self.made(BlockKind::Paragraph, text.clone()));
        }
        self.first_heading.get_or_insert_with(|| text.clone());
        self.headings.push((level, text));
        Ok(())
    }

    /// What comes next is under no heading.
    pub(crate) fn end_headings(&mut self) {
        self.headings.clear();
    }

    /// A block of text; nothing when it is blank.
    pub(crate) fn block(&mut self, kind: BlockKind, text: &str) -> Result<(), ReadError> {
        let text = text.trim_matches(|c: char| c == '\n' || c == ' ' || c == '\t');
        if text.trim().is_empty() {
            return Ok(());
        }
        self.count(text)?;
        self.blocks.push(self.made(kind, text.to_owned()));
        Ok(())
    }

    /// An item of a list, 0 the outermost depth. Items further in are lines of the outermost item before them.
    pub(crate) fn list_item(&mut self, depth: usize, marker: &str, text: &str) -> Result<(), ReadError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let line = format!("{}{marker} {text}", "  ".repeat(depth));
        let path = self.path();
        match self.blocks.last_mut() {
            Some(item) if depth > 0 && item.kind == BlockKind::ListItem && item.heading_path == path => {
                item.text.push('\n');
                item.text.push_str(&line);
                self.count(&line)
            }
            _ => self.block(BlockKind::ListItem, &line),
        }
    }

    /// A table; one of a single cell is a frame around text, and becomes a paragraph.
    pub(crate) fn table(&mut self, table: Table) -> Result<(), ReadError> {
        let table = table.trimmed();
        if let Some(only) = table.only_cell() {
            let only = only.to_owned();
            return self.block(BlockKind::Paragraph, &only);
        }
        self.block(BlockKind::Table, &table.markdown())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The document, with its title: what its properties say, else its first heading, else the file's name.
    /// The title is not repeated in heading paths. A document of headings alone has them as paragraphs.
    pub(crate) fn finish(mut self, named: Option<&str>, pages: u32) -> ReadDocument {
        if self.blocks.is_empty() {
            self.blocks = std::mem::take(&mut self.bare);
            for block in &mut self.blocks {
                block.heading_path.clear();
            }
        }
        let named = named.map(squeezed).filter(|title| is_meaningful(title));
        let title =
            named.or_else(|| self.first_heading.take()).unwrap_or_else(|| base_name(&self.job.raw.name).to_owned());
        for block in &mut self.blocks {
            if block.heading_path.first() == Some(&title) {
                block.heading_path.remove(0);
            }
        }
        ReadDocument { title, blocks: self.blocks, pages, ..ReadDocument::default() }
    }

    fn made(&self, kind: BlockKind, text: String) -> Block {
        Block { heading_path: self.path(), kind, text, page: self.page }
    }

    fn path(&self) -> Vec<String> {
        self.headings.iter().map(|(_, heading)| heading.clone()).collect()
    }

    fn count(&mut self, text: &str) -> Result<(), ReadError> {
        self.characters += text.chars().count() as u64;
        if self.characters > self.job.limits.characters {
            return Err(self.job.too_large("characters", self.job.limits.characters));
        }
        self.job.check_time()
    }
}

/// White space as single spaces, none at the ends.
pub(crate) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a title in a document's properties was given by a person. Programs fill in names of their own, of the file
/// that a print-out was made of, or of the template.
fn is_meaningful(title: &str) -> bool {
    const OF_PROGRAMS: &[&str] = &[
        "untitled",
        "title",
        "제목 없음",
        "제목없음",
        "powerpoint presentation",
        "powerpoint 프레젠테이션",
        "프레젠테이션",
        "presentation",
        "slide 1",
        "슬라이드 1",
        "document",
        "문서",
        "무제",
    ];
    const ENDINGS: &[&str] =
        &[".doc", ".docx", ".hwp", ".hwpx", ".ppt", ".pptx", ".xls", ".xlsx", ".pdf", ".indd", ".ai", ".txt", ".tmp"];
    let lower = title.to_lowercase();
    let of_program =
        OF_PROGRAMS.iter().any(|name| lower.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end() == *name)
            || OF_PROGRAMS.contains(&lower.as_str());
    !(lower.is_empty()
        || of_program
        || lower.starts_with("microsoft ")
        || ENDINGS.iter().any(|ending| lower.ends_with(ending))
        || lower.contains('\u{fffd}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_a_program_made_up_is_not_one() {
        for made_up in [
            "",
            "Untitled",
            "PowerPoint 프레젠테이션",
            "Presentation1",
            "Microsoft Word - a.docx",
            "배송.hwp",
            "제목 없음",
        ] {
            assert!(!is_meaningful(made_up), "{made_up}");
        }
        for given in ["배송 안내", "2026 Price List", "문서 관리 규정"] {
            assert!(is_meaningful(given), "{given}");
        }
    }
}

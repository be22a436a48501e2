//! All of a document's text in one piece, as Markdown.

use std::ops::Range;

use crate::model::{Block, BlockKind, ReadDocument};

/// A document's text with its headings, and where its blocks stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentText {
    text: String,
    blocks: Vec<PlacedBlock>,
}

/// A block of a [`DocumentText`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacedBlock {
    /// Its bytes in the text.
    pub(super) at: Range<usize>,
    pub(super) kind: BlockKind,
    pub(super) page: Option<u32>,
    /// The headings above it.
    pub(super) heading_path: Vec<String>,
}

impl DocumentText {
    /// Puts the blocks one after the other, under the headings that begin with them (`##` for the first level, as the
    /// title is the first). Items of one list follow each other line by line, everything else after a blank line.
    pub fn of(document: &ReadDocument) -> Self {
        let mut whole = Self { text: String::new(), blocks: Vec::with_capacity(document.blocks.len()) };
        let mut before: Option<&Block> = None;
        for block in &document.blocks {
            whole.headings(before.map_or(&[], |b| &b.heading_path), &block.heading_path);
            let together = before.is_some_and(|b| {
                b.kind == BlockKind::ListItem && b.kind == block.kind && b.heading_path == block.heading_path
            });
            whole.part(if together { "\n" } else { "\n\n" });
            let start = whole.text.len();
            whole.text.push_str(&block.text);
            whole.blocks.push(PlacedBlock {
                at: start..whole.text.len(),
                kind: block.kind,
                page: block.page,
                heading_path: block.heading_path.clone(),
            });
            before = Some(block);
        }
        whole
    }

    /// Writes the headings that are new since the last block.
    fn headings(&mut self, before: &[String], now: &[String]) {
        let same = before.iter().zip(now).take_while(|(a, b)| a == b).count();
        for (depth, heading) in now.iter().enumerate().skip(same) {
            self.part("\n\n");
            // Markdown has six levels.
            self.text.push_str(&"#".repeat((depth + 2).min(6)));
            self.text.push(' ');
            self.text.push_str(heading);
        }
    }

    fn part(&mut self, joint: &str) {
        if !self.text.is_empty() {
            self.text.push_str(joint);
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn blocks(&self) -> &[PlacedBlock] {
        &self.blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(path: &[&str], kind: BlockKind, text: &str) -> Block {
        Block { heading_path: path.iter().map(|h| (*h).to_owned()).collect(), kind, text: text.to_owned(), page: None }
    }

    #[test]
    fn headings_are_written_once_where_they_begin() {
        let item = BlockKind::ListItem;
        let blocks = vec![
            block(&[], BlockKind::Paragraph, "앞글"),
            block(&["배송", "요금"], item, "- 하나"),
            block(&["배송", "요금"], item, "- 둘"),
            block(&["배송", "기간"], BlockKind::Paragraph, "이틀"),
        ];
        let whole = DocumentText::of(&ReadDocument { blocks, ..ReadDocument::default() });
        assert_eq!(whole.as_str(), "앞글\n\n## 배송\n\n### 요금\n\n- 하나\n- 둘\n\n### 기간\n\n이틀");
        let texts: Vec<&str> = whole.blocks().iter().map(|b| &whole.as_str()[b.at.clone()]).collect();
        assert_eq!(texts, ["앞글", "- 하나", "- 둘", "이틀"]);
    }
}

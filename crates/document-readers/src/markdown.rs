//! Markdown with front matter.

use std::fmt::Write as _;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use rag_pipeline::model::{Block, BlockKind, ReadDocument, ReadError};

use crate::job::Job;
use crate::names::base_name;
use crate::tables::Table;
use crate::{encoding, front_matter};

/// Reads Markdown (`CommonMark` with tables and strike-through) with front matter.
///
/// A first heading of level one is the title when the front matter has none, and is never part of a
/// heading path. Raw HTML and images' addresses are left out; link texts are kept.
pub(crate) fn read(job: &Job<'_>) -> Result<ReadDocument, ReadError> {
    let text = encoding::text(job, None)?;
    let mut document = ReadDocument::default();
    let body = front_matter::take(&text, &mut document);
    let mut walk = Walk { document, ..Walk::default() };
    for event in Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH) {
        walk.event(event);
        job.check_time()?;
    }
    walk.flush(BlockKind::Paragraph);
    let mut document = walk.document;
    if document.blocks.is_empty() {
        return Err(job.empty());
    }
    let characters: usize = document.blocks.iter().map(|block| block.text.chars().count()).sum();
    if characters as u64 > job.limits.characters {
        return Err(job.too_large("characters", job.limits.characters));
    }
    if document.title.is_empty() {
        base_name(&job.raw.name).clone_into(&mut document.title);
    }
    Ok(document)
}

/// Where the walk over the events stands.
#[derive(Default)]
struct Walk {
    document: ReadDocument,
    headings: Vec<(HeadingLevel, String)>,
    text: String,
    table: Option<Table>,
    /// For every open list, the number of its next item; `None` for bullets.
    lists: Vec<Option<u64>>,
    seen_title: bool,
}

impl Walk {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) => self.push(&text),
            Event::SoftBreak => self.push(" "),
            Event::HardBreak => self.push("\n"),
            Event::InlineHtml(html) if is_line_break(&html) => self.push("\n"),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        match &mut self.table {
            Some(table) => table.push(text),
            None => self.text.push_str(text),
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { .. } | Tag::CodeBlock(_) => self.flush(BlockKind::Paragraph),
            Tag::Paragraph if self.lists.is_empty() => self.flush(BlockKind::Paragraph),
            Tag::Paragraph if !self.text.trim().is_empty() && !self.text.ends_with(' ') => self.text.push('\n'),
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.flush(BlockKind::Paragraph);
                }
                self.lists.push(*first);
            }
            Tag::Item => self.start_item(),
            Tag::Table(_) => {
                self.flush(if self.lists.is_empty() { BlockKind::Paragraph } else { BlockKind::ListItem });
                self.table = Some(Table::default());
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.start_row();
                }
            }
            _ => {}
        }
    }

    /// An item of a nested list is a line of the outermost item.
    fn start_item(&mut self) {
        let depth = self.lists.len();
        if depth <= 1 {
            self.flush(BlockKind::ListItem);
        } else {
            self.text.push('\n');
        }
        let indent = "  ".repeat(depth.saturating_sub(1));
        match self.lists.last_mut() {
            Some(Some(number)) => {
                let _ = write!(self.text, "{indent}{number}. ");
                *number += 1;
            }
            _ => {
                let _ = write!(self.text, "{indent}- ");
            }
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.heading(level),
            TagEnd::Paragraph if self.lists.is_empty() => self.flush(BlockKind::Paragraph),
            TagEnd::Item if self.lists.len() <= 1 => self.flush(BlockKind::ListItem),
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => self.flush(BlockKind::Code),
            TagEnd::TableCell => {
                if let Some(table) = &mut self.table {
                    table.end_cell();
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.text = table.markdown();
                    self.flush(BlockKind::Table);
                }
            }
            _ => {}
        }
    }

    fn heading(&mut self, level: HeadingLevel) {
        let text = std::mem::take(&mut self.text).split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return;
        }
        if level == HeadingLevel::H1 && !self.seen_title {
            self.seen_title = true;
            if self.document.title.is_empty() {
                self.document.title = text;
            }
            return;
        }
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, text));
    }

    /// Ends the block that is being read, if it has any text.
    fn flush(&mut self, kind: BlockKind) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim_matches(|c| c == '\n' || c == ' ');
        if text.is_empty() || text == "-" {
            return;
        }
        let heading_path = self.headings.iter().map(|(_, heading)| heading.clone()).collect();
        self.document.blocks.push(Block { heading_path, kind, text: text.to_owned(), page: None });
    }
}

fn is_line_break(html: &str) -> bool {
    matches!(html.to_ascii_lowercase().as_str(), "<br>" | "<br/>" | "<br />")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rag_pipeline::model::RawDocument;

    use super::*;
    use crate::Limits;

    fn read(text: &str) -> Result<ReadDocument, ReadError> {
        let raw = RawDocument { name: "a/안내.md".to_owned(), media_type: None, bytes: text.as_bytes().to_vec() };
        super::read(&Job::begin(&raw, Limits::default())?)
    }

    #[test]
    fn front_matter_names_the_document() {
        let text = "\u{feff}---\r\nid: shipping\r\ntitle: \"배송: 안내\"\r\nurl: https://a.example/b\r\ncollection: help\r\n---\r\n# 다른 제목\r\n\r\n글";
        let document = read(text).unwrap();
        assert_eq!(document.id.as_deref(), Some("shipping"));
        assert_eq!(document.title, "배송: 안내");
        assert_eq!(document.url.as_deref(), Some("https://a.example/b"));
        assert_eq!(document.collection.as_deref(), Some("help"));
        assert_eq!(document.blocks.len(), 1);
    }

    #[test]
    fn blocks_know_the_headings_above_them() {
        let document = read("# 제목\n\n앞\n\n## 가\n\n하나\n\n### 나\n\n둘\n\n## 다\n\n셋").unwrap();
        let paths: Vec<_> = document.blocks.iter().map(|b| (b.heading_path.join("/"), b.text.as_str())).collect();
        let expected = [("", "앞"), ("가", "하나"), ("가/나", "둘"), ("다", "셋")].map(|(p, t)| (p.to_owned(), t));
        assert_eq!((document.title.as_str(), paths), ("제목", expected.to_vec()));
    }

    #[test]
    fn lists_keep_numbers_and_nested_text_in_one_item() {
        let document = read("1. 하나\n   - 속\n2. **둘** [끈](https://x.example)\n\n- 점").unwrap();
        let texts: Vec<_> = document.blocks.iter().map(|b| (b.kind, b.text.as_str())).collect();
        assert_eq!(
            texts,
            [
                (BlockKind::ListItem, "1. 하나\n  - 속"),
                (BlockKind::ListItem, "2. 둘 끈"),
                (BlockKind::ListItem, "- 점")
            ]
        );
    }

    #[test]
    fn a_table_is_one_block_of_rows() {
        let document = read("| 지역 | 값 |\n|---|---:|\n| 제주 | **3,000원** |\n| `a\\|b` | |").unwrap();
        assert_eq!(document.blocks[0].kind, BlockKind::Table);
        assert_eq!(document.blocks[0].text, "| 지역 | 값 |\n|---|---|\n| 제주 | 3,000원 |\n| a\\|b |  |");
    }

    #[test]
    fn code_is_kept_and_nothing_is_refused() {
        let document = read("```\nlet a = 1;\nlet b;\n```").unwrap();
        assert_eq!(
            (document.blocks[0].kind, document.blocks[0].text.as_str()),
            (BlockKind::Code, "let a = 1;\nlet b;")
        );
        assert_eq!(document.title, "안내");
        assert!(matches!(read("# 제목만\n"), Err(ReadError::Empty { name }) if name == "a/안내.md"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            if let Ok(document) = read(&text) {
                prop_assert!(document.blocks.iter().all(|b| !b.text.trim().is_empty()));
            }
        }
    }
}

//! From the tree of a page to blocks of text.

use rag_pipeline::model::{BlockKind, ReadError};

use super::clutter::is_clutter;
use super::tree::{Id, Tree};
use crate::job::Job;
use crate::outline::{Outline, squeezed};
use crate::tables::Table;

/// Elements that begin a line of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "hr",
    "html",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Walks the content and fills the outline.
pub(super) struct Walk<'a, 'j> {
    pub(super) tree: &'a Tree,
    pub(super) job: &'a Job<'j>,
    pub(super) outline: Outline<'a>,
    /// Whether classes and ids may tell what is left out.
    pub(super) strict: bool,
    /// Text of the paragraph that is being read.
    pub(super) line: String,
}

impl Walk<'_, '_> {
    /// Reads what is below a node. It calls itself once per level; the page's depth was checked.
    pub(super) fn flow(&mut self, id: Id) -> Result<(), ReadError> {
        if is_clutter(self.tree, id, self.strict) {
            return Ok(());
        }
        if let Some(text) = self.tree.text(id) {
            self.line.push_str(text);
            return Ok(());
        }
        let name = self.tree.name(id);
        match name {
            "br" => self.line.push('\u{2028}'),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.end_paragraph()?;
                let level = name.as_bytes()[1] - b'0';
                let text = self.inline(id);
                self.outline.heading(level, &text)?;
            }
            "ul" | "ol" => {
                self.end_paragraph()?;
                self.list(id, 0)?;
            }
            "pre" => {
                self.end_paragraph()?;
                let text = self.tree.text_below(id);
                self.outline.block(BlockKind::Code, text.trim_end())?;
            }
            "table" if !self.is_layout(id) => {
                self.end_paragraph()?;
                self.table(id)?;
            }
            _ => self.children(id)?,
        }
        Ok(())
    }

    fn children(&mut self, id: Id) -> Result<(), ReadError> {
        let is_block = BLOCKS.contains(&self.tree.name(id));
        if is_block {
            self.end_paragraph()?;
        }
        for child in self.tree.children(id) {
            self.flow(*child)?;
        }
        if is_block { self.end_paragraph() } else { Ok(()) }
    }

    pub(super) fn end_paragraph(&mut self) -> Result<(), ReadError> {
        let text = lines(&std::mem::take(&mut self.line));
        self.outline.block(BlockKind::Paragraph, &text)
    }

    /// The items of a list; lists within an item are its lines.
    fn list(&mut self, list: Id, depth: usize) -> Result<(), ReadError> {
        let mut number: i64 = self.tree.attribute(list, "start").and_then(|n| n.trim().parse().ok()).unwrap_or(1);
        let is_numbered = self.tree.name(list) == "ol";
        for child in self.tree.children(list).to_vec() {
            if is_clutter(self.tree, child, self.strict) {
                continue;
            }
            match self.tree.name(child) {
                "li" => {
                    let marker = if is_numbered { format!("{number}.") } else { "-".to_owned() };
                    number = number.saturating_add(1);
                    self.item(child, depth, &marker)?;
                }
                "ul" | "ol" => self.list(child, depth + 1)?,
                "" => {}
                _ => self.flow(child)?,
            }
        }
        Ok(())
    }

    fn item(&mut self, item: Id, depth: usize, marker: &str) -> Result<(), ReadError> {
        let (mut text, mut inner) = (String::new(), Vec::new());
        self.item_text(item, &mut text, &mut inner);
        self.outline.list_item(depth, marker, &lines(&text))?;
        for block in inner {
            if matches!(self.tree.name(block), "ul" | "ol") {
                self.list(block, depth + 1)?;
            } else {
                self.flow(block)?;
            }
        }
        Ok(())
    }

    /// The text of an item, and the lists, tables and headings in it, which follow it.
    fn item_text(&self, item: Id, text: &mut String, inner: &mut Vec<Id>) {
        self.tree.each(item, |id| {
            let name = self.tree.name(id);
            if is_clutter(self.tree, id, self.strict) {
                return false;
            }
            if matches!(name, "ul" | "ol" | "table" | "pre" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6") {
                inner.push(id);
                return false;
            }
            self.push_inline(id, text);
            true
        });
    }

    /// Whether a table only puts things in places: it says so, or it holds another table or headings.
    fn is_layout(&self, table: Id) -> bool {
        let mut holds_blocks = matches!(self.tree.attribute(table, "role"), Some("presentation" | "none"));
        for child in self.tree.children(table) {
            self.tree.each(*child, |id| {
                holds_blocks |= matches!(self.tree.name(id), "table" | "h1" | "h2" | "h3" | "article" | "form");
                !holds_blocks
            });
        }
        holds_blocks
    }

    fn table(&mut self, table: Id) -> Result<(), ReadError> {
        let (mut rows, mut captions) = (Vec::new(), Vec::new());
        self.tree.each(table, |id| match self.tree.name(id) {
            "tr" => {
                rows.push(id);
                false
            }
            "caption" => {
                captions.push(id);
                false
            }
            _ => !is_clutter(self.tree, id, self.strict),
        });
        for caption in captions {
            let text = self.inline(caption);
            self.outline.block(BlockKind::Paragraph, &text)?;
        }
        let mut grid = Grid::default();
        for row in rows {
            grid.start_row();
            for cell in self.tree.children(row) {
                if matches!(self.tree.name(*cell), "td" | "th") {
                    grid.cell(&self.inline(*cell), self.span(*cell, "colspan"), self.span(*cell, "rowspan"));
                }
            }
            self.job.take_cells(grid.end_row())?;
        }
        self.outline.table(Table::of(grid.rows))
    }

    /// How many columns or rows a cell takes; browsers allow 1,000.
    fn span(&self, cell: Id, attribute: &str) -> usize {
        self.tree.attribute(cell, attribute).and_then(|n| n.trim().parse().ok()).unwrap_or(1).clamp(1, 1_000)
    }

    /// All text below on one line.
    fn inline(&self, id: Id) -> String {
        let mut text = String::new();
        self.tree.each(id, |below| {
            if below != id && is_clutter(self.tree, below, self.strict) {
                return false;
            }
            self.push_inline(below, &mut text);
            true
        });
        squeezed(&text)
    }

    fn push_inline(&self, id: Id, text: &mut String) {
        match self.tree.text(id) {
            Some(more) => text.push_str(more),
            None if self.tree.name(id) == "br" => text.push('\u{2028}'),
            None if BLOCKS.contains(&self.tree.name(id)) => text.push(' '),
            None => {}
        }
    }
}

/// White space as a browser shows it, with a line for each `<br>`.
fn lines(text: &str) -> String {
    text.split('\u{2028}').map(squeezed).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Cells of a table with those that reach into other rows and columns. What reaches down is repeated in each row, so that
/// a row says all of itself; what reaches right stands once.
#[derive(Default)]
struct Grid {
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    /// For each column, the text that comes down into it, and for how many more rows.
    down: Vec<(usize, String)>,
}

impl Grid {
    fn start_row(&mut self) {
        self.row.clear();
        self.take_down();
    }

    fn take_down(&mut self) {
        while let Some((left, text)) = self.down.get_mut(self.row.len())
            && *left > 0
        {
            *left -= 1;
            self.row.push(text.clone());
        }
    }

    fn cell(&mut self, text: &str, columns: usize, rows: usize) {
        for column in 0..columns {
            let text = if column == 0 { text } else { "" };
            let place = self.row.len();
            self.row.push(text.to_owned());
            if self.down.len() <= place {
                self.down.resize(place + 1, (0, String::new()));
            }
            self.down[place] = (rows - 1, text.to_owned());
        }
        self.take_down();
    }

    /// How many cells the row has.
    fn end_row(&mut self) -> u64 {
        self.rows.push(std::mem::take(&mut self.row));
        self.rows.last().map_or(0, |row| row.len() as u64)
    }
}

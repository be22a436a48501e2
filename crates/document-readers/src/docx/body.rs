//! From the body of a document to blocks.

use std::collections::BTreeMap;

use rag_pipeline::model::{BlockKind, ReadError};

use super::lists::Lists;
use super::runs;
use super::styles::{Role, Styles, list_of};
use super::tables;
use crate::job::Job;
use crate::ooxml::Element;
use crate::outline::{Outline, squeezed};

/// The walk through a body.
pub(super) struct Body<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) outline: Outline<'a>,
    pub(super) styles: Styles,
    pub(super) lists: Lists,
    pub(super) notes: BTreeMap<(char, String), String>,
    /// The paragraph in the style of titles.
    pub(super) titled: Option<String>,
}

impl Body<'_> {
    /// Paragraphs and tables, also those in containers. It calls itself once per level; the part's depth was checked.
    pub(super) fn blocks(&mut self, parent: &Element) -> Result<(), ReadError> {
        for child in parent.elements() {
            match child.name.as_str() {
                "p" => self.paragraph(child)?,
                "tbl" => self.outline.table(tables::table(self.job, child)?)?,
                "sdt" if is_contents(child) => {}
                "sdt" | "sdtContent" | "customXml" | "ins" | "moveTo" | "smartTag" | "AlternateContent" | "Choice" => {
                    self.blocks(child)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn paragraph(&mut self, paragraph: &Element) -> Result<(), ReadError> {
        let properties = paragraph.child("pPr");
        let spoken = runs::text(paragraph);
        let text = spoken.text.lines().map(squeezed).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
        match self.styles.role(properties) {
            Role::Contents => return Ok(()),
            Role::Title if self.titled.is_none() && self.outline.is_empty() && !text.is_empty() => {
                self.titled = Some(squeezed(&text));
            }
            Role::Title => self.outline.block(BlockKind::Paragraph, &text)?,
            Role::Heading(level) => self.outline.heading(level, &text)?,
            Role::Text => self.running_text(properties, &text)?,
        }
        for note in spoken.notes {
            if let Some(note) = self.notes.remove(&note) {
                self.outline.block(BlockKind::Paragraph, &format!("※ {note}"))?;
            }
        }
        for frame in spoken.frames {
            self.blocks(frame)?;
        }
        Ok(())
    }

    fn running_text(&mut self, properties: Option<&Element>, text: &str) -> Result<(), ReadError> {
        if text.is_empty() {
            return Ok(());
        }
        let own = properties.and_then(|properties| properties.child("numPr")).and_then(list_of);
        let list = own.or_else(|| self.styles.list(properties));
        let marker = list.and_then(|(numbering, level)| Some((level, self.lists.next_marker(&numbering, level)?)));
        match marker {
            Some((level, marker)) => self.outline.list_item(level, &marker, text),
            None => self.outline.block(BlockKind::Paragraph, text),
        }
    }
}

/// Whether a container is the table of contents.
fn is_contents(container: &Element) -> bool {
    container.at(&["sdtPr", "docPartObj", "docPartGallery"]).and_then(|gallery| gallery.attribute("val"))
        == Some("Table of Contents")
}

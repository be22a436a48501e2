//! What stands on a slide.

use rag_pipeline::model::ReadError;

use crate::job::Job;
use crate::ooxml::Element;
use crate::outline::squeezed;
use crate::tables::Table;

/// A slide's title and the rest of it, in the order it was drawn.
#[derive(Default)]
pub(super) struct Slide {
    pub(super) title: Option<String>,
    pub(super) parts: Vec<Part>,
}

/// A piece of a slide.
pub(super) enum Part {
    Paragraph(String),
    /// Depth, marker, text.
    Item(usize, String, String),
    Table(Table),
}

impl Slide {
    pub(super) fn of(job: &Job<'_>, root: &Element) -> Result<Self, ReadError> {
        let mut slide = Self::default();
        if let Some(tree) = root.at(&["cSld", "spTree"]) {
            slide.shapes(job, tree)?;
        }
        Ok(slide)
    }

    fn shapes(&mut self, job: &Job<'_>, tree: &Element) -> Result<(), ReadError> {
        for shape in tree.elements() {
            match shape.name.as_str() {
                "sp" if !is_hidden(shape) => self.shape(shape),
                "graphicFrame" => {
                    if let Some(table) = shape.at(&["graphic", "graphicData", "tbl"]) {
                        self.parts.push(Part::Table(self::table(job, table)?));
                    }
                }
                "grpSp" | "AlternateContent" | "Choice" => self.shapes(job, shape)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn shape(&mut self, shape: &Element) {
        let kind = placeholder(shape);
        if matches!(kind, Some("sldNum" | "dt" | "ftr" | "hdr")) {
            return;
        }
        let Some(body) = shape.child("txBody") else { return };
        if matches!(kind, Some("title" | "ctrTitle")) && self.title.is_none() {
            let title = paragraphs(body).map(|(_, text)| text).collect::<Vec<_>>().join(" ");
            self.title = Some(title).filter(|title| !title.is_empty());
            return;
        }
        // What is in the placeholder for text is a list unless its bullets are switched off; a free box is text.
        let is_list = matches!(kind, Some("body" | "obj" | "")) && paragraphs(body).count() > 1;
        let mut numbers = Vec::new();
        for (paragraph, text) in paragraphs(body) {
            let properties = paragraph.child("pPr");
            let has = |child: &str| properties.is_some_and(|properties| properties.child(child).is_some());
            let level = properties.and_then(|p| p.attribute("lvl")?.parse().ok()).unwrap_or(0_usize).min(8);
            if has("buAutoNum") {
                numbers.truncate(level + 1);
                numbers.resize(level + 1, 0);
                numbers[level] += 1;
                self.parts.push(Part::Item(level, format!("{}.", numbers[level]), text));
            } else if (is_list || has("buChar") || has("buBlip")) && !has("buNone") {
                self.parts.push(Part::Item(level, "-".to_owned(), text));
            } else {
                self.parts.push(Part::Paragraph(text));
            }
        }
    }
}

/// The kind of placeholder a shape is; an empty one where it does not say.
fn placeholder(shape: &Element) -> Option<&str> {
    let placeholder = shape.at(&["nvSpPr", "nvPr", "ph"])?;
    Some(placeholder.attribute("type").unwrap_or_default())
}

fn is_hidden(shape: &Element) -> bool {
    shape.at(&["nvSpPr", "cNvPr"]).and_then(|properties| properties.attribute("hidden")) == Some("1")
}

/// Paragraphs that hold text.
fn paragraphs(body: &Element) -> impl Iterator<Item = (&Element, String)> {
    let all = body.elements().filter(|element| element.name == "p");
    all.map(|paragraph| (paragraph, text(paragraph))).filter(|(_, text)| !text.is_empty())
}

fn text(paragraph: &Element) -> String {
    let mut lines = vec![String::new()];
    for run in paragraph.elements() {
        match run.name.as_str() {
            "br" => lines.push(String::new()),
            "r" | "fld" => {
                let text = run.child("t").map(Element::text).unwrap_or_default();
                lines.last_mut().map(|line| line.push_str(&text)).unwrap_or_default();
            }
            _ => {}
        }
    }
    lines.iter().map(|line| squeezed(line)).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// A table; text of cells that are merged downwards is repeated in each row.
fn table(job: &Job<'_>, element: &Element) -> Result<Table, ReadError> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in element.elements().filter(|element| element.name == "tr") {
        let mut cells = Vec::new();
        for cell in row.elements().filter(|element| element.name == "tc") {
            let above = rows.last().and_then(|row| row.get(cells.len()));
            cells.push(match (cell.attribute("vMerge"), above) {
                (Some("1" | "true"), Some(above)) => above.clone(),
                _ => cell.child("txBody").map(cell_text).unwrap_or_default(),
            });
        }
        job.take_cells(cells.len() as u64)?;
        rows.push(cells);
    }
    Ok(Table::of(rows))
}

fn cell_text(body: &Element) -> String {
    paragraphs(body).map(|(_, text)| squeezed(&text)).collect::<Vec<_>>().join(" ")
}

/// The paragraphs of a slide's notes.
pub(super) fn notes(root: &Element) -> Vec<String> {
    let tree = root.at(&["cSld", "spTree"]);
    let shapes = tree.into_iter().flat_map(Element::elements).filter(|shape| placeholder(shape) == Some("body"));
    shapes.filter_map(|shape| shape.child("txBody")).flat_map(paragraphs).map(|(_, text)| text).collect()
}

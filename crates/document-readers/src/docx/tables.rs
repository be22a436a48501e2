//! Tables of Word documents.

use rag_pipeline::model::ReadError;

use super::runs;
use crate::job::Job;
use crate::ooxml::Element;
use crate::outline::squeezed;
use crate::tables::Table;

/// The most columns that a cell may take; Word has no more than 63.
const COLUMNS: usize = 63;

/// A table. Text of cells that are merged downwards is repeated in each row, so that a row says all of itself; what is
/// merged to the right stands once. A table within a cell is its text.
pub(super) fn table(job: &Job<'_>, element: &Element) -> Result<Table, ReadError> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in rows_of(element) {
        let before = row.at(&["trPr", "gridBefore"]).and_then(|g| g.attribute("val")?.parse().ok()).unwrap_or(0);
        let mut cells = vec![String::new(); usize::min(before, COLUMNS)];
        for cell in cells_of(row) {
            let properties = cell.child("tcPr");
            let columns = properties.and_then(|p| p.value_of("gridSpan")?.parse().ok()).unwrap_or(1);
            let from_above = properties.and_then(|p| p.value_of("vMerge")).is_some_and(|merge| merge != "restart");
            let above = from_above.then(|| rows.last().and_then(|row| row.get(cells.len())).cloned()).flatten();
            cells.push(above.unwrap_or_else(|| cell_text(cell)));
            let end = cells.len() + usize::clamp(columns, 1, COLUMNS) - 1;
            cells.resize(end, String::new());
        }
        job.take_cells(cells.len() as u64)?;
        rows.push(cells);
    }
    Ok(Table::of(rows))
}

fn rows_of(table: &Element) -> Vec<&Element> {
    below(table, "tr").into_iter().filter(|row| row.at(&["trPr", "del"]).is_none()).collect()
}

fn cells_of(row: &Element) -> Vec<&Element> {
    below(row, "tc")
}

/// Children of that name, also those in containers.
fn below<'a>(parent: &'a Element, name: &str) -> Vec<&'a Element> {
    let mut found = Vec::new();
    for child in parent.elements() {
        if child.name == name {
            found.push(child);
        } else if matches!(child.name.as_str(), "sdt" | "sdtContent" | "customXml" | "ins") {
            found.extend(below(child, name));
        }
    }
    found
}

fn cell_text(cell: &Element) -> String {
    let mut parts = Vec::new();
    collect(cell, &mut parts);
    parts.join(" ")
}

fn collect(parent: &Element, parts: &mut Vec<String>) {
    for child in parent.elements() {
        if child.name == "p" {
            let spoken = runs::text(child);
            parts.push(squeezed(&spoken.text));
            for frame in spoken.frames {
                collect(frame, parts);
            }
        } else {
            collect(child, parts);
        }
    }
    parts.retain(|part| !part.is_empty());
}

//! The cells of a sheet.

use std::collections::BTreeMap;

use rag_pipeline::model::ReadError;

use super::formats::Formats;
use crate::job::Job;
use crate::ooxml::{Element, Step, each_event};
use crate::outline::squeezed;

/// Texts by row and column, from 0; blank cells are not in it.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) rows: BTreeMap<u32, BTreeMap<u32, String>>,
}

/// The corners of merged cells: first row and column, last row.
struct Merge(u32, u32, u32);

/// A cell that is being read.
#[derive(Default)]
struct Open {
    place: (u32, u32),
    kind: String,
    style: usize,
    value: String,
}

impl Sheet {
    /// Reads a sheet; cells that are merged downwards repeat their text in each row, as far as the rows hold anything.
    pub(super) fn read(
        job: &Job<'_>,
        part: &str,
        text: &str,
        texts: &[String],
        formats: &Formats,
    ) -> Result<Self, ReadError> {
        let mut sheet = Self::default();
        let mut merges = Vec::new();
        let mut path: Vec<String> = Vec::new();
        let mut cell = Open::default();
        let mut next = (0, 0);
        each_event(job, part, text, |step| {
            match step {
                Step::Open(element) => {
                    match element.name.as_str() {
                        "row" => next = (row_of(&element).unwrap_or(next.0), 0),
                        "c" => cell = Open::at(&element, next),
                        "mergeCell" => merges.extend(element.attribute("ref").and_then(Merge::of)),
                        _ => {}
                    }
                    path.push(element.name);
                }
                Step::Text(more) if holds_value(&path) => cell.value.push_str(&more),
                Step::Text(_) => {}
                Step::Close => match path.pop().as_deref() {
                    Some("row") => next = (next.0.saturating_add(1), 0),
                    Some("c") => {
                        let done = std::mem::take(&mut cell);
                        next = (done.place.0, done.place.1.saturating_add(1));
                        sheet.put(job, &done, texts, formats)?;
                    }
                    _ => {}
                },
            }
            Ok(())
        })?;
        sheet.fill(job, &merges)?;
        Ok(sheet)
    }

    fn put(&mut self, job: &Job<'_>, cell: &Open, texts: &[String], formats: &Formats) -> Result<(), ReadError> {
        let text = squeezed(&cell.text(texts, formats));
        if text.is_empty() {
            return Ok(());
        }
        job.take_cells(1)?;
        self.rows.entry(cell.place.0).or_default().insert(cell.place.1, text);
        Ok(())
    }

    fn fill(&mut self, job: &Job<'_>, merges: &[Merge]) -> Result<(), ReadError> {
        for Merge(first, column, last) in merges {
            let text = self.rows.get(first).and_then(|row| row.get(column)).cloned();
            let (Some(text), true) = (text, last > first) else { continue };
            for (_, row) in self.rows.range_mut(first + 1..=*last) {
                job.take_cells(1)?;
                row.entry(*column).or_insert_with(|| text.clone());
            }
        }
        Ok(())
    }
}

impl Open {
    fn at(element: &Element, next: (u32, u32)) -> Self {
        Self {
            place: element.attribute("r").and_then(place_of).unwrap_or(next),
            kind: element.attribute("t").unwrap_or_default().to_owned(),
            style: element.attribute("s").and_then(|style| style.parse().ok()).unwrap_or(0),
            value: String::new(),
        }
    }

    fn text(&self, texts: &[String], formats: &Formats) -> String {
        let value = self.value.trim();
        match self.kind.as_str() {
            "s" => value.parse().ok().and_then(|index: usize| texts.get(index)).cloned().unwrap_or_default(),
            "b" => if value == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            // What could not be computed says nothing.
            "e" => String::new(),
            "" | "n" => value.parse().map_or_else(|_| value.to_owned(), |number| formats.shown(number, self.style)),
            _ => self.value.clone(),
        }
    }
}

impl Merge {
    fn of(range: &str) -> Option<Self> {
        let (from, to) = range.split_once(':')?;
        let ((first, column), (last, _)) = (place_of(from)?, place_of(to)?);
        Some(Self(first, column, last))
    }
}

/// Values are in `<c><v>`, and texts in `<c><is><t>`, also within `<r>`; `<f>` is the formula, `<rPh>` a reading.
fn holds_value(path: &[String]) -> bool {
    let is_within = |name: &str| path.iter().any(|open| open == name);
    match path.last().map(String::as_str) {
        Some("v") => true,
        Some("t") => is_within("is") && !is_within("rPh"),
        _ => false,
    }
}

fn row_of(element: &Element) -> Option<u32> {
    element.attribute("r")?.parse::<u32>().ok()?.checked_sub(1)
}

/// Row and column, from 0, of `C12` or `$C$12`.
fn place_of(reference: &str) -> Option<(u32, u32)> {
    let reference = reference.replace('$', "");
    let digits = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = reference.split_at(digits);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let value = u32::from(letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?);
        column = column.checked_mul(26)?.checked_add(value + 1)?;
    }
    Some((row.parse::<u32>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_rows_and_columns() {
        assert_eq!(place_of("A1"), Some((0, 0)));
        assert_eq!(place_of("$AB$12"), Some((11, 27)));
        assert_eq!(place_of("XFD1048576"), Some((1_048_575, 16_383)));
        for wrong in ["", "A", "1", "A0", "가1", "AAAAAAAAAAAA1"] {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
    }
}

//! From cells to tables: what stands between blank rows belongs together.

use std::collections::BTreeMap;

use rag_pipeline::model::{BlockKind, ReadError};

use super::sheet::Sheet;
use crate::job::Job;
use crate::outline::Outline;
use crate::tables::Table;

type Row = BTreeMap<u32, String>;

/// Writes the regions of a sheet: a single column is paragraphs; rows of one cell above wider ones are paragraphs, the
/// title of the table; the rest is a table of the columns that hold anything.
pub(super) fn write(job: &Job<'_>, sheet: Sheet, outline: &mut Outline<'_>) -> Result<(), ReadError> {
    let mut region: Vec<Row> = Vec::new();
    let mut last = None;
    for (number, row) in sheet.rows {
        if last.is_some_and(|last| number > last + 1) {
            write_region(job, &std::mem::take(&mut region), outline)?;
        }
        last = Some(number);
        region.push(row);
    }
    write_region(job, &region, outline)
}

fn write_region(job: &Job<'_>, rows: &[Row], outline: &mut Outline<'_>) -> Result<(), ReadError> {
    let is_table = rows.iter().any(|row| row.len() > 1);
    let titles = if is_table { rows.iter().take_while(|row| row.len() == 1).count() } else { rows.len() };
    for text in rows.iter().take(titles).flat_map(Row::values) {
        outline.block(BlockKind::Paragraph, text)?;
    }
    let rows = &rows[titles..];
    if rows.is_empty() {
        return Ok(());
    }
    let mut columns: Vec<u32> = rows.iter().flat_map(|row| row.keys().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    job.take_cells((rows.len() as u64).saturating_mul(columns.len() as u64))?;
    let filled = |row: &Row| columns.iter().map(|column| row.get(column).cloned().unwrap_or_default()).collect();
    outline.table(Table::of(rows.iter().map(filled)))
}

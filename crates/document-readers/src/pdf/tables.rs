//! Tables, told from the places of words alone: rows of short pieces that stand below each other in columns.
//!
//! What could as well be text in columns, or a list, is left as text: a wrong table is worse than none.

use super::page::{Line, Page, Word, median};

/// White space that parts two cells, in heights of the text; a space between words is about a third.
const GAP: f32 = 0.9;
/// White space between two rows, in heights, that still are one table.
const ROW_GAP: f32 = 2.6;
/// How much of its width text in columns fills, and in how many rows at least it does.
const DENSE: (f32, usize) = (0.8, 6);
/// How many characters lines of text in columns have on average at least.
const PROSE: f32 = 12.0;
/// How many characters cells have on average at most.
const LONG: f32 = 40.0;

/// What is on a page, in reading order.
pub(super) enum Item {
    Line(Line),
    Table(Vec<Vec<String>>),
}

/// A word and the line it came in.
#[derive(Clone)]
struct Placed {
    line: usize,
    word: Word,
}

/// Words side by side without a gap.
#[derive(Clone)]
struct Cell(Vec<Placed>);

type Row = Vec<Cell>;

impl Cell {
    fn left(&self) -> f32 {
        self.0.first().map_or(0.0, |placed| placed.word.left)
    }

    fn right(&self) -> f32 {
        self.0.iter().map(|placed| placed.word.right).fold(0.0, f32::max)
    }

    fn is_in(&self, column: (f32, f32)) -> bool {
        self.left() < column.1 && self.right() > column.0
    }

    fn characters(&self) -> usize {
        self.0.iter().map(|placed| placed.word.characters()).sum()
    }

    fn text(&self) -> String {
        self.0.iter().map(|placed| placed.word.text.as_str()).collect::<Vec<_>>().join(" ")
    }
}

/// What a run of rows is.
enum Found {
    Table(Vec<Vec<String>>),
    /// Columns of running text, which are read one after the other.
    Columns(Vec<Line>),
}

/// Lines and tables of a page.
pub(super) fn items(page: &Page) -> Vec<Item> {
    let rows = rows(page);
    let mut found: Vec<(usize, Found)> = Vec::new();
    let mut taken: Vec<Vec<Word>> = vec![Vec::new(); page.lines.len()];
    for run in runs(&rows) {
        let Some(what) = recognised(run) else { continue };
        let placed = || run.iter().flatten().flat_map(|cell| &cell.0);
        let first = placed().map(|placed| placed.line).min().unwrap_or(0);
        for placed in placed() {
            taken[placed.line].push(placed.word.clone());
        }
        found.push((first, what));
    }
    found.sort_by_key(|(first, _)| *first);
    let mut found = found.into_iter().peekable();
    let mut items = Vec::new();
    for (number, line) in page.lines.iter().enumerate() {
        while let Some((_, what)) = found.next_if(|(first, _)| *first == number) {
            match what {
                Found::Table(cells) => items.push(Item::Table(cells)),
                Found::Columns(lines) => items.extend(lines.into_iter().map(Item::Line)),
            }
        }
        let words: Vec<Word> = line.words.iter().filter(|word| !taken[number].contains(word)).cloned().collect();
        if !words.is_empty() {
            items.push(Item::Line(Line { words }));
        }
    }
    items
}

/// All words of the page by the height they stand at, each row cut at its gaps.
fn rows(page: &Page) -> Vec<Row> {
    let words = page.lines.iter().enumerate().flat_map(|(line, of)| of.words.iter().map(move |word| (line, word)));
    let mut words: Vec<Placed> = words.map(|(line, word)| Placed { line, word: word.clone() }).collect();
    let middle = |placed: &Placed| f32::midpoint(placed.word.top, placed.word.bottom);
    words.sort_by(|a, b| middle(a).total_cmp(&middle(b)));
    let rows = words.chunk_by(|a, b| middle(b) - middle(a) < a.word.height().min(b.word.height()) * 0.4);
    rows.map(|row| {
        let mut row = row.to_vec();
        row.sort_by(|a, b| a.word.left.total_cmp(&b.word.left));
        let stays = |a: &Placed, b: &Placed| b.word.left - a.word.right < a.word.height().max(b.word.height()) * GAP;
        row.chunk_by(stays).map(|cell| Cell(cell.to_vec())).collect()
    })
    .collect()
}

/// Rows of several cells that follow each other closely, and rows of one cell between them.
fn runs(rows: &[Row]) -> Vec<&[Row]> {
    let mut runs = Vec::new();
    for close in rows.chunk_by(|above, below| top(below) - bottom(above) < height(below) * ROW_GAP) {
        let mut rest = close;
        while let Some(start) = rest.iter().position(|row| row.len() > 1) {
            // Two rows of one cell each in succession are text.
            let single = |pair: &[Row]| pair.iter().all(|row| row.len() == 1);
            let end = rest[start..].windows(2).position(single).map_or(rest.len(), |at| start + at);
            let run = &rest[start..end.max(start + 1)];
            let last = run.iter().rposition(|row| row.len() > 1).map_or(0, |last| last + 1);
            runs.push(&run[..last]);
            rest = &rest[end.max(start + 1)..];
        }
    }
    runs
}

fn top(row: &Row) -> f32 {
    row.iter().flat_map(|cell| &cell.0).map(|placed| placed.word.top).fold(f32::INFINITY, f32::min)
}

fn bottom(row: &Row) -> f32 {
    row.iter().flat_map(|cell| &cell.0).map(|placed| placed.word.bottom).fold(f32::NEG_INFINITY, f32::max)
}

fn height(row: &Row) -> f32 {
    bottom(row) - top(row)
}

/// What a run of rows is, if it is anything but lines.
fn recognised(rows: &[Row]) -> Option<Found> {
    let several = rows.iter().filter(|row| row.len() > 1).count();
    let width = rows.iter().map(Vec::len).max()?;
    if several < if width > 2 { 2 } else { 3 } {
        return None;
    }
    let columns = columns(rows, width)?;
    if is_text_in_columns(rows, &columns) {
        let line = |cell: &Cell| Line { words: cell.0.iter().map(|placed| placed.word.clone()).collect() };
        let mut lines = Vec::new();
        for column in &columns {
            lines.extend(rows.iter().filter_map(|row| row.iter().find(|cell| cell.is_in(*column))).map(line));
        }
        return Some(Found::Columns(lines));
    }
    table(rows, &columns).map(Found::Table)
}

/// The cells of rows in columns, if they are a table.
fn table(rows: &[Row], columns: &[(f32, f32)]) -> Option<Vec<Vec<String>>> {
    let characters: usize = rows.iter().flatten().map(Cell::characters).sum();
    if characters as f32 / rows.iter().map(Vec::len).sum::<usize>().max(1) as f32 > LONG {
        return None;
    }
    let mut placed = Vec::new();
    for row in rows {
        let mut cells = vec![String::new(); columns.len()];
        for cell in row {
            let column = columns.iter().position(|column| cell.is_in(*column))?;
            if !cells[column].is_empty() {
                return None;
            }
            cells[column] = cell.text();
        }
        placed.push((top(row), bottom(row), cells));
    }
    let is_list = placed.iter().all(|(_, _, cells)| is_marker(&cells[0]));
    (!is_list).then(|| with_continued_cells(placed))
}

/// Where the columns begin and end, told by the rows that have a cell in each.
fn columns(rows: &[Row], width: usize) -> Option<Vec<(f32, f32)>> {
    let full: Vec<&Row> = rows.iter().filter(|row| row.len() == width).collect();
    let mut columns: Vec<(f32, f32)> = Vec::new();
    for column in 0..width {
        let left = full.iter().map(|row| row[column].left()).fold(f32::INFINITY, f32::min);
        let right = full.iter().map(|row| row[column].right()).fold(f32::NEG_INFINITY, f32::max);
        if columns.last().is_some_and(|(_, before)| left < *before) {
            return None;
        }
        columns.push((left, right));
    }
    // Half of the rows have at least two cells, or it is text with a few gaps.
    (rows.iter().filter(|row| row.len() > 1).count() * 2 >= rows.len()).then_some(columns)
}

/// Text fills its columns, row by row; the cells of a table are of all lengths. Each cell has to be in one column.
fn is_text_in_columns(rows: &[Row], columns: &[(f32, f32)]) -> bool {
    let cells = || rows.iter().flatten();
    let characters: usize = cells().map(Cell::characters).sum();
    let whole: f32 = columns.iter().map(|(left, right)| right - left).sum::<f32>() * rows.len() as f32;
    let filled: f32 = cells().map(|cell| cell.right() - cell.left()).sum();
    rows.len() >= DENSE.1
        && filled > whole * DENSE.0
        && characters as f32 > cells().count() as f32 * PROSE
        && cells().all(|cell| columns.iter().filter(|column| cell.is_in(**column)).count() == 1)
}

/// A bullet or the number of a list item.
fn is_marker(text: &str) -> bool {
    let bare = text.trim_end_matches(['.', ')']);
    let is_number = bare.len() < text.len() && bare.trim_start_matches('(').bytes().all(|b| b.is_ascii_digit());
    is_number || text.chars().count() <= 2 && text.chars().all(|c| !c.is_alphanumeric())
}

/// Rows without a first cell that stand closer to the row above than rows usually do are further lines of its cells.
fn with_continued_cells(rows: Vec<(f32, f32, Vec<String>)>) -> Vec<Vec<String>> {
    let gaps = rows.windows(2).filter(|pair| !pair[1].2[0].is_empty()).map(|pair| pair[1].0 - pair[0].1).collect();
    let usual = median(gaps);
    let mut table: Vec<Vec<String>> = Vec::new();
    let mut above = f32::NEG_INFINITY;
    for (top, bottom, cells) in rows {
        let continues = cells[0].is_empty() && top - above < usual * 0.7;
        match table.last_mut().filter(|_| continues) {
            Some(row) => {
                for (cell, more) in row.iter_mut().zip(cells).filter(|(_, more)| !more.is_empty()) {
                    if !cell.is_empty() {
                        cell.push(' ');
                    }
                    cell.push_str(&more);
                }
            }
            None => table.push(cells),
        }
        above = bottom;
    }
    table
}

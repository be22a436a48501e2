//! From lines to headings, paragraphs and list items.

use rag_pipeline::model::{BlockKind, ReadError};

use super::joining::Joiner;
use super::page::{Line, Page, median};
use super::sizes::Sizes;
use super::tables::{Item, items};
use crate::job::Job;
use crate::outline::Outline;
use crate::tables::Table;

/// How many lines before and after one tell where full lines of its column end.
const NEIGHBOURS: usize = 8;
/// Text that is longer, in bytes, does not go on in another column or on another page.
const LONG: usize = 6_000;
/// What begins an item, besides numbers.
const BULLETS: &[char] =
    &['•', '·', '‣', '▪', '◦', '○', '●', '■', '□', '◆', '◇', '▶', '►', '∙', '-', '–', '*', '❍', '➢', '✓'];

/// Writes the text of all pages.
pub(super) fn write(job: &Job<'_>, pages: &[Page], outline: &mut Outline<'_>) -> Result<(), ReadError> {
    let joiner = Joiner::of(pages);
    let sizes = Sizes::of(pages.iter().flat_map(|page| &page.lines));
    let mut writer = Writer { outline, joiner, pitch: pitch(pages), open: None };
    for (number, page) in (1..).zip(pages) {
        job.check_time()?;
        let items = items(page);
        let rights = rights(&items);
        for (item, right) in items.into_iter().zip(rights) {
            match item {
                Item::Table(rows) => {
                    writer.close()?;
                    writer.outline.turn_to(number);
                    job.take_cells(rows.iter().map(|row| row.len() as u64).sum())?;
                    writer.outline.table(Table::of(rows))?;
                }
                Item::Line(line) => writer.line(number, line, right, &sizes)?,
            }
        }
    }
    writer.close()
}

/// The distance from a line to the next one that most have, in heights of the line.
fn pitch(pages: &[Page]) -> f32 {
    let pairs = pages.iter().flat_map(|page| page.lines.windows(2));
    let distances = pairs.map(|pair| (pair[1].top() - pair[0].top()) / pair[0].size().max(1.0));
    let pitch = median(distances.filter(|distance| (0.8..3.0).contains(distance)).collect());
    if pitch > 0.0 { pitch } else { 1.3 }
}

/// For each item, where full lines of its column end.
fn rights(items: &[Item]) -> Vec<f32> {
    let line = |item: &Item| match item {
        Item::Line(line) => Some((line.left(), line.right())),
        Item::Table(_) => None,
    };
    let edges: Vec<Option<(f32, f32)>> = items.iter().map(line).collect();
    let right = |at: usize| {
        let Some((left, right)) = edges[at] else { return 0.0 };
        let near = &edges[at.saturating_sub(NEIGHBOURS)..usize::min(at + NEIGHBOURS + 1, edges.len())];
        near.iter().flatten().filter(|edge| edge.0 < right && edge.1 > left).map(|edge| edge.1).fold(right, f32::max)
    };
    (0..edges.len()).map(right).collect()
}

struct Writer<'a, 'j> {
    outline: &'a mut Outline<'j>,
    joiner: Joiner,
    pitch: f32,
    open: Option<Open>,
}

/// A block that may go on with the next line.
struct Open {
    text: String,
    page: u32,
    /// The level, if it is a heading.
    level: Option<u8>,
    is_item: bool,
    lines: usize,
    left: f32,
    last: Line,
    last_page: u32,
    right: f32,
}

impl Open {
    fn ends_sentence(&self) -> bool {
        self.text.ends_with(['.', '!', '?', '。', ':', ';', '」', '"', '”'])
    }

    /// Whether the last line reaches the end of its column.
    fn is_full(&self) -> bool {
        self.right - self.last.right() < self.last.size() * 2.0
    }

    /// Whether the next line goes on with the sentence.
    fn is_unfinished(&self) -> bool {
        self.is_full() && !self.ends_sentence()
    }
}

impl Writer<'_, '_> {
    fn line(&mut self, page: u32, line: Line, right: f32, sizes: &Sizes) -> Result<(), ReadError> {
        let level = sizes.level(&line);
        let in_sentence = self.open.as_ref().is_some_and(|open| open.level.is_none() && open.is_unfinished());
        let begins_item = level.is_none() && begins_item(&line.text(), in_sentence);
        if let Some(open) = &mut self.open
            && open.level == level
            && !begins_item
            && goes_on(open, page, &line, self.pitch)
        {
            self.joiner.join(&mut open.text, &open.last, &line, open.right);
            open.lines += 1;
            (open.last, open.last_page, open.right) = (line, page, right);
            return Ok(());
        }
        self.close()?;
        let (text, left) = (line.text(), line.left());
        let (last, last_page) = (line, page);
        self.open = Some(Open { text, page, level, is_item: begins_item, lines: 1, left, last, last_page, right });
        Ok(())
    }

    fn close(&mut self) -> Result<(), ReadError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.outline.turn_to(open.page);
        match open.level {
            Some(level) => self.outline.heading(level, &open.text),
            None if open.is_item => {
                let text = open.text.strip_prefix(BULLETS).map(str::trim);
                let item = text.map_or_else(|| open.text.clone(), |text| format!("- {text}"));
                self.outline.block(BlockKind::ListItem, &item)
            }
            None => self.outline.block(BlockKind::Paragraph, &open.text),
        }
    }
}

/// Whether a line belongs to the block above it.
fn goes_on(open: &Open, page: u32, line: &Line, pitch: f32) -> bool {
    let size = open.last.size().max(1.0);
    if (line.size() - size).abs() > size * 0.12 && open.level.is_none() {
        return false;
    }
    let room = open.right - open.last.right();
    let ends_sentence = open.ends_sentence();
    let down = line.top() - open.last.top();
    if page != open.last_page || down <= 0.0 {
        // The next column, or the next page: only an unfinished sentence goes on there.
        return open.level.is_none() && open.is_unfinished() && open.text.len() < LONG;
    }
    let overlaps = line.left() < open.last.right() && line.right() > open.last.left();
    if !overlaps || down > size * pitch * 1.35 {
        return false;
    }
    if open.level.is_some() {
        return true;
    }
    let width = (open.right - open.left).max(1.0);
    let is_indented = line.left() > open.last.left() + size * 0.8 && !open.is_item;
    let was_last = ends_sentence && room > width * 0.2;
    // A line that begins further in after one that ended early begins a paragraph; the second line of an item does not.
    !(was_last || is_indented && (ends_sentence || room > width * 0.2) && open.lines > 0)
}

/// Whether a line begins with a bullet or a number: `•`, `1.`, `(2)`, `③`, `가.` Within a sentence only bullets count: the
/// `다.` that begins a line ends a verb.
fn begins_item(text: &str, in_sentence: bool) -> bool {
    let Some((marker, rest)) = text.split_once(' ') else { return false };
    if rest.trim().is_empty() {
        return false;
    }
    let mut characters = marker.chars();
    let (first, second, third) = (characters.next(), characters.next(), characters.next());
    match (first, second, third) {
        (Some(first), None, _) => BULLETS.contains(&first) || matches!(first, '①'..='⑳'),
        _ if in_sentence => false,
        (Some('가' | '나' | '다' | '라' | '마' | '바' | '사' | '아' | '자'), Some('.' | ')'), None) => true,
        _ => {
            let bare = marker.trim_start_matches('(').trim_end_matches(['.', ')']);
            bare.len() < marker.len() && (1..=2).contains(&bare.len()) && bare.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_known_by_their_markers() {
        for item in ["• 배송", "1. 배송", "(2) 교환", "③ 환불", "가. 기준", "- 제주"] {
            assert!(begins_item(item, false), "{item}");
        }
        for text in ["가게 안내", "2026. 11. 21", "3,000 원", "-", "1.", "A. B"] {
            assert!(!begins_item(text, false), "{text}");
        }
        assert!(begins_item("다. 배송", false) && !begins_item("다. 배송은", true));
    }
}

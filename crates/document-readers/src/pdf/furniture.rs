//! What repeats on every page: headers, footers, page numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::page::{Line, Page};

/// Which part of the page, from above and from below, is looked at.
const ZONE: f32 = 0.12;
/// On how many pages at least, and on what share of all, a line stands to be furniture. Left and right pages may differ.
const PAGES: usize = 3;
const SHARE: f32 = 0.4;
/// How much the place may vary, in points.
const ROOM: f32 = 6.0;

/// Takes headers, footers and page numbers off the pages. Lines count as alike when they differ in digits only and stand
/// at the same height.
pub(super) fn remove(pages: &mut [Page]) {
    let mut on_pages: BTreeMap<(String, i32), BTreeSet<usize>> = BTreeMap::new();
    for (number, page) in pages.iter().enumerate() {
        for line in page.lines.iter().filter(|line| is_in_zone(line, page)) {
            let (shape, height) = key(line);
            // A line near the border of two heights counts in both.
            for height in [height, height + 1] {
                on_pages.entry((shape.clone(), height)).or_default().insert(number);
            }
        }
    }
    let least = usize::max(PAGES, (pages.len() as f32 * SHARE).ceil() as usize);
    let repeats = |line: &Line| {
        let (shape, height) = key(line);
        [height, height + 1]
            .iter()
            .any(|height| on_pages.get(&(shape.clone(), *height)).is_some_and(|pages| pages.len() >= least))
    };
    for page in pages.iter_mut() {
        let (width, height) = (page.width, page.height);
        let frame = Page { width, height, lines: Vec::new() };
        page.lines.retain(|line| !is_in_zone(line, &frame) || !repeats(line) && !is_page_number(&line.text()));
    }
}

fn is_in_zone(line: &Line, page: &Page) -> bool {
    line.bottom() < page.height * ZONE || line.top() > page.height * (1.0 - ZONE)
}

fn key(line: &Line) -> (String, i32) {
    let mut shape = String::new();
    for character in line.text().chars().filter(|c| !c.is_whitespace()) {
        let character = if character.is_ascii_digit() { '#' } else { character };
        if character != '#' || !shape.ends_with('#') {
            shape.push(character);
        }
    }
    (shape, (line.top() / ROOM) as i32)
}

/// `3`, `- 3 -`, `3 / 12`, `Page 3 of 12`, `3쪽`; needs no other page to tell.
fn is_page_number(text: &str) -> bool {
    let bare: String = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let bare = bare.replace("page", "").replace("of", "/");
    let bare =
        bare.trim_matches(|c: char| matches!(c, '-' | '–' | '—' | '[' | ']' | '(' | ')' | '쪽' | '면' | '<' | '>'));
    let mut parts = bare.split('/');
    let is_number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.clone().count() <= 2 && parts.all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_numbers_are_known_by_their_look() {
        for number in ["3", "- 3 -", "3 / 12", "Page 3 of 12", "12쪽"] {
            assert!(is_page_number(number), "{number}");
        }
        for text in ["3,000원", "제3조", "2026-11", ""] {
            assert!(!is_page_number(text), "{text}");
        }
    }
}

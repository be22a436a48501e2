//! Which sizes of text are headings.

use std::collections::BTreeMap;

use super::page::Line;

/// How much larger than running text a heading is. Fonts of one size differ in height by up to 15 %.
const LARGER: f32 = 1.18;
/// How many levels of headings are told apart.
const LEVELS: usize = 4;
/// What share of a document's characters headings have at most.
const SHARE: f32 = 0.3;
/// The longest heading, in characters.
const LONGEST: usize = 80;

/// The size of running text, and those of headings.
pub(super) struct Sizes {
    body: f32,
    /// The outermost level first.
    headings: Vec<f32>,
}

impl Sizes {
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Line>) -> Self {
        // Half points, with how many characters have them.
        let mut characters: BTreeMap<u32, usize> = BTreeMap::new();
        for line in lines {
            *characters.entry((line.size() * 2.0).round().max(0.0) as u32).or_default() += line.characters();
        }
        let all: usize = characters.values().sum();
        let body = characters.iter().max_by_key(|(_, count)| **count).map_or(0.0, |(size, _)| *size as f32 / 2.0);
        let is_larger = |size: &u32| *size as f32 / 2.0 >= body * LARGER;
        let large: usize = characters.iter().filter(|(size, _)| is_larger(size)).map(|(_, count)| count).sum();
        let mut headings: Vec<f32> = Vec::new();
        if large as f32 <= all as f32 * SHARE {
            for size in characters.keys().rev().filter(|size| is_larger(size)).map(|size| *size as f32 / 2.0) {
                if headings.last().is_none_or(|larger| size < larger * 0.94) {
                    headings.push(size);
                }
            }
        }
        Self { body, headings }
    }

    /// The level of the heading that a line is, 1 the outermost.
    pub(super) fn level(&self, line: &Line) -> Option<u8> {
        let size = line.size();
        let text = line.text();
        let is_sentence = text.ends_with(['.', '。', ',']) && text.chars().count() > 30;
        if size < self.body * LARGER
            || text.chars().count() > LONGEST
            || is_sentence
            || !text.contains(char::is_alphanumeric)
        {
            return None;
        }
        let level = self.headings.iter().position(|heading| size >= heading * 0.94)?;
        Some(level.min(LEVELS - 1) as u8 + 1)
    }
}

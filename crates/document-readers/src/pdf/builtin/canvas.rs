//! Glyphs as words and lines.

use super::super::page::{Line, Word};

/// White space that parts words, in heights of the text; fonts' spaces are 0.25 and more.
const SPACE: f64 = 0.17;
/// White space that parts lines side by side.
const GAP: f64 = 2.0;

/// A glyph with its text, in points from the upper left.
pub(super) struct Glyph<'a> {
    pub(super) text: &'a str,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) baseline: f64,
    pub(super) size: f64,
}

/// What was written on a page, in the order it was written.
#[derive(Default)]
pub(super) struct Canvas {
    lines: Vec<Line>,
    /// Where the last glyph ended, on which baseline, in which size.
    last: Option<(f64, f64, f64)>,
    /// Whether a space was written since.
    spaced: bool,
}

impl Canvas {
    pub(super) fn put(&mut self, glyph: &Glyph<'_>) {
        if glyph.text.trim().is_empty() {
            self.spaced = true;
            return;
        }
        let (begins_line, begins_word) = match self.last {
            Some((right, baseline, size)) => {
                let size = size.max(glyph.size);
                let gap = glyph.left - right;
                let elsewhere = (glyph.baseline - baseline).abs() > size * 0.4 || gap > size * GAP || gap < -size;
                (elsewhere, elsewhere || self.spaced || gap > size * SPACE)
            }
            None => (true, true),
        };
        if begins_line || self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        let Some(line) = self.lines.last_mut() else { return };
        let (top, bottom) = ((glyph.baseline - glyph.size * 0.88) as f32, (glyph.baseline + glyph.size * 0.12) as f32);
        let (left, right) = (glyph.left as f32, glyph.right as f32);
        match line.words.last_mut().filter(|_| !begins_word) {
            Some(word) => {
                word.text.push_str(glyph.text);
                word.right = word.right.max(right);
                word.top = word.top.min(top);
                word.bottom = word.bottom.max(bottom);
            }
            None => line.words.push(Word { left, top, right, bottom, text: glyph.text.to_owned() }),
        }
        self.last = Some((glyph.right, glyph.baseline, glyph.size));
        self.spaced = false;
    }

    pub(super) fn lines(self) -> Vec<Line> {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyphs_become_words_by_the_space_between_them() {
        let mut canvas = Canvas::default();
        let mut put = |text: &str, left: f64, baseline: f64| {
            canvas.put(&Glyph { text, left, right: left + 10.0, baseline, size: 10.0 });
        };
        for (text, left, baseline) in [
            ("배", 0.0, 10.0),
            ("송", 10.0, 10.0),
            ("안", 23.0, 10.0),
            ("내", 33.0, 10.0),
            ("값", 90.0, 10.0),
            ("다", 0.0, 25.0),
        ] {
            put(text, left, baseline);
        }
        let lines: Vec<String> = canvas.lines().iter().map(Line::text).collect();
        assert_eq!(lines, ["배송 안내", "값", "다"]);
    }
}

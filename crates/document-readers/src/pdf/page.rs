//! Pages as words in places, however they were found out.

/// What a PDF tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The title in the properties.
    pub(super) title: String,
    pub(super) pages: Vec<Page>,
    /// Pages, from 1, that show something and have no text.
    pub(super) scans: Vec<u32>,
}

/// A page of a PDF; lengths are points (1/72 inch), from the upper left.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Page {
    pub(super) width: f32,
    pub(super) height: f32,
    /// In reading order.
    pub(super) lines: Vec<Line>,
}

/// Words that stand side by side and belong together.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) words: Vec<Word>,
}

/// Characters without white space between them.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
    pub(super) text: String,
}

impl Word {
    pub(super) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub(super) fn characters(&self) -> usize {
        self.text.chars().count()
    }
}

impl Line {
    pub(super) fn text(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn characters(&self) -> usize {
        self.words.iter().map(Word::characters).sum()
    }

    pub(super) fn left(&self) -> f32 {
        self.words.iter().map(|word| word.left).fold(f32::INFINITY, f32::min)
    }

    pub(super) fn right(&self) -> f32 {
        self.words.iter().map(|word| word.right).fold(f32::NEG_INFINITY, f32::max)
    }

    pub(super) fn top(&self) -> f32 {
        self.words.iter().map(|word| word.top).fold(f32::INFINITY, f32::min)
    }

    pub(super) fn bottom(&self) -> f32 {
        self.words.iter().map(|word| word.bottom).fold(f32::NEG_INFINITY, f32::max)
    }

    /// The height that most of its characters have.
    pub(super) fn size(&self) -> f32 {
        let tallest_first = |a: &&Word, b: &&Word| b.height().total_cmp(&a.height());
        let mut words: Vec<&Word> = self.words.iter().collect();
        words.sort_by(tallest_first);
        let (mut seen, all) = (0, self.characters());
        for word in words {
            seen += word.characters();
            if seen * 2 >= all {
                return word.height();
            }
        }
        0.0
    }
}

/// The middle of some numbers; 0 of none.
pub(super) fn median(mut numbers: Vec<f32>) -> f32 {
    numbers.sort_by(f32::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

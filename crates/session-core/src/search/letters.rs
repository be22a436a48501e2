//! A text as search compares it: letters and digits in one spelling, and what stands between them.

use std::ops::Range;

use korean_text::{is_syllabic, normalize};

/// What stands before a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    Nothing,
    Space,
    Mark,
}

#[derive(Debug, Clone, PartialEq)]
struct Letter {
    spelt: char,
    gap: Gap,
    /// The characters of the text that make it.
    at: Range<usize>,
}

/// The letters of a text with their places in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letters(Vec<Letter>);

impl Letters {
    pub(super) fn of(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let mut letters: Vec<Letter> = Vec::with_capacity(characters.len());
        let (mut gap, mut start) = (Gap::Nothing, 0);
        while let Some(&first) = characters.get(start) {
            let end = cluster_end(&characters, start);
            let one_spelling = |c: char| c.is_ascii() || matches!(c, '가'..='힣');
            let spelling: String = if end == start + 1 && one_spelling(first) {
                first.to_ascii_lowercase().into()
            } else {
                normalize(&characters[start..end].iter().collect::<String>())
            };
            let digits_around = gap == Gap::Nothing
                && letters.last().is_some_and(|before| before.spelt.is_ascii_digit())
                && characters.get(end).is_some_and(char::is_ascii_digit);
            for letter in spelling.chars() {
                if letter.is_alphanumeric() || (letter == '.' && digits_around) {
                    letters.push(Letter { spelt: letter, gap, at: start..end });
                    gap = Gap::Nothing;
                } else if !(letter == ',' && digits_around) {
                    gap = gap.max(if letter.is_whitespace() { Gap::Space } else { Gap::Mark });
                }
            }
            start = end;
        }
        Self(letters)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the other text stands in this one, as characters of this text, one after the other.
    ///
    /// Spaces do not matter next to syllables. Words and numbers of other scripts are found whole only.
    pub(super) fn find<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Range<usize>> + 'a {
        let mut from = 0;
        std::iter::from_fn(move || {
            let last = self.len().checked_sub(other.len()).filter(|_| !other.is_empty())?;
            let found = (from..=last).find(|at| self.has_at(*at, other))?;
            from = found + other.len();
            Some(self.0[found].at.start..self.0[from - 1].at.end)
        })
    }

    fn has_at(&self, at: usize, other: &Self) -> bool {
        let end = at + other.len();
        let same = self.0[at..end].iter().zip(&other.0).all(|(a, b)| a.spelt == b.spelt);
        same && !self.goes_on(at)
            && !self.goes_on(end)
            && (1..other.len()).all(|inside| self.is_bridged(at + inside, other.0[inside].gap))
    }

    /// Whether the letter belongs to a word or number of another script that began before it.
    fn goes_on(&self, at: usize) -> bool {
        let (Some(before), Some(letter)) = (at.checked_sub(1).map(|before| &self.0[before]), self.0.get(at)) else {
            return false;
        };
        let new_word = before.spelt.is_ascii_digit() && letter.spelt.is_alphabetic();
        letter.gap == Gap::Nothing && !is_syllabic(before.spelt) && !is_syllabic(letter.spelt) && !new_word
    }

    /// Whether what stands before the letter may stand in the middle of a match that has `asked` there.
    fn is_bridged(&self, at: usize, asked: Gap) -> bool {
        let by_syllable = is_syllabic(self.0[at - 1].spelt) || is_syllabic(self.0[at].spelt);
        match self.0[at].gap {
            Gap::Nothing => true,
            Gap::Space => by_syllable || asked != Gap::Nothing,
            Gap::Mark => asked == Gap::Mark,
        }
    }
}

/// Where the character that begins at `start` ends, with the marks and jamo that are part of it.
pub(super) fn cluster_end(characters: &[char], start: usize) -> usize {
    let parts = characters[start + 1..].iter().take_while(|c| is_part(**c)).count();
    start + 1 + parts
}

/// Whether a character is a part of the one before it.
pub(super) const fn is_part(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{3099}'..='\u{309A}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{200D}' | '\u{1F3FB}'..='\u{1F3FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, query: &str) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        let (text, query) = (Letters::of(text), Letters::of(query));
        text.find(&query).map(|at| characters[at].iter().collect()).collect()
    }

    #[test]
    fn spaces_do_not_matter_between_syllables_but_marks_do() {
        assert_eq!(found("무료배송은 무료 배송이", "무료 배송"), ["무료배송", "무료 배송"]);
        assert_eq!(found("무료. 배송", "무료배송"), Vec::<String>::new());
        assert_eq!(found("배송API 키, 배송 api", "배송 API"), ["배송API", "배송 api"]);
    }

    #[test]
    fn words_and_numbers_of_other_scripts_are_found_whole() {
        assert_eq!(found("start art smart", "art"), ["art"]);
        assert_eq!(found("3kg 13kg b2b 2", "3"), ["3"]);
        assert_eq!(found("b2b 2", "2"), ["2"]);
        assert_eq!(found("3,000원 13000 3000.5", "3000"), ["3,000"]);
        assert_eq!(found("fast shipping", "fast shipping"), ["fast shipping"]);
    }

    #[test]
    fn other_spellings_are_found_where_they_stand() {
        let decomposed = "\u{1107}\u{1162}\u{1109}\u{1169}\u{11BC}";
        assert_eq!(found(&format!("👍 {decomposed}은"), "배송"), [decomposed]);
        assert_eq!(found("ＡＢＣ ㎏", "abc"), ["ＡＢＣ"]);
    }
}

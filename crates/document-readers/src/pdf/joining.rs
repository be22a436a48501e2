//! Lines of a paragraph as running text.
//!
//! Korean text may be broken anywhere: between words, where the line break stands for a space, or within a word, where it
//! stands for nothing. No program tells which, so for a break between two syllables the first of these decides:
//! 1. What stands before the break is a word of its own elsewhere in the document: a space.
//! 2. The two parts joined are a word elsewhere in the document: no space.
//! 3. The next line begins with what is no word by itself, a particle or an ending: no space.
//! 4. The next syllable would have fitted on the line: the writer breaks between words. A space.
//! 5. Elsewhere a word begins as the two parts do when joined: no space.
//! 6. As the document has it at most other breaks that 1 to 5 decided; a space when that tells nothing.
//!
//! A hyphen between Latin letters goes when the next line goes on in lower case. Between Chinese and Japanese characters
//! there is no space, between all others there is one.

use std::collections::BTreeSet;

use super::page::{Line, Page};

/// Particles and endings that are no words by themselves.
const NEVER_FIRST: &[&str] = &[
    "을",
    "를",
    "은",
    "는",
    "의",
    "에",
    "에서",
    "에게",
    "으로",
    "로",
    "와",
    "과",
    "까지",
    "부터",
    "처럼",
    "에는",
    "에도",
    "으로는",
    "니다",
    "습니다",
    "입니다",
    "답니다",
    "십시오",
    "이며",
    "라도",
    "들은",
    "들을",
    "들이",
    "요",
    "다",
];

/// The words of a document, and how it breaks its lines.
#[derive(Default)]
pub(super) struct Joiner {
    words: BTreeSet<String>,
    /// Those at the beginning or the end of a line, which may be parts of words.
    edges: BTreeSet<String>,
    breaks_words: bool,
}

impl Joiner {
    /// Learns from all lines of a document.
    pub(super) fn of(pages: &[Page]) -> Self {
        let mut joiner = Self::default();
        for line in pages.iter().flat_map(|page| &page.lines) {
            for (at, word) in line.words.iter().enumerate() {
                let is_edge = at == 0 || at + 1 == line.words.len();
                let words = if is_edge { &mut joiner.edges } else { &mut joiner.words };
                words.insert(bare(&word.text).to_owned());
            }
        }
        let (mut within, mut between) = (0, 0);
        for page in pages {
            let right = page.lines.iter().map(Line::right).fold(0.0, f32::max);
            for lines in page.lines.windows(2) {
                match joiner.decide(&lines[0], &lines[1], right) {
                    Some(true) => between += 1,
                    Some(false) => within += 1,
                    None => {}
                }
            }
        }
        joiner.breaks_words = within > between;
        joiner
    }

    /// Appends a line to the text of the line before it; `right` is where full lines end.
    pub(super) fn join(&self, text: &mut String, before: &Line, line: &Line, right: f32) {
        let next = line.text();
        let (Some(last), Some(first)) = (text.chars().last(), next.chars().next()) else {
            text.push_str(&next);
            return;
        };
        let is_hyphenated =
            last == '-' && first.is_lowercase() && text.chars().rev().nth(1).is_some_and(char::is_alphabetic);
        if is_hyphenated {
            text.pop();
        } else if is_hangul(last) && is_hangul(first) {
            if self.decide(before, line, right).unwrap_or(!self.breaks_words) {
                text.push(' ');
            }
        } else if !(is_ideograph(last) && is_ideograph(first)) {
            text.push(' ');
        }
        text.push_str(&next);
    }

    /// Whether a space belongs between two lines that break between syllables; `None` when nothing tells.
    fn decide(&self, before: &Line, line: &Line, right: f32) -> Option<bool> {
        let (last, first) = (before.words.last()?, line.words.first()?);
        if !is_hangul(last.text.chars().last()?) || !is_hangul(first.text.chars().next()?) {
            return None;
        }
        let (head, tail) = (bare(&last.text), bare(&first.text));
        if self.words.contains(head) {
            return Some(true);
        }
        let whole = format!("{head}{tail}");
        if self.words.contains(&whole) || self.edges.contains(&whole) || NEVER_FIRST.contains(&tail) {
            return Some(false);
        }
        let syllable = (first.right - first.left) / first.characters().max(1) as f32;
        // A space is about a third of a syllable wide.
        if right - before.right() > syllable * 1.34 {
            return Some(true);
        }
        let joined: String = head.chars().chain(tail.chars().take(1)).collect();
        let begins_a_word = self.words.range(joined.clone()..).next().is_some_and(|word| word.starts_with(&joined));
        begins_a_word.then_some(false)
    }
}

/// A word without the punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric())
}

fn is_hangul(character: char) -> bool {
    matches!(character, '가'..='힣')
}

/// Chinese and Japanese characters, whose words are not spaced.
fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use super::super::page::Word;
    use super::*;

    /// Lines whose characters are 10 wide, spaces 3.
    fn line(text: &str, top: f32) -> Line {
        let mut left = 0.0;
        let words = text.split(' ').map(|word| {
            let right = left + word.chars().count() as f32 * 10.0;
            let placed = Word { left, top, right, bottom: top + 10.0, text: word.to_owned() };
            left = right + 3.0;
            placed
        });
        Line { words: words.collect() }
    }

    fn joined(lines: &[&str], right: f32) -> String {
        let lines: Vec<Line> = lines.iter().zip(0_u16..).map(|(text, n)| line(text, f32::from(n) * 15.0)).collect();
        let page = Page { width: 600.0, height: 800.0, lines };
        let joiner = Joiner::of(std::slice::from_ref(&page));
        let mut text = page.lines[0].text();
        for pair in page.lines.windows(2) {
            joiner.join(&mut text, &pair[0], &pair[1], right);
        }
        text
    }

    #[test]
    fn a_line_with_room_for_more_was_broken_between_words() {
        assert_eq!(joined(&["무료 배송", "기준은"], 200.0), "무료 배송 기준은");
    }

    #[test]
    fn words_of_the_document_tell_what_belongs_together() {
        assert_eq!(
            joined(&["오늘 배송비 안내.", "도서 산간 배", "송비 추가"], 60.0),
            "오늘 배송비 안내. 도서 산간 배송비 추가"
        );
        assert_eq!(
            joined(&["반품 교환 안내", "상품 반품 교환", "신청은 앱에서"], 70.0),
            "반품 교환 안내 상품 반품 교환 신청은 앱에서"
        );
    }

    #[test]
    fn a_particle_belongs_to_the_word_before() {
        assert_eq!(joined(&["고객 센터", "에서 돕습니다"], 43.0), "고객 센터에서 돕습니다");
    }

    #[test]
    fn hyphens_of_broken_latin_words_go() {
        assert_eq!(joined(&["free ship-", "ping on", "orders"], 100.0), "free shipping on orders");
        assert_eq!(joined(&["K-", "POP"], 100.0), "K- POP");
    }
}

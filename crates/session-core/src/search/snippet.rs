use std::ops::Range;

use super::letters::{Letters, is_part};
use super::{SearchText, Term};

/// The longest snippet, in characters.
const MAX_CHARS: usize = 160;
/// What is left for the text when it is cut at both ends.
const WINDOW: usize = MAX_CHARS - 2;
/// How much is shown before the first match, in characters.
const LEAD: usize = 30;
/// How far the end is moved back so as not to cut a word, in characters.
const SLACK: usize = 20;

/// The part of a message that shows best why it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snippet {
    /// At most 160 characters in one line; an ellipsis where the message goes on.
    pub text: String,
    /// What was searched for: start and end in characters (Unicode scalar values) of `text`, in order,
    /// apart from each other.
    pub highlights: Vec<(usize, usize)>,
}

/// A place in the message, and which word of the query stands there.
#[derive(Debug, Clone)]
struct Spot {
    at: Range<usize>,
    word: usize,
}

impl SearchText {
    /// The part of a message to show.
    pub fn snippet(&self, content: &str) -> Snippet {
        let characters: Vec<char> = content.chars().collect();
        let spots = self.spots(content);
        let window = window(&characters, &spots);
        let (cut_before, cut_after) = (window.start > 0, window.end < characters.len());
        let shown = characters[window.clone()].iter().map(|c| if c.is_control() { ' ' } else { *c });
        let text = cut_before.then_some('…').into_iter().chain(shown).chain(cut_after.then_some('…')).collect();
        let moved = |place: usize| place - window.start + usize::from(cut_before);
        let inside = spots.iter().map(|spot| spot.at.start.max(window.start)..spot.at.end.min(window.end));
        let inside = inside.filter(|at| !at.is_empty()).map(|at| (moved(at.start), moved(at.end)));
        Snippet { text, highlights: merged(inside) }
    }

    /// Where the query stands: whole, in words, or, when no word stands there whole, in their terms.
    fn spots(&self, content: &str) -> Vec<Spot> {
        let letters = Letters::of(content);
        let mut spots: Vec<Spot> = letters.find(&self.phrase).map(|at| Spot { at, word: self.words().len() }).collect();
        for (word, asked) in self.words().iter().enumerate() {
            spots.extend(letters.find(&asked.letters).map(|at| Spot { at, word }));
        }
        if spots.is_empty() {
            for (word, asked) in self.words().iter().enumerate() {
                for term in asked.terms() {
                    let (Term::Whole(term) | Term::Beginning(term)) = term;
                    spots.extend(letters.find(&Letters::of(term)).map(|at| Spot { at, word }));
                }
            }
        }
        spots.sort_by_key(|spot| (spot.at.start, spot.at.end));
        spots
    }
}

/// The characters to show: all, or those around the most words close together.
fn window(characters: &[char], spots: &[Spot]) -> Range<usize> {
    if characters.len() <= MAX_CHARS {
        return 0..characters.len();
    }
    let first = best_start(spots);
    let mut start = first.saturating_sub(LEAD);
    if start > 0 {
        let lead = &characters[start..first];
        start += lead.iter().position(|c| c.is_whitespace()).map_or(0, |space| space + 1);
        while start < first && (characters[start].is_whitespace() || is_part(characters[start])) {
            start += 1;
        }
    }
    let mut end = (start + WINDOW).min(characters.len());
    if end < characters.len() {
        let kept = spots.iter().map(|spot| spot.at.end).filter(|at| *at <= end).max().unwrap_or(start);
        let earliest = kept.max(end.saturating_sub(SLACK)).max(start + 1);
        let space = (earliest..=end).rev().find(|at| characters[*at].is_whitespace());
        end = space.unwrap_or_else(|| (earliest..=end).rev().find(|at| !is_part(characters[*at])).unwrap_or(end));
    }
    start..end
}

/// The spot from which on the most words, then the most spots fit into the window.
fn best_start(spots: &[Spot]) -> usize {
    let mut best = (0, 0, 0);
    for (number, spot) in spots.iter().enumerate() {
        let end = spot.at.start + WINDOW - LEAD;
        let near = || spots[number..].iter().take_while(|near| near.at.start < end).filter(|near| near.at.end <= end);
        let mut words: Vec<usize> = near().map(|near| near.word).collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        if (words.len(), count) > (best.0, best.1) {
            best = (words.len(), count, spot.at.start);
        }
    }
    best.2
}

/// Overlapping and touching ranges as one.
fn merged(ranges: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize)> {
    let mut merged: Vec<(usize, usize)> = Vec::new();
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(query: &str, content: &str) -> (String, Vec<String>) {
        let snippet = SearchText::parse(query).unwrap().snippet(content);
        let characters: Vec<char> = snippet.text.chars().collect();
        let highlights = snippet.highlights.iter().map(|(start, end)| characters[*start..*end].iter().collect());
        (snippet.text.clone(), highlights.collect())
    }

    #[test]
    fn what_was_searched_for_is_highlighted_whatever_its_spacing_and_particle() {
        for (query, content, highlights) in [
            ("무료 배송", "무료배송은 언제", vec!["무료배송"]),
            ("무료배송", "네, 무료 배송입니다", vec!["무료 배송"]),
            ("배송", "무료배송은", vec!["배송"]),
            ("배송이", "배송을 배송이", vec!["배송", "배송이"]),
            ("Shipping 3000원", "SHIPPING은 3,000원", vec!["SHIPPING", "3,000원"]),
            ("솥", "무쇠솥과 솥뚜껑", vec!["솥", "솥"]),
            ("배송비", "배송은 운송비", vec!["배송", "송비"]),
            ("배송", "👍🏽 배송!", vec!["배송"]),
        ] {
            let (text, found) = shown(query, content);
            assert_eq!((text.as_str(), found), (content, highlights.into_iter().map(str::to_owned).collect()));
        }
    }

    #[test]
    fn a_long_message_is_cut_around_the_most_words_at_spaces() {
        let filler = "이것은 아무 관계가 없는 문장입니다. ".repeat(20);
        let (text, found) =
            shown("환불 계좌", &format!("환불은 나중에. {filler}환불 받을 계좌를 적어 주세요. {filler}"));
        assert_eq!(found, ["환불", "계좌"]);
        assert!(text.starts_with('…') && text.ends_with('…') && text.chars().count() <= 160, "{text}");
        assert!(!text.starts_with("… ") && !text.ends_with(" …"), "{text}");
    }

    #[test]
    fn a_snippet_is_one_line() {
        assert_eq!(shown("배송", "배송\n문의\t입니다\u{7}").0, "배송 문의 입니다 ");
    }

    proptest! {
        #[test]
        fn a_snippet_is_short_and_its_ranges_are_in_order_and_inside(
            query in "[가-힣a-z0-9 ]{1,12}", content in "([가-힣a-z0-9 .,👍\u{1160}\u{301}]|\\PC){0,400}",
        ) {
            if let Ok(text) = SearchText::parse(&query) {
                let snippet = text.snippet(&content);
                let length = snippet.text.chars().count();
                prop_assert!(length <= MAX_CHARS);
                let mut last = None;
                for (start, end) in snippet.highlights {
                    prop_assert!(start < end && end <= length && last.is_none_or(|last| last < start));
                    last = Some(end);
                }
            }
        }

        #[test]
        fn whatever_is_repeated_a_long_way_is_highlighted(word in "[가-힣]{2,4}", before in 0_usize..300) {
            let content = format!("{} {word} {}", "x ".repeat(before), " y".repeat(300));
            let text = SearchText::parse(&word).unwrap();
            prop_assert!(!text.snippet(&content).highlights.is_empty());
        }
    }
}

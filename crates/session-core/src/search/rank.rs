use kernel::{MessageId, Page, PageLimit, Timestamp};

use super::SearchText;
use super::letters::Letters;
use crate::ports::SearchCursor;

/// How soon more of the same word counts no more, as in BM25.
const SATURATION: f64 = 1.2;
/// How much a long message counts against its words, as in BM25.
const LENGTH: f64 = 0.75;
/// The usual message, in letters.
const USUAL_LETTERS: f64 = 120.0;
/// What the whole query as it was written is worth: as much as a word.
const PHRASE: f64 = 1.0;
/// What its words next to each other without particles are worth.
const ADJACENT: f64 = 0.5;

/// How well a message fits a query: above 0, and better when higher. The whole part is the number of the
/// query's words it has, one more when they stand as in the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score(u32);

impl Score {
    /// From millionths: what a cursor keeps.
    pub const fn from_millionths(millionths: u32) -> Self {
        Self(millionths)
    }

    /// In millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }

    /// In whole words.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

/// A message that matches, before it is ranked.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The message.
    pub message: MessageId,
    /// When it was said.
    pub created_at: Timestamp,
    /// Its text.
    pub content: String,
    /// How many words of the query it has.
    pub words: usize,
}

/// A message in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranked {
    /// The message.
    pub message: MessageId,
    /// When it was said.
    pub created_at: Timestamp,
    /// How well it fits.
    pub score: Score,
}

impl Ranked {
    /// The best first, of equals the newest.
    fn key(&self) -> std::cmp::Reverse<(Score, Timestamp, MessageId)> {
        std::cmp::Reverse((self.score, self.created_at, self.message))
    }

    const fn cursor(&self) -> SearchCursor {
        SearchCursor { score: self.score, created_at: self.created_at, message: self.message }
    }
}

/// One page of the candidates, the best first, of equals the newest.
pub fn best(
    text: &SearchText,
    candidates: &[Candidate],
    after: Option<SearchCursor>,
    limit: PageLimit,
) -> Page<Ranked, SearchCursor> {
    let mut ranked: Vec<Ranked> = candidates
        .iter()
        .map(|candidate| Ranked {
            message: candidate.message,
            created_at: candidate.created_at,
            score: text.score(&candidate.content, candidate.words),
        })
        .filter(|ranked| after.is_none_or(|after| ranked.key() > after.key()))
        .collect();
    ranked.sort_by_key(Ranked::key);
    Page::from_overfetch(ranked, limit, Ranked::cursor)
}

impl SearchCursor {
    const fn key(&self) -> std::cmp::Reverse<(Score, Timestamp, MessageId)> {
        std::cmp::Reverse((self.score, self.created_at, self.message))
    }
}

impl SearchText {
    /// How well a message fits that has so many of the words.
    pub fn score(&self, content: &str, words: usize) -> Score {
        let content = Letters::of(content);
        let points = words as f64 + self.in_order(&content) + self.keywords(&content);
        Score((points * 1e6) as u32)
    }

    fn in_order(&self, content: &Letters) -> f64 {
        if content.find(&self.phrase).next().is_some() {
            PHRASE
        } else if self.words().len() > 1 && content.find(&self.stems).next().is_some() {
            ADJACENT
        } else {
            0.0
        }
    }

    /// How often the words stand in the message and how long it is: 0 to less than ½. Rarer words are told
    /// by their length, since nothing is known of other messages.
    fn keywords(&self, content: &Letters) -> f64 {
        let norm = SATURATION * (1.0 - LENGTH + LENGTH * content.len() as f64 / USUAL_LETTERS);
        let (mut sum, mut most) = (0.0, 0.0);
        for word in self.words() {
            let weight = 1.0 + (word.letters.len().max(1) as f64).ln();
            let times = content.find(&word.letters).count() as f64;
            sum += weight * times / (times + norm);
            most += weight;
        }
        sum / most / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::message_terms;
    use crate::testing::samples::{at, message_id};

    fn candidates(query: &str, messages: &[&str]) -> (SearchText, Vec<Candidate>) {
        let text = SearchText::parse(query).unwrap();
        let candidate = |(number, content): (usize, &&str)| Candidate {
            message: message_id(number as u64),
            created_at: at(number as u64),
            content: (*content).to_owned(),
            words: text.words().iter().filter(|word| word.is_in(&message_terms(content))).count(),
        };
        let candidates = messages.iter().enumerate().map(candidate).collect();
        (text, candidates)
    }

    fn ranked(query: &str, messages: &[&str]) -> Vec<usize> {
        let (text, candidates) = candidates(query, messages);
        let page = best(&text, &candidates, None, PageLimit::DEFAULT);
        page.items.iter().map(|hit| hit.message.as_uuid().as_u64_pair().1 as usize).collect()
    }

    #[test]
    fn the_query_as_written_comes_first_then_adjacent_words_then_more_words() {
        let messages = [
            "배송 말고 환불이요, 환불 환불",
            "무료로 해 주세요. 배송은 언제요?",
            "무료 배송은 언제인가요",
            "무료배송이 되나요",
        ];
        assert_eq!(ranked("무료 배송이", &messages), [3, 2, 1, 0]);
    }

    #[test]
    fn of_equal_texts_the_newest_comes_first_and_short_ones_before_long_ones() {
        let long = format!("배송 {}", "그리고 다른 이야기도 ".repeat(30));
        assert_eq!(ranked("배송", &["배송", &long, "배송", "배송 배송"]), [3, 2, 0, 1]);
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended_even_when_messages_come() {
        let messages = ["배송", "배송 배송", "배송", "배송 안내"];
        let (text, mut all) = candidates("배송", &messages);
        let two = PageLimit::new(2).unwrap();
        let first = best(&text, &all, None, two);
        all.push(Candidate { message: message_id(9), created_at: at(9), content: "배송".into(), words: 1 });
        let second = best(&text, &all, first.next, two);
        let ids = |page: &Page<Ranked, SearchCursor>| page.items.iter().map(|hit| hit.message).collect::<Vec<_>>();
        assert_eq!(
            (ids(&first), ids(&second)),
            (vec![message_id(1), message_id(2)], vec![message_id(0), message_id(3)])
        );
        assert_eq!(second.next, None);
    }
}

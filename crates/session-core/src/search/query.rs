use std::collections::BTreeSet;

use korean_text::{ContentWord, content_words, index_terms, is_syllabic};

use super::letters::Letters;

/// The most words of a query that count: each costs a look-up.
const MAX_WORDS: usize = 16;

/// Why a text cannot be searched for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSearch {
    /// Nothing to search for: no letter and no digit.
    #[error("a search needs a letter or a digit")]
    Empty,
    /// Too long.
    #[error("a search has at most {max} characters")]
    TooLong {
        /// The most, in characters.
        max: usize,
    },
}

/// What a message's term must be. It never holds white space or syntax of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// This one.
    Whole(String),
    /// Any that begins with this syllable.
    Beginning(String),
}

/// A word of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// A message has the word when it has all of these.
    terms: Vec<Term>,
    pub(super) letters: Letters,
}

impl Word {
    /// `None` when the text has no letter or digit.
    fn of(text: &str) -> Option<Self> {
        let mut terms = Vec::new();
        for term in index_terms(text) {
            let one_syllable = term.chars().all(is_syllabic) && term.chars().count() == 1;
            let term = if one_syllable { Term::Beginning(term) } else { Term::Whole(term) };
            if !terms.contains(&term) {
                terms.push(term);
            }
        }
        (!terms.is_empty()).then(|| Self { terms, letters: Letters::of(text) })
    }

    /// What a message's terms must hold, all of it.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether a message with these terms has the word.
    pub fn is_in(&self, terms: &BTreeSet<String>) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Whole(whole) => terms.contains(whole),
            Term::Beginning(begins) => terms.range(begins.clone()..).next().is_some_and(|t| t.starts_with(begins)),
        })
    }
}

/// A text to search for. Operators and quotes mean nothing: every word may be missing, and messages that
/// have more of them come first.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchText {
    words: Vec<Word>,
    /// As it was written.
    pub(super) phrase: Letters,
    /// Its words without particles and fillers, one after the other.
    pub(super) stems: Letters,
}

impl SearchText {
    /// The longest text, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Reads what somebody typed. Of more than sixteen words the first ones count.
    ///
    /// # Errors
    /// [`InvalidSearch`].
    pub fn parse(text: &str) -> Result<Self, InvalidSearch> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(InvalidSearch::TooLong { max: Self::MAX_CHARS });
        }
        let content: Vec<String> = content_words(text).iter().map(searched).collect();
        let mut words = words_of(content.iter().map(String::as_str));
        if words.is_empty() {
            words = words_of(text.split_whitespace());
        }
        if words.is_empty() {
            return Err(InvalidSearch::Empty);
        }
        Ok(Self { words, phrase: Letters::of(text), stems: Letters::of(&content.join(" ")) })
    }

    /// Its words, at least one.
    pub fn words(&self) -> &[Word] {
        &self.words
    }
}

/// The word without its particle, unless a single syllable would remain: that is in too many texts.
fn searched(word: &ContentWord) -> String {
    if word.stem.chars().count() < 2 { word.surface.clone() } else { word.stem.clone() }
}

fn words_of<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for word in texts.filter_map(Word::of) {
        if !words.iter().any(|known| known.terms == word.terms) {
            words.push(word);
        }
    }
    words.truncate(MAX_WORDS);
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::message_terms;

    fn found(query: &str, message: &str) -> usize {
        let terms = message_terms(message);
        SearchText::parse(query).unwrap().words().iter().filter(|word| word.is_in(&terms)).count()
    }

    #[test]
    fn spacing_and_particles_do_not_matter() {
        for (query, message) in [
            ("무료 배송", "무료배송은 언제부터인가요"),
            ("무료배송", "무료 배송 되나요"),
            ("배송", "무료배송은"),
            ("배송", "배송이 늦어요"),
            ("배송이", "배송을 기다려요"),
            ("3000원", "제주도는 3,000원입니다."),
            ("회 원 가 입", "회원가입을 했어요"),
        ] {
            assert!(found(query, message) > 0, "{query} in {message}");
        }
        assert_eq!(found("무료 배송", "무료배송은"), 2);
    }

    #[test]
    fn a_word_is_found_by_all_its_syllables_or_not_at_all() {
        for (query, message) in
            [("배송", "배가 아파서 송금했어요"), ("배송비", "배송이 늦어요"), ("art", "start"), ("300", "3,000원")]
        {
            assert_eq!(found(query, message), 0, "{query} in {message}");
        }
    }

    #[test]
    fn one_syllable_is_found_wherever_it_stands() {
        for message in ["무쇠솥", "무쇠솥을 샀어요", "솥 하나", "이 솥이요", "솥뚜껑"] {
            assert_eq!(found("솥", message), 1, "{message}");
        }
        assert_eq!(found("솥", "무쇠 냄비"), 0);
    }

    #[test]
    fn operators_and_quotes_are_no_syntax_and_fillers_alone_are_searched_for() {
        assert_eq!(found("\"배송\" AND (환불* OR NOT api:^2)", "배송 api 환불 2"), 4);
        assert_eq!(found("어떻게 하나요?", "그건 어떻게 하죠"), 1);
        assert_eq!(found("how", "How much?"), 1);
    }

    #[test]
    fn what_has_no_letter_is_refused_and_so_is_what_is_too_long() {
        for text in ["", " \n", "?!…", "\"\" - *", "👍🏽", "\0"] {
            assert_eq!(SearchText::parse(text), Err(InvalidSearch::Empty), "{text:?}");
        }
        assert_eq!(SearchText::parse(&"가".repeat(201)), Err(InvalidSearch::TooLong { max: 200 }));
        assert!(SearchText::parse(&"가".repeat(200)).is_ok());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader_and_every_term_is_free_of_syntax(text in any::<String>()) {
            for word in SearchText::parse(&text).iter().flat_map(SearchText::words) {
                for term in word.terms() {
                    let (Term::Whole(term) | Term::Beginning(term)) = term;
                    prop_assert!(term.chars().all(|c| c.is_alphanumeric() || c == '.'));
                }
            }
        }

        #[test]
        fn a_word_is_found_in_the_message_it_was_taken_from(
            word in "[가-힣]{2,6}|[a-z]{1,9}|[0-9]{1,4}", before in "[가-힣 ]{0,6}", after in "[은는이가을를]?",
        ) {
            let message = format!("{before} {word}{after} 끝");
            prop_assert!(found(&word, &message) > 0);
        }
    }
}

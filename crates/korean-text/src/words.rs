use crate::lexicon::{is_circumstance, is_exact_topic, is_function_word, is_known_word};
use crate::normalize::normalize;
use crate::particles::{is_ending, is_inflected, stem, strip_particle};
use crate::segment::{Piece, Reading, segment};
use crate::synonyms::{is_verb, synonyms};
use crate::terms::{index_terms, is_syllabic};
use crate::verbs::verb;

/// The most words a question is taken to be about: a longer text repeats itself or is no question, and
/// every word costs a look-up.
const MOST_WORDS: usize = 64;
/// Longer runs are cut: no word is that long, and each step is quadratic in the length of its word.
const LONGEST_TOKEN: usize = 64;
/// Runs at least this long may be several words written together.
const LONG_RUN: usize = 5;

/// How much it tells when a text lacks a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    /// A noun: what the question is about.
    Noun,
    /// A number, with or without a unit: a circumstance more often than a topic.
    Number,
    /// What looks like an inflected verb or adjective: texts say those in many ways.
    Verb,
    /// A noun that tells who asks, when, where or how it feels: texts that answer need not have it.
    Circumstance,
    /// Cut from words written together where nothing known bounds it: it may be no word at all.
    Fragment,
}

/// A word of a question that says what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentWord {
    /// As written, normalised.
    pub surface: String,
    /// Without particle or ending; a beginning of `surface`.
    pub stem: String,
    /// Other words for it, verbs by their beginnings.
    pub synonyms: Vec<&'static str>,
    /// What its absence from a text tells.
    pub kind: WordKind,
    /// Whether a particle marks it as what is spoken of (은, 는, 도).
    pub marked: bool,
}

impl ContentWord {
    fn new(surface: &str, stem: &str) -> Self {
        let mut others = synonyms(stem);
        if surface != stem {
            others.extend(synonyms(surface).into_iter().filter(|s| *s != stem));
            others.sort_unstable();
            others.dedup();
        }
        let marked = matches!(surface.strip_prefix(stem), Some("은" | "는" | "도" | "은요" | "는요" | "도요"));
        let kind = if surface.starts_with(|c: char| c.is_ascii_digit()) {
            WordKind::Number
        } else if is_circumstance(stem) || is_circumstance(surface) {
            WordKind::Circumstance
        } else if is_inflected(surface, stem) || is_verb(surface) {
            WordKind::Verb
        } else {
            WordKind::Noun
        };
        Self { surface: surface.to_owned(), stem: stem.to_owned(), synonyms: others, kind, marked }
    }

    /// A part of a word that was written together with others.
    pub fn part(piece: &str) -> Self {
        let mut word = Self::new(piece, stem(piece));
        if word.kind == WordKind::Noun && word.synonyms.is_empty() && !is_known_word(&word.stem) {
            word.kind = WordKind::Fragment;
        }
        word
    }

    /// The index terms that find the word: pairs of the stem, or of the word as written when the
    /// stem is a single syllable.
    pub fn terms(&self) -> Vec<String> {
        let single = self.stem.chars().count() < 2;
        index_terms(if single { &self.surface } else { &self.stem })
    }
}

/// The words a question is about, in order, each once: particles, endings, polite fillers and
/// question words are gone, words written together are cut where known words meet, and syllables
/// written apart (`회 원 가 입`) are joined. Empty when the question is all filler.
pub fn content_words(text: &str) -> Vec<ContentWord> {
    let tokens = tokens(&normalize(text));
    let mut words: Vec<ContentWord> = Vec::new();
    let mut push = |found: Vec<ContentWord>| {
        for word in found {
            if !words.iter().any(|known| known.stem == word.stem) {
                words.push(word);
            }
        }
        words.len() < MOST_WORDS
    };
    if let Some(pieces) = misspaced(&tokens) {
        push(content_of_pieces(&pieces));
    } else {
        let _all = tokens.iter().all(|token| push(content_of(token)));
    }
    words
}

/// The pieces of a question whose spaces are in the wrong places (`무쇠 솥길들이 는수업`): one that
/// reads far better when words may run over spaces.
fn misspaced(tokens: &[String]) -> Option<Vec<Piece>> {
    const LONGEST: usize = 40;
    const BETTER: f32 = 5.0;
    if tokens.len() < 3 || tokens.len() > LONGEST {
        return None;
    }
    let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let (together, cost) = segment(&words, true);
    (cost + BETTER < segment(&words, false).1).then_some(together)
}

/// The terms to search an index of [`index_terms`] by: those of the question's content words, each
/// once; for a question that is all filler, all of its terms.
pub fn query_terms(text: &str) -> Vec<String> {
    let words = content_words(text);
    let mut terms = Vec::new();
    let candidates =
        if words.is_empty() { index_terms(text) } else { words.iter().flat_map(ContentWord::terms).collect() };
    for term in candidates {
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    terms
}

/// Whether the text is Korean: it has Hangul, or no letters at all.
pub fn is_korean(text: &str) -> bool {
    let hangul = |c: char| matches!(c, '\u{AC00}'..='\u{D7A3}' | '\u{3131}'..='\u{318E}');
    text.chars().any(hangul) || !text.chars().any(char::is_alphabetic)
}

/// Words between spaces and punctuation. Three or more lone syllables in a row are one word in
/// pieces (`회 원 가 입`); two may be words (`그 솥`).
fn tokens(text: &str) -> Vec<String> {
    let split = |c: char| !(c.is_alphanumeric() || c == '/' || c == '%') || matches!(c, '\u{3131}'..='\u{318E}');
    let words: Vec<&str> = text.split(split).map(|w| w.trim_matches('/')).filter(|w| !w.is_empty()).collect();
    let runs = words.chunk_by(|a, b| is_lone(a) && is_lone(b));
    let joined = runs.flat_map(|run| match run {
        [first, ..] if run.len() > 2 && is_lone(first) => vec![run.concat()],
        _ => run.iter().map(|w| (*w).to_owned()).collect(),
    });
    joined.flat_map(|word| pieces(&word)).collect()
}

/// The word itself, or a longer run in pieces of a bearable length.
fn pieces(word: &str) -> Vec<String> {
    let characters: Vec<char> = word.chars().collect();
    characters.chunks(LONGEST_TOKEN).map(|piece| piece.iter().collect()).collect()
}

fn is_lone(word: &str) -> bool {
    let mut chars = word.chars();
    matches!((chars.next(), chars.next()), (Some(c), None) if is_syllabic(c))
}

fn content_of(token: &str) -> Vec<ContentWord> {
    let plain = stem(token);
    if is_function_word(token) || is_function_word(plain) {
        return Vec::new();
    }
    let syllables = |word: &str| word.chars().filter(|c| is_syllabic(*c)).count();
    let together = syllables(plain) >= LONG_RUN || (syllables(plain) + 1 >= LONG_RUN && syllables(token) > LONG_RUN);
    if together && !is_known_word(plain) {
        let (pieces, _) = segment(&[token], false);
        let words = content_of_pieces(&pieces);
        if !words.is_empty() && pieces.iter().any(is_sure) {
            return words;
        }
    }
    vec![as_verb(token, plain).unwrap_or_else(|| ContentWord::new(token, plain))]
}

/// The token as a form of an everyday verb, unless it is a noun, with or without a particle.
fn as_verb(token: &str, plain: &str) -> Option<ContentWord> {
    let noun = strip_particle(token);
    let is_noun = |word: &str| {
        is_known_word(word) || is_circumstance(word) || is_exact_topic(word) || crate::lexicon::is_everyday_word(word)
    };
    if is_noun(token) || is_noun(plain) || is_noun(noun) {
        return None;
    }
    let verb = verb(token)?;
    let form = &token[..verb.form];
    let mut word = ContentWord::new(token, form);
    word.kind = WordKind::Verb;
    word.marked = false;
    word.synonyms.extend(verb.plain.iter().flat_map(|plain| synonyms(plain)));
    word.synonyms.extend(verb.plain.iter().filter(|plain| **plain != form));
    word.synonyms.sort_unstable();
    word.synonyms.dedup();
    Some(word)
}

/// Whether the piece is a known word long enough not to be found by accident.
fn is_sure(piece: &Piece) -> bool {
    matches!(piece.reading, Reading::Noun | Reading::Verb) && piece.base.chars().count() > 1
}

/// The content words of pieces.
fn content_of_pieces(pieces: &[Piece]) -> Vec<ContentWord> {
    let leftover = |piece: &&Piece| piece.reading != Reading::Unknown || piece.base.chars().count() > 1;
    let content = pieces.iter().filter(|p| p.reading != Reading::Filler).filter(leftover);
    let content =
        content.filter(|p| !is_function_word(&p.base) && (p.reading != Reading::Unknown || !is_ending(&p.base)));
    content.map(content_of_piece).collect()
}

fn content_of_piece(piece: &Piece) -> ContentWord {
    match piece.reading {
        Reading::Verb => as_verb(&piece.surface, &piece.base).unwrap_or_else(|| ContentWord::part(&piece.base)),
        Reading::Unknown => ContentWord::part(&piece.base),
        _ => {
            let mut word = ContentWord::new(&piece.surface, &piece.base);
            if word.kind == WordKind::Verb {
                word.kind = WordKind::Noun;
            }
            word
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stems(text: &str) -> Vec<String> {
        content_words(text).into_iter().map(|w| w.stem).collect()
    }

    #[test]
    fn only_content_remains_of_a_polite_question() {
        assert_eq!(stems("제주도는 배송비가 얼마예요?"), ["제주도", "배송비"]);
        assert_eq!(stems("혹시 주문 취소하려면 어떻게 해야 하나요?"), ["주문", "취소"]);
        assert_eq!(query_terms("환불은 언제 되나요"), ["환불"]);
    }

    #[test]
    fn words_written_together_are_cut_and_syllables_written_apart_joined() {
        assert_eq!(stems("송장번호언제문자로와요"), ["송장번호", "문자"]);
        assert_eq!(stems("체크카드환불며칠걸려요"), ["체크카드", "환불"]);
        assert_eq!(stems("달 그 늘 텐트"), ["달그늘", "텐트"]);
    }

    #[test]
    fn a_question_of_filler_alone_still_has_terms() {
        assert!(content_words("어떻게 하나요?").is_empty());
        assert!(!query_terms("어떻게 하나요?").is_empty());
    }

    #[test]
    fn english_questions_keep_their_nouns() {
        assert_eq!(stems("How much is the shipping fee?"), ["shipping", "fee"]);
        assert!(is_korean("배송 fee") && !is_korean("fee") && is_korean("12?"));
    }

    proptest! {
        #[test]
        fn query_terms_are_index_terms_of_some_text_and_never_panic(text in any::<String>()) {
            for term in query_terms(&text) {
                prop_assert!(!term.is_empty() && !term.contains(char::is_whitespace));
            }
        }
    }
}

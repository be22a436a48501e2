//! From a question's words to weighed concepts, by what the index knows.

use std::collections::HashMap;

use kernel::RepositoryError;
use korean_text::{ContentWord, WordKind, bigrams, content_words, index_terms, repair_candidates};

use crate::model::{Concept, Role, Scope, TermWeight};
use crate::ports::KeywordIndex;

/// What a number weighs against a word of the same rarity: `150개` is rarely the topic.
const NUMBER: f32 = 0.3;
/// What a verb weighs: texts say what is done in many ways.
const VERB: f32 = 0.35;
/// What a noun weighs that tells a circumstance: who asks, when, where.
const CIRCUMSTANCE: f32 = 0.4;
/// The most such a noun weighs that no text has.
const UNHEARD: f32 = 0.08;
/// The same for a verb whose other words are known.
const KNOWN_VERB: f32 = 0.6;
/// The most a word weighs that was cut from a run without spaces and that no text has.
const UNCERTAIN: f32 = 0.7;
/// What a noun of one syllable weighs: it is found in other words as well.
const SYLLABLE: f32 = 0.5;
/// What a noun weighs that 은, 는 or 도 marks as what the question is about.
const MARKED: f32 = 1.25;
/// What a word of an earlier turn weighs against one of the question.
const INHERITED: f32 = 0.45;
/// At most this many spellings are asked for at once.
const MAX_CANDIDATES: usize = 400;

/// The question's concepts, and its terms with their weights.
pub(super) struct Analysis {
    pub(super) concepts: Vec<Concept>,
    pub(super) terms: Vec<TermWeight>,
    /// What a word weighs that no chunk has.
    unseen: f32,
}

/// How many chunks have each term.
struct Frequencies {
    total: u64,
    of: HashMap<String, u64>,
}

impl Frequencies {
    async fn look_up(index: &dyn KeywordIndex, scope: &Scope, terms: Vec<String>) -> Result<Self, RepositoryError> {
        let mut terms = terms;
        terms.sort_unstable();
        terms.dedup();
        let found = index.statistics(scope, &terms).await?;
        Ok(Self { total: found.total, of: terms.into_iter().zip(found.frequencies).collect() })
    }

    fn get(&self, term: &str) -> u64 {
        self.of.get(term).copied().unwrap_or(0)
    }

    /// The rarest pair of a word bounds how many chunks have the word.
    fn of_word(&self, word: &str) -> u64 {
        index_terms(word).iter().map(|t| self.get(t)).min().unwrap_or(0)
    }

    /// How many chunks may have a spelling of `typed`; 0 when it is no better than what was typed.
    /// A compound may have one pair the index never saw: where its parts meet.
    fn of_spelling(&self, spelling: &str, typed: &str) -> u64 {
        let all = self.of_word(spelling);
        if all > 0 {
            return all;
        }
        if korean_text::is_known_word(spelling) {
            return 1;
        }
        let pairs = bigrams(spelling);
        if pairs.len() < 3 {
            return 0;
        }
        let unseen = |pairs: &[String]| pairs.iter().filter(|p| self.get(p) == 0).count();
        let inside = self.get(&pairs[0]) > 0 && self.get(&pairs[pairs.len() - 1]) > 0;
        if inside && unseen(&pairs) == 1 && unseen(&bigrams(typed)) > 1 {
            return pairs.iter().map(|p| self.get(p)).filter(|n| *n > 0).min().unwrap_or(0);
        }
        0
    }

    /// BM25's inverse document frequency, never negative.
    fn idf(&self, frequency: u64) -> f32 {
        let (total, frequency) = (self.total.max(frequency) as f32, frequency as f32);
        (1.0 + (total - frequency + 0.5) / (frequency + 0.5)).ln()
    }
}

/// Weighs the content words of `question`, and of `context` less, and corrects spellings the index
/// does not know.
pub(super) async fn analyse(
    index: &dyn KeywordIndex,
    scope: &Scope,
    question: &str,
    context: &str,
) -> Result<Analysis, RepositoryError> {
    let own = content_words(question);
    let inherited: Vec<ContentWord> =
        content_words(context).into_iter().filter(|w| !own.iter().any(|o| o.stem == w.stem)).collect();
    let mut known = Frequencies::look_up(index, scope, own.iter().flat_map(ContentWord::terms).collect()).await?;
    let own: Vec<ContentWord> = own.into_iter().flat_map(|w| split(w, &known)).collect();
    let all: Vec<(&ContentWord, bool)> =
        own.iter().map(|w| (w, false)).chain(inherited.iter().map(|w| (w, true))).collect();
    let mut asked: Vec<String> = all.iter().flat_map(|(w, _)| word_terms(w)).collect();
    asked.extend(all.iter().flat_map(|(w, _)| w.synonyms.iter().flat_map(|s| index_terms(s))));
    known.of.extend(Frequencies::look_up(index, scope, asked).await?.of);
    let candidates = spellings_to_try(&all, &known);
    if !candidates.is_empty() {
        let terms = candidates.values().flatten().flat_map(|c| bigrams(c)).collect();
        known.of.extend(Frequencies::look_up(index, scope, terms).await?.of);
    }
    let concepts: Vec<Concept> = all
        .iter()
        .map(|(word, inherited)| concept(word, *inherited, candidates.get(word.stem.as_str()), &known))
        .collect();
    let mut terms: Vec<TermWeight> = Vec::new();
    for (word, concept) in all.iter().map(|(w, _)| w).zip(&concepts).filter(|(_, c)| !c.inherited) {
        let spelt = concept.spellings.iter().flat_map(|s| bigrams(s));
        for term in word_terms(word).into_iter().chain(spelt) {
            if !terms.iter().any(|t| t.term == term) {
                let weight = known.idf(known.get(&term));
                terms.push(TermWeight { term, weight });
            }
        }
    }
    Ok(Analysis { concepts, terms, unseen: known.idf(0) })
}

/// Cuts a long word where no chunk has the pair of syllables: it may be several words written
/// together. Parts of one syllable are particles or the rest of a typing error, so the word then stays whole.
fn split(word: ContentWord, known: &Frequencies) -> Vec<ContentWord> {
    const LONG: usize = 5;
    let syllables: Vec<char> = word.stem.chars().collect();
    if syllables.len() < LONG || word.kind == WordKind::Number || !word.synonyms.is_empty() {
        return vec![word];
    }
    let mut parts: Vec<String> = vec![String::new()];
    for (at, c) in syllables.iter().enumerate() {
        let seen = at == 0 || known.get(&syllables[at - 1..=at].iter().collect::<String>()) > 0;
        if !seen {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(*c);
        }
    }
    if parts.len() < 2 || parts.iter().any(|part| part.chars().count() < 2) {
        return vec![word];
    }
    parts.iter().map(|part| ContentWord::part(part)).collect()
}

fn word_terms(word: &ContentWord) -> Vec<String> {
    word.terms()
}

/// For every word with a pair the index has never seen, the spellings it may have been meant as.
fn spellings_to_try<'a>(words: &[(&'a ContentWord, bool)], known: &Frequencies) -> HashMap<&'a str, Vec<String>> {
    let mut tries = HashMap::new();
    let mut left = MAX_CANDIDATES;
    for (word, _) in words {
        let unseen = bigrams(&word.stem).iter().any(|pair| known.get(pair) == 0);
        if !unseen || word.kind == WordKind::Number || !word.synonyms.is_empty() {
            continue;
        }
        let candidates = repair_candidates(&word.stem);
        if candidates.len() <= left {
            left -= candidates.len();
            tries.insert(word.stem.as_str(), candidates);
        }
    }
    tries
}

fn concept(word: &ContentWord, inherited: bool, tries: Option<&Vec<String>>, known: &Frequencies) -> Concept {
    let seen = if word.stem.chars().count() < 2 { 0 } else { known.of_word(&word.stem) };
    let mut spellings: Vec<(u64, &String)> =
        tries.into_iter().flatten().map(|c| (known.of_spelling(c, &word.stem), c)).filter(|(n, _)| *n > 0).collect();
    spellings.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    spellings.truncate(4);
    let respelt = spellings.first().map_or(0, |(n, _)| *n);
    let corrected: Vec<String> = spellings.into_iter().map(|(_, c)| c.clone()).collect();
    let mut synonyms: Vec<&'static str> = word.synonyms.clone();
    for spelling in &corrected {
        synonyms.extend(korean_text::synonyms(spelling));
    }
    let role = match word.kind {
        WordKind::Noun => Role::Topic,
        WordKind::Circumstance => Role::Circumstance,
        WordKind::Number | WordKind::Verb | WordKind::Fragment => Role::Other,
    };
    let other = synonyms.iter().map(|s| known.of_word(s)).max().unwrap_or(0);
    let lone = word.stem.chars().count() < 2 && word.terms().iter().any(|t| known.get(t) > 0);
    let frequency = seen.max(respelt).max(other);
    let mut weight = known.idf(frequency);
    if word.kind == WordKind::Number {
        weight *= NUMBER;
    } else if word.kind == WordKind::Verb {
        weight *= if other > 0 { KNOWN_VERB } else { VERB };
    } else if word.kind == WordKind::Circumstance {
        weight *= CIRCUMSTANCE;
    } else if word.stem.chars().count() < 2 && other == 0 {
        weight *= SYLLABLE;
    }
    if role == Role::Topic && word.marked {
        weight *= MARKED;
    }
    if inherited {
        weight *= INHERITED;
    }
    Concept {
        word: word.stem.clone(),
        spellings: corrected,
        synonyms: synonyms.into_iter().map(str::to_owned).collect(),
        weight,
        known: frequency > 0 || lone,
        role,
        inherited,
    }
}

impl Analysis {
    /// Checks what looks known against the candidates' texts: pairs that only meet across words make
    /// words look known that no text has. `begins` tells whether some word begins with a spelling (or
    /// the first half of a compound), `within` whether some word contains it.
    pub(super) fn verify(&mut self, begins: impl Fn(&str) -> bool, within: impl Fn(&str) -> bool) {
        for concept in &mut self.concepts {
            concept.spellings.retain(|s| {
                begins(s) || korean_text::is_known_word(s) || (s.chars().count() > 3 && begins(&first_half(s)))
            });
            let said = concept.synonyms.iter().any(|s| within(s));
            let there = !concept.spellings.is_empty()
                || said
                || within(&concept.word)
                || partly(&concept.word, &within)
                || head(&concept.word).is_some_and(&within);
            concept.known |= there;
            if !there {
                concept.known = false;
            }
            if !there && concept.role != Role::Topic {
                concept.weight = concept
                    .weight
                    .min(if concept.role == Role::Circumstance { UNHEARD } else { UNCERTAIN } * self.unseen);
            }
            if concept.role == Role::Topic && !there && !concept.inherited {
                concept.weight = concept.weight.max(self.unseen);
            }
        }
    }
}

fn first_half(word: &str) -> String {
    word.chars().take(word.chars().count() / 2).collect()
}

/// The head of a compound: Korean puts it last, so that a `고무패킹` is a `패킹`.
fn head(word: &str) -> Option<&str> {
    let at = word.char_indices().rev().nth(1)?.0;
    (word[..at].chars().count() > 1).then(|| &word[at..])
}

/// Whether both halves of a compound occur, if not side by side.
fn partly(word: &str, within: &impl Fn(&str) -> bool) -> bool {
    let first = first_half(word);
    word.chars().count() > 3 && within(&first) && within(&word[first.len()..])
}

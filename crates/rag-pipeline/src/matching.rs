//! How much of a question's concepts a text has, whatever its spacing and spelling.

use korean_text::{bigrams, normalize, strip_particle};

use crate::model::{Concept, Role};

/// What a match through a synonym is worth, against 1 for the word itself.
const SYNONYM: f32 = 0.85;
/// What a match through a corrected spelling is worth.
const SPELLING: f32 = 0.95;
/// What the shared part of a longer word is worth, by its share.
const PARTIAL: f32 = 0.7;

/// A text made ready to be searched for concepts.
#[derive(Debug, Clone, Default)]
pub struct Matchable {
    squashed: String,
    words: Vec<String>,
}

impl Matchable {
    /// Prepares a text: cost linear in its length.
    pub fn new(text: &str) -> Self {
        let normal = normalize(text);
        let words = normal.split(|c: char| !(c.is_alphanumeric() || c == '%' || c == '/')).filter(|w| !w.is_empty());
        let words = words.map(str::to_owned).collect();
        Self { words, squashed: normal.chars().filter(|c| !c.is_whitespace()).collect() }
    }

    /// How well the text has the concept, 0 to 1.
    pub fn strength(&self, concept: &Concept) -> f32 {
        if concept.role == Role::Topic && !concept.known {
            // Pieces of a word nobody wrote match by accident.
            return if self.has(&concept.word) { 1.0 } else { 0.0 };
        }
        let mut best = self.form(&concept.word);
        for spelling in &concept.spellings {
            best = best.max(SPELLING * self.form(spelling));
        }
        if best < SYNONYM && concept.synonyms.iter().any(|s| self.has_synonym(s)) {
            best = SYNONYM;
        }
        best
    }

    /// The share of the concepts' weight the text has, 0 to 1; 0 without concepts.
    pub fn coverage(&self, concepts: &[Concept]) -> f32 {
        let total: f32 = concepts.iter().map(|c| c.weight).sum();
        if total <= 0.0 {
            return 0.0;
        }
        concepts.iter().map(|c| c.weight * self.strength(c)).sum::<f32>() / total
    }

    fn form(&self, word: &str) -> f32 {
        if self.has(word) {
            return 1.0;
        }
        let length = word.chars().count();
        if length < 3 { 0.0 } else { PARTIAL * self.shared(word) }
    }

    /// Whether the word occurs: anywhere across spaces, or, for a single character and Latin words,
    /// at the edge of a word.
    pub fn has(&self, word: &str) -> bool {
        let mut chars = word.chars();
        let single = chars.next().is_some() && chars.next().is_none();
        if single || word.is_ascii() {
            let hangul = !word.is_ascii();
            return self
                .words
                .iter()
                .any(|w| w == word || (hangul && (w.starts_with(word) || strip_particle(w).ends_with(word))));
        }
        self.squashed.contains(word)
    }

    /// As [`Self::has`], but a short synonym must stand within one word: `돌려 주세요` of a washing
    /// machine is not the `돌려주` of a refund.
    fn has_synonym(&self, word: &str) -> bool {
        self.has(word) && (word.chars().count() < 2 || word.is_ascii() || self.has_within_word(word))
    }

    /// Whether a word of the text begins with `word`.
    pub fn begins_word(&self, word: &str) -> bool {
        self.words.iter().any(|w| w.starts_with(word))
    }

    /// Whether a word of the text contains `word`: not across spaces, as [`Self::has`] would.
    pub fn has_within_word(&self, word: &str) -> bool {
        self.words.iter().any(|w| w.contains(word)) || (word.chars().count() > 3 && self.squashed.contains(word))
    }

    /// The share of the word's pairs of syllables that occur together, at least two in a row or a
    /// whole end of the word.
    fn shared(&self, word: &str) -> f32 {
        let pairs = bigrams(word);
        let found = pairs.iter().filter(|p| self.squashed.contains(p.as_str())).count();
        found as f32 / pairs.len() as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concept(word: &str, synonyms: &[&str]) -> Concept {
        Concept {
            word: word.to_owned(),
            synonyms: synonyms.iter().map(|s| (*s).to_owned()).collect(),
            weight: 1.0,
            ..Concept::default()
        }
    }

    #[test]
    fn spacing_does_not_matter_and_synonyms_count_less() {
        let text = Matchable::new("무료 배송은 솥 하나부터");
        assert!((text.strength(&concept("무료배송", &[])) - 1.0).abs() < 1e-6);
        assert!((text.strength(&concept("공짜", &["무료"])) - SYNONYM).abs() < 1e-6);
        assert!(text.strength(&concept("환불", &["반품"])).abs() < 1e-6);
    }

    #[test]
    fn a_single_syllable_matches_at_the_edge_of_a_word_only() {
        assert!(Matchable::new("무쇠솥을 닦는다").has("솥") && !Matchable::new("무쇠솥뚜껑").has("솥"));
        assert!(!Matchable::new("아트지를").has("트"));
    }

    #[test]
    fn part_of_a_compound_counts_by_its_share() {
        let strength = Matchable::new("이불을 빨아요").strength(&concept("차렵이불", &[]));
        assert!(strength > 0.2 && strength < 0.4, "{strength}");
        assert!(Matchable::new("가").coverage(&[]).abs() < 1e-6);
    }
}

//! How often a chunk has each of its terms, and what a chunk is worth for a question.

use std::collections::{BTreeMap, HashMap};

use storage_sea::term_counts::Totals;

/// BM25's saturation and length normalisation, and what a term in the headings weighs beside one in the text: those of the
/// index on SQLite.
const K1: f64 = 1.2;
const B: f64 = 0.75;
const HEADING_WEIGHT: f64 = 2.0;
/// The bytes of a term's counts: four of its hash, one for the headings, one for the text.
const ENTRY: usize = 6;

/// A chunk's terms as they are stored.
pub(crate) struct ChunkTerms {
    /// Each once.
    pub(crate) terms: Vec<String>,
    /// How many there are, with repetitions.
    pub(crate) length: i32,
    /// For each: a hash, and how often it stands in the headings and in the text. In the order of the hashes.
    pub(crate) counts: Vec<u8>,
}

impl ChunkTerms {
    pub(crate) fn of(heading_terms: &[String], text_terms: &[String]) -> Self {
        let usable = |term: &&String| !term.contains('\0') && term.len() < 2_000;
        let mut counted: BTreeMap<&str, (u8, u8)> = BTreeMap::new();
        for term in heading_terms.iter().filter(usable) {
            let count = &mut counted.entry(term).or_default().0;
            *count = count.saturating_add(1);
        }
        for term in text_terms.iter().filter(usable) {
            let count = &mut counted.entry(term).or_default().1;
            *count = count.saturating_add(1);
        }
        let mut entries: Vec<(u32, u8, u8)> =
            counted.iter().map(|(term, (headings, text))| (hash(term), *headings, *text)).collect();
        entries.sort_unstable();
        let mut counts = Vec::with_capacity(entries.len() * ENTRY);
        for (hash, headings, text) in entries {
            counts.extend(hash.to_be_bytes());
            counts.extend([headings, text]);
        }
        let length = heading_terms.len() + text_terms.len();
        Self {
            terms: counted.into_keys().map(str::to_owned).collect(),
            length: i32::try_from(length).unwrap_or(i32::MAX),
            counts,
        }
    }
}

/// FNV-1a, 32 bits: of a chunk's few hundred terms hardly any two share one, and then a count is a little off.
fn hash(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// What the terms of a question are worth.
pub(crate) struct Bm25 {
    /// Hash and inverse document frequency of each.
    terms: Vec<(u32, f64)>,
    average: f64,
}

impl Bm25 {
    pub(crate) fn new(terms: &[String], counts: &HashMap<String, u64>, totals: Totals) -> Self {
        let idf = |term: &String| {
            let having = counts.get(term).copied().unwrap_or(0) as f64;
            // Very common terms keep a tiny positive weight.
            ((totals.chunks as f64 - having + 0.5) / (having + 0.5)).ln().max(1e-6)
        };
        Self { terms: terms.iter().map(|term| (hash(term), idf(term))).collect(), average: totals.length.max(1.0) }
    }

    /// What a chunk with these counts and this length is worth.
    pub(crate) fn score(&self, counts: &[u8], length: i32) -> f32 {
        let (entries, _) = counts.as_chunks::<ENTRY>();
        let norm = K1 * (1.0 - B + B * f64::from(length) / self.average);
        let worth = self.terms.iter().map(|(hash, idf)| {
            let found = entries.binary_search_by(|entry| entry[..4].cmp(&hash.to_be_bytes()));
            let Ok(at) = found else { return 0.0 };
            let frequency = HEADING_WEIGHT * f64::from(entries[at][4]) + f64::from(entries[at][5]);
            idf * frequency * (K1 + 1.0) / (frequency + norm)
        });
        worth.sum::<f64>() as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_again_and_rare_terms_weigh_more() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let stored = ChunkTerms::of(&words(&["배송"]), &words(&["환불", "환불", "배송"]));
        assert_eq!((stored.terms.join(" "), stored.length, stored.counts.len()), ("배송 환불".to_owned(), 4, 12));
        let known = HashMap::from([("배송".to_owned(), 40), ("환불".to_owned(), 2)]);
        let totals = Totals { chunks: 100, length: 4.0 };
        let worth = |term: &str| Bm25::new(&words(&[term]), &known, totals).score(&stored.counts, stored.length);
        assert!(worth("환불") > worth("배송") && worth("배송") > 0.0);
        assert!(worth("없음").abs() < f32::EPSILON);
    }
}

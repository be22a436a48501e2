//! Korean text for search: normalisation, index terms, particles, sentences, token estimates.
//!
//! Everything here is pure and deterministic. One alphabet of terms serves documents,
//! conversations and queries, on every database: see [`index_terms`] and [`query_terms`].

mod jamo;
mod lexicon;
mod normalize;
mod particles;
mod repair;
mod segment;
mod sentences;
mod synonyms;
mod terms;
mod tokens;
mod verbs;
mod words;

pub use jamo::{compose, decompose, jamo_similarity, jamo_string};
pub use lexicon::{is_everyday_word, is_exact_topic, is_known_word};
pub use normalize::{normalize, squash};
pub use particles::{ends_in_consonant, stem, strip_particle};
pub use repair::repair_candidates;
pub use sentences::sentences;
pub use synonyms::synonyms;
pub use terms::{bigrams, index_terms, is_syllabic};
pub use tokens::estimate_tokens;
pub use words::{ContentWord, WordKind, content_words, is_korean, query_terms};

//! Search over conversations, as far as it needs no storage: the terms a message is found by, the words
//! of a query, the order of what was found, and the passage that is shown.
//!
//! A message is a **match** when it has all terms of at least one word of the query. Korean words are
//! compared by pairs of syllables ([`korean_text::index_terms`]), without particles and whatever the
//! spacing. The **score** depends on the query and the message alone, never on what else is stored: more
//! words of the query first, then the query as it was written, then how often and in how short a text
//! its words stand. So a cursor stays where it was while messages come and go.

mod letters;
mod query;
mod rank;
mod snippet;
mod terms;

pub use query::{InvalidSearch, SearchText, Term, Word};
pub use rank::{Candidate, Ranked, Score, best};
pub use snippet::Snippet;
pub use terms::{message_terms, store_term, user_term};

/// The most matches that are ranked: those with the most words of the query, then those stored last. What
/// lies beyond is not found; it bounds the work of a search for an everyday word.
pub const REACH: usize = 1_000;

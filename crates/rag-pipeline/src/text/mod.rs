//! A document's text: cleaned, put in one line of characters, and cut into chunks that know their place in it.

mod chunking;
mod clean;
mod units;
mod whole;

pub use chunking::{Chunker, EstimatedTokens, Piece, TokenCounter};
pub use clean::clean;
pub use whole::DocumentText;

//! Models: the built-in extractive answerer and hashed embedder that need no key.

mod extractive;
mod hashed;

pub use extractive::ExtractiveModel;
pub use hashed::HashedEmbedder;

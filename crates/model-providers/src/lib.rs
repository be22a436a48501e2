//! Models: the built-in extractive answerer, hashed embedder and token counter that need no key, and models behind an
//! OpenAI-compatible address that read scans.

mod client;
mod extractive;
mod hashed;
mod tokens;
mod vision;

pub use client::Secret;
pub use extractive::ExtractiveModel;
pub use hashed::HashedEmbedder;
pub use tokens::O200kTokens;
pub use vision::{VisionOcr, VisionOptions};

//! What the pipeline needs from outside. Each port's documentation is its contract; the suites in
//! `testing::contract` check it for every adapter.

mod documents;
mod indexes;
mod models;
mod reader;

pub use documents::DocumentRepository;
pub use indexes::{KeywordIndex, VectorIndex};
pub use models::{AnswerStream, ChatModel, Embedder};
pub use reader::TextReader;

#[cfg(any(test, feature = "testing"))]
pub use models::{MockChatModel, MockEmbedder};

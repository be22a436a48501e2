//! What the pipeline needs from outside. Each port's documentation is its contract; the suites in
//! `testing::contract` check it for every adapter.

mod documents;
mod indexes;
mod models;
mod reader;
mod source;
mod tasks;
mod vectors;

pub use documents::{CollectionRepository, DocumentRepository, VectorRemovals};
pub use indexes::KeywordIndex;
pub use models::{AnswerStream, ChatModel, Embedder};
pub use reader::{Ocr, OcrError, PageRenderer, TextReader};
pub use source::{FileSource, SourceCatalogue};
pub use tasks::{TaskParts, TaskQueue};
pub use vectors::VectorStore;

#[cfg(any(test, feature = "testing"))]
pub use models::{MockChatModel, MockEmbedder};
#[cfg(any(test, feature = "testing"))]
pub use reader::{MockOcr, MockPageRenderer, MockTextReader};
#[cfg(any(test, feature = "testing"))]
pub use source::{MockFileSource, MockSourceCatalogue};

use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::model::{AnswerDelta, ChatRequest, EmbeddingSpec, ModelError};

/// A streamed answer: any number of texts, then one `Finished`, or an error at any point.
pub type AnswerStream = BoxStream<'static, Result<AnswerDelta, ModelError>>;

/// A model that answers questions from passages.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// The model's name, as recorded with answers and priced by.
    fn name(&self) -> String;

    /// Begins an answer. Dropping the stream stops the work behind it.
    ///
    /// # Errors
    /// When no answer can begin. Errors after the first text come through the stream.
    async fn answer(&self, request: ChatRequest) -> Result<AnswerStream, ModelError>;
}

/// Turns texts into vectors of unit length.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Embedder: Send + Sync {
    /// The embedder's name and version; documents embedded by another must be embedded anew.
    fn name(&self) -> String;

    /// The length of its vectors.
    fn dimension(&self) -> usize;

    /// Whether its vectors are worth keeping while a task is unfinished: made for money, or over a network.
    fn is_costly(&self) -> bool {
        false
    }

    /// One vector for each text, in order.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError>;
}

impl dyn Embedder {
    /// What its vectors are kept under in a vector store.
    pub fn spec(&self) -> EmbeddingSpec {
        EmbeddingSpec { embedder: self.name(), dimension: self.dimension() as u32 }
    }
}

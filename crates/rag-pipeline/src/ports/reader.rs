use async_trait::async_trait;

use crate::model::{RawDocument, ReadDocument, ReadError};

/// Makes headed text of a file's bytes.
#[async_trait]
pub trait TextReader: Send + Sync {
    /// Whether this reader takes the file, judged by media type and name.
    fn reads(&self, raw: &RawDocument) -> bool;

    /// Reads it.
    async fn read(&self, raw: &RawDocument) -> Result<ReadDocument, ReadError>;
}

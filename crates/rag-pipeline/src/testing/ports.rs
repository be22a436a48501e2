use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Clock, IdSource};

use super::{MemoryDocuments, MemoryVectors};
use crate::ingest::IngestPorts;
use crate::model::{PageImage, RawDocument, ReadError};
use crate::ports::{Embedder, PageRenderer, TextReader};
use crate::text::EstimatedTokens;

/// Shows no page of anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPages;

#[async_trait]
impl PageRenderer for NoPages {
    async fn render(&self, raw: &RawDocument, _: u32) -> Result<PageImage, ReadError> {
        Err(ReadError::NotHere { name: raw.name.clone(), reason: "pages are not shown here".into() })
    }
}

/// What takes documents in, with everything that is kept in memory, estimated tokens and no OCR.
pub fn ports_in_memory(
    documents: &Arc<MemoryDocuments>,
    vectors: &Arc<MemoryVectors>,
    reader: Arc<dyn TextReader>,
    embedder: Arc<dyn Embedder>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
) -> IngestPorts {
    IngestPorts {
        documents: documents.clone(),
        collections: documents.clone(),
        removals: documents.clone(),
        reader,
        renderer: Arc::new(NoPages),
        ocr: None,
        embedder,
        vectors: vectors.clone(),
        counter: Arc::new(EstimatedTokens),
        clock,
        ids,
    }
}

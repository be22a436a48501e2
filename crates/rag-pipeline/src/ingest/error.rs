use kernel::{RepositoryError, error_chain};

use crate::model::{CollectionInfo, ModelError, ReadError, SourceError, TaskFailure, VectorError};

/// Why a document was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// It could not be fetched.
    #[error("the document cannot be fetched")]
    Fetch(#[from] SourceError),
    /// It could not be read; the source names the file.
    #[error("the document cannot be read")]
    Read(#[from] ReadError),
    /// The text of a scan could not be recognised for now.
    #[error("\"{name}\", page {page}: OCR is unavailable: {reason}")]
    Ocr {
        /// The file.
        name: String,
        /// The page, from 1.
        page: u32,
        /// What happened.
        reason: String,
    },
    /// It, or its sender, names an id or collection that cannot be used.
    #[error("\"{name}\": {reason}")]
    Invalid {
        /// The file.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The collection is embedded in another way than documents are now.
    #[error(
        "the collection \"{}\" is embedded by {} ({} numbers) in {}, and the configuration says {} ({} numbers) in {}; \
         run `iyagi reindex` to embed it anew, or set what it was made with",
        kept.name.as_str(), kept.embedding.embedder, kept.embedding.dimension, kept.vector_store,
        given.embedding.embedder, given.embedding.dimension, given.vector_store
    )]
    OtherEmbedding {
        /// How it is embedded.
        kept: Box<CollectionInfo>,
        /// How it would be now.
        given: Box<CollectionInfo>,
    },
    /// The embedder failed.
    #[error("\"{name}\" could not be embedded")]
    Embed {
        /// The file.
        name: String,
        /// The embedder's error.
        #[source]
        source: ModelError,
    },
    /// The vector store failed.
    #[error("the vectors of \"{name}\" could not be stored")]
    Vectors {
        /// The file.
        name: String,
        /// The vector store's error.
        #[source]
        source: VectorError,
    },
    /// The storage failed.
    #[error("\"{name}\" could not be stored")]
    Store {
        /// The file.
        name: String,
        /// The storage's error.
        #[source]
        source: RepositoryError,
    },
}

impl IngestError {
    /// Whether trying again later may help.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Fetch(source) => matches!(source, SourceError::Transient { .. }),
            Self::Read(_) | Self::Invalid { .. } | Self::OtherEmbedding { .. } => false,
            Self::Ocr { .. } => true,
            Self::Embed { source, .. } => matches!(source, ModelError::Transient { .. }),
            Self::Vectors { source, .. } => matches!(source, VectorError::Transient { .. }),
            Self::Store { source, .. } => matches!(source, RepositoryError::Unavailable(_)),
        }
    }

    /// A stable name: `encrypted`, `source_not_found`, `embedding` …
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fetch(source) => source.code(),
            Self::Read(source) => source.code(),
            Self::Ocr { .. } => "ocr_failed",
            Self::Invalid { .. } => "invalid",
            Self::OtherEmbedding { .. } => "other_embedding",
            Self::Embed { .. } => "embedding",
            Self::Vectors { .. } => "vector_store",
            Self::Store { .. } => "storage",
        }
    }

    /// What is kept with the task and the document, and shown to whoever asks: the storage's own words are left to the log.
    pub fn failure(&self) -> TaskFailure {
        let message = match self {
            Self::Fetch(source) => source.to_string(),
            Self::Read(source) => source.to_string(),
            Self::Embed { .. } | Self::Vectors { .. } => error_chain(self),
            Self::Store { .. } | Self::Ocr { .. } | Self::Invalid { .. } | Self::OtherEmbedding { .. } => {
                self.to_string()
            }
        };
        TaskFailure::new(self.code(), &message)
    }
}

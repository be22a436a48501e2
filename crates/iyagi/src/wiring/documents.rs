//! Documents: where they are kept, what takes them in, what finds them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use document_readers::{IsolatedReader, PdfRenderer, PoolOptions, Readers, TesseractOcr};
use document_sources::Sources;
use kernel::RepositoryError;
use model_providers::{HashedEmbedder, O200kTokens, VisionOcr, VisionOptions};
use rag_pipeline::ingest::{DocumentService, IngestPorts, IngestWorker, Ingestor};
use rag_pipeline::ports::{
    CollectionRepository, DocumentRepository, Embedder, KeywordIndex, Ocr, SourceCatalogue, TaskParts, TaskQueue,
    TextReader, VectorRemovals, VectorStore,
};
use rag_pipeline::reindex::Reindexer;
use rag_pipeline::retrieval::Retriever;
use sha2::{Digest, Sha256};
use storage_sea::{SeaDocuments, SeaTasks, SeaVectors, VectorSettings};
use uuid::Uuid;
use vector_stores::{
    ChromaKey, ChromaOptions, ChromaStore, PineconeIndex, PineconeOptions, PineconeStore, Prefix, QdrantOptions,
    QdrantStore,
};

use super::{MainDatabase, clock, ids, instance};
use crate::config::{Config, DatabaseTarget, OcrConfig, OcrEngine, VectorStoreKind, VectorsConfig};

/// The queue of documents that any server on the database may take in.
const SHARED_QUEUE: &str = "documents";

/// Documents with their tasks, and what searches them.
#[derive(Clone)]
pub(crate) struct DocumentStorage {
    documents: Arc<SeaDocuments>,
    keywords: Arc<dyn KeywordIndex>,
    tasks: Arc<SeaTasks>,
    vectors: Arc<dyn VectorStore>,
    embedder: Arc<dyn Embedder>,
    tokens: Arc<O200kTokens>,
}

/// Which documents a process takes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ingestion {
    /// Those that servers were asked for.
    Shared,
    /// Files of this machine that its user named: any of them may be read.
    OfThisMachine,
}

impl Ingestion {
    /// The queue its tasks wait in. Files of a machine are no use to another.
    fn queue(&self) -> String {
        match self {
            Self::Shared => SHARED_QUEUE.to_owned(),
            Self::OfThisMachine => {
                let instance = instance();
                format!("files:{}", instance.rsplit_once(':').map_or(instance.as_str(), |(host, _)| host))
            }
        }
    }
}

/// How workers of this process are called.
pub(crate) fn worker_name() -> String {
    format!("{}/", instance())
}

impl DocumentStorage {
    pub(super) fn open(config: &Config, main: &MainDatabase, folder: PathBuf) -> anyhow::Result<Self> {
        let settings = VectorSettings {
            memory_limit: config.vectors.memory_mb << 20,
            folder: Some(folder),
            origin: origin(config),
            ..VectorSettings::default()
        };
        let (documents, tasks, builtin): (_, _, SeaVectors) = match main {
            MainDatabase::Sqlite(sqlite) => (sqlite.documents(), sqlite.tasks(), sqlite.vectors(settings)),
            MainDatabase::Postgres(postgres) => (postgres.documents(), postgres.tasks(), postgres.vectors(settings)),
        };
        let keywords: Arc<dyn KeywordIndex> = match main {
            MainDatabase::Sqlite(sqlite) => Arc::new(sqlite.keywords()),
            MainDatabase::Postgres(postgres) => Arc::new(postgres.keywords()),
        };
        Ok(Self {
            documents: Arc::new(documents),
            keywords,
            tasks: Arc::new(tasks),
            vectors: vector_store(&config.vectors, builtin)?,
            embedder: Arc::new(HashedEmbedder),
            tokens: Arc::default(),
        })
    }

    /// Finds passages.
    pub(crate) fn retriever(&self) -> Retriever {
        let documents: Arc<dyn DocumentRepository> = self.documents.clone();
        Retriever::new(documents, self.keywords.clone(), self.vectors.clone(), self.embedder.clone())
    }

    /// Takes what is asked of documents.
    pub(crate) fn service(&self, config: &Config, which: &Ingestion) -> DocumentService {
        let documents: Arc<dyn DocumentRepository> = self.documents.clone();
        let tasks: Arc<dyn TaskQueue> = self.tasks.clone();
        let max_bytes = usize::try_from(config.documents.max_bytes).unwrap_or(usize::MAX);
        DocumentService::new(documents, tasks, clock(), ids(), which.queue(), max_bytes, config.documents.max_waiting)
    }

    /// Takes documents in whose bytes are trusted: they are read by this process itself.
    pub(crate) fn trusting_ingestor(&self, config: &Config) -> Ingestor {
        let reader = Arc::new(Readers::new(config.documents.limits()));
        Ingestor::new(self.ports(reader, None)).with_chunker(config.documents.chunker())
    }

    /// Takes documents in that come from anywhere.
    pub(crate) async fn ingestor(&self, config: &Config) -> anyhow::Result<Ingestor> {
        let program = std::env::current_exe().context("the path of this program is not known")?;
        let options = PoolOptions {
            processes: config.documents.workers.max(1),
            limits: config.documents.limits(),
            ..PoolOptions::new(program, [crate::cli::READ_DOCUMENTS])
        };
        let ports = self.ports(Arc::new(IsolatedReader::new(options)), ocr(&config.ocr).await?);
        Ok(Ingestor::new(ports).with_chunker(config.documents.chunker()))
    }

    /// Does the tasks of a queue.
    pub(crate) async fn worker(&self, config: &Config, which: &Ingestion) -> anyhow::Result<IngestWorker> {
        let roots = match which {
            Ingestion::Shared => config.documents.file_roots.clone(),
            Ingestion::OfThisMachine => vec![PathBuf::from("/")],
        };
        let sources = Arc::new(sources(config, roots)?);
        let tasks: Arc<dyn TaskQueue> = self.tasks.clone();
        let parts: Arc<dyn TaskParts> = self.tasks.clone();
        let settings = config.documents.worker(&which.queue());
        Ok(IngestWorker::new(tasks, parts, sources, self.ingestor(config).await?, settings))
    }

    /// Embeds collections anew.
    pub(crate) fn reindexer(&self) -> Reindexer {
        let documents: Arc<dyn DocumentRepository> = self.documents.clone();
        let collections: Arc<dyn CollectionRepository> = self.documents.clone();
        Reindexer::new(documents, collections, self.embedder.clone(), self.vectors.clone(), clock())
    }

    /// Gives back the tasks that workers of this name have.
    pub(crate) async fn release(&self, workers: &str) -> Result<u64, RepositoryError> {
        self.tasks.release(workers, clock().now()).await
    }

    /// Gives back what only counting tokens needs.
    pub(crate) fn rest(&self) {
        self.tokens.forget();
    }

    fn ports(&self, reader: Arc<dyn TextReader>, ocr: Option<Arc<dyn Ocr>>) -> IngestPorts {
        let documents: Arc<dyn DocumentRepository> = self.documents.clone();
        let collections: Arc<dyn CollectionRepository> = self.documents.clone();
        let removals: Arc<dyn VectorRemovals> = self.documents.clone();
        IngestPorts {
            documents,
            collections,
            removals,
            reader,
            renderer: Arc::new(PdfRenderer::default()),
            ocr,
            embedder: self.embedder.clone(),
            vectors: self.vectors.clone(),
            counter: self.tokens.clone(),
            clock: clock(),
            ids: ids(),
        }
    }
}

/// Tells the files of vectors of one database from those of another. The address itself may be secret.
fn origin(config: &Config) -> Uuid {
    let address = match config.database() {
        DatabaseTarget::Sqlite(file) => file.display().to_string(),
        DatabaseTarget::Postgres(url) => url.expose().to_owned(),
    };
    let digest = Sha256::digest(address.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

fn sources(config: &Config, roots: Vec<PathBuf>) -> anyhow::Result<Sources> {
    let options = config.sources.options(config.documents.max_bytes, roots)?;
    Sources::new(options, &clock()).context("documents cannot be fetched")
}

/// What lists the documents of sites and of Notion.
pub(crate) fn catalogue(config: &Config) -> anyhow::Result<impl SourceCatalogue> {
    sources(config, Vec::new())
}

fn vector_store(config: &VectorsConfig, builtin: SeaVectors) -> anyhow::Result<Arc<dyn VectorStore>> {
    let prefix = || Prefix::new(config.prefix.as_str()).context("vectors.prefix");
    let key = || vector_stores::Secret::new(config.api_key.expose());
    let has_key = !config.api_key.expose().is_empty();
    let url = || {
        anyhow::ensure!(!config.url.is_empty(), "vectors.url is missing: where is {:?}?", config.store);
        Ok(config.url.as_str())
    };
    Ok(match config.store {
        VectorStoreKind::Builtin => Arc::new(builtin),
        VectorStoreKind::Qdrant => {
            let options = QdrantOptions { prefix: prefix()?, ..QdrantOptions::new(url()?) };
            Arc::new(QdrantStore::new(QdrantOptions { api_key: has_key.then(key), ..options })?)
        }
        VectorStoreKind::Chroma => {
            let options = ChromaOptions { prefix: prefix()?, ..ChromaOptions::new(url()?) };
            let key = has_key.then(|| ChromaKey::Token(key()));
            Arc::new(ChromaStore::new(ChromaOptions { key, ..options })?)
        }
        VectorStoreKind::Pinecone => {
            if !has_key || config.index.is_empty() {
                bail!("Pinecone needs vectors.api_key and vectors.index (PINECONE_API_KEY, PINECONE_INDEX_NAME)");
            }
            let index = match config.index.split_once("://") {
                Some(_) => PineconeIndex::Host(config.index.clone()),
                None => PineconeIndex::Name(config.index.clone()),
            };
            let options = PineconeOptions { prefix: prefix()?, ..PineconeOptions::new(key(), index) };
            Arc::new(PineconeStore::new(options)?)
        }
    })
}

/// What recognises the text of scans. Where nothing does, scans are refused with a message that says so.
async fn ocr(config: &OcrConfig) -> anyhow::Result<Option<Arc<dyn Ocr>>> {
    let time = Duration::from_secs(config.page_seconds);
    match config.engine {
        OcrEngine::Off => Ok(None),
        OcrEngine::Tesseract => Ok(Some(Arc::new(TesseractOcr::find(1, time).await.context("ocr.engine")?))),
        OcrEngine::Model => Ok(Some(Arc::new(vision(config, time)?))),
        OcrEngine::Auto => match TesseractOcr::find(1, time).await {
            Ok(tesseract) => Ok(Some(Arc::new(tesseract))),
            Err(_) if !config.model.is_empty() => Ok(Some(Arc::new(vision(config, time)?))),
            Err(missing) => {
                tracing::info!(reason = %missing, "scans cannot be read");
                Ok(None)
            }
        },
    }
}

fn vision(config: &OcrConfig, timeout: Duration) -> anyhow::Result<VisionOcr> {
    anyhow::ensure!(!config.model.is_empty() && !config.url.is_empty(), "ocr.model and ocr.url are both needed");
    let key = config.api_key.expose();
    let api_key = (!key.is_empty()).then(|| model_providers::Secret::new(key));
    let options = VisionOptions { url: config.url.clone(), model: config.model.clone(), api_key, timeout };
    VisionOcr::new(options).context("ocr.url")
}

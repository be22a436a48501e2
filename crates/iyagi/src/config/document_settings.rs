//! The settings of documents: taking them in, fetching, recognising, embedding.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use document_readers::Limits;
use document_sources::{
    FetchLimits, FolderOptions, HttpOptions, NetRules, NotionOptions, S3Keys, S3Options, SiteOptions, SourcesOptions,
    WebOptions,
};
use rag_pipeline::ingest::WorkerSettings;
use rag_pipeline::text::Chunker;
use serde::Deserialize;

use super::secret::Secret;

/// `[documents]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentsConfig {
    /// Documents that this server takes in at once.
    pub(crate) workers: usize,
    /// Largest document, in bytes.
    pub(crate) max_bytes: u64,
    /// Documents that may wait.
    pub(crate) max_waiting: u64,
    /// Pages of a document.
    pub(crate) max_pages: u32,
    /// Seconds that reading may take.
    pub(crate) read_seconds: u64,
    /// Megabytes (2^20 bytes) of memory that reading may take.
    pub(crate) read_memory_mb: u64,
    /// Tokens of a passage.
    pub(crate) chunk_tokens: u32,
    /// Tokens that a passage has in common with the one before it.
    pub(crate) chunk_overlap_tokens: u32,
    /// Days that finished tasks are kept.
    pub(crate) keep_tasks_days: u64,
    /// Folders whose files may be taken in by address.
    pub(crate) file_roots: Vec<PathBuf>,
}

impl DocumentsConfig {
    /// The limits of reading a document.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            bytes: self.max_bytes,
            pages: self.max_pages,
            seconds: self.read_seconds,
            memory_bytes: self.read_memory_mb << 20,
            ..Limits::default()
        }
    }

    /// How documents are cut.
    pub(crate) const fn chunker(&self) -> Chunker {
        Chunker { target_tokens: self.chunk_tokens, overlap_tokens: self.chunk_overlap_tokens }
    }

    /// How workers work that serve these queues.
    pub(crate) fn worker(&self, queue: &str) -> WorkerSettings {
        WorkerSettings {
            queues: vec![queue.to_owned()],
            keep_finished: Duration::from_secs(self.keep_tasks_days * 86_400),
            ..WorkerSettings::default()
        }
    }
}

/// How buckets are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum S3Style {
    /// Before the host's name.
    Host,
    /// After it.
    Path,
}

/// `[sources]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourcesConfig {
    /// What may be fetched from although it is not of the public internet.
    pub(crate) allowed_hosts: Vec<String>,
    /// Seconds that fetching a document may take.
    pub(crate) fetch_seconds: u64,
    /// Pages of a site that are read in a second.
    pub(crate) site_pages_per_second: u32,
    /// Where S3 is; empty for Amazon's.
    pub(crate) s3_endpoint: String,
    /// Its region.
    pub(crate) s3_region: String,
    /// How its buckets are named.
    pub(crate) s3_style: S3Style,
    /// The keys to read it with; empty for none.
    pub(crate) s3_access_key_id: String,
    /// The secret one.
    pub(crate) s3_secret_access_key: Secret,
    /// Buckets that may be read; none named means all.
    pub(crate) s3_buckets: Vec<String>,
    /// The token of a Notion integration; empty for none.
    pub(crate) notion_token: Secret,
    /// The Notion database that is taken in.
    pub(crate) notion_database: String,
}

impl SourcesConfig {
    /// The sources, with files of these folders.
    pub(crate) fn options(&self, max_bytes: u64, roots: Vec<PathBuf>) -> anyhow::Result<SourcesOptions> {
        let total = Duration::from_secs(self.fetch_seconds);
        let limits = FetchLimits { max_bytes, total, ..FetchLimits::default() };
        let web = WebOptions { limits, ..WebOptions::default() };
        let allowed = self.allowed_hosts.iter().map(|host| host.parse()).collect::<Result<_, _>>();
        let allowed = allowed.context("sources.allowed_hosts")?;
        let http = HttpOptions {
            web: web.clone(),
            rules: NetRules { allowed, ..NetRules::default() },
            ..HttpOptions::default()
        };
        let site = SiteOptions {
            http: http.clone(),
            requests_per_second: f64::from(self.site_pages_per_second),
            ..SiteOptions::default()
        };
        Ok(SourcesOptions {
            http,
            site,
            folders: FolderOptions { roots, max_bytes },
            s3: Some(self.s3(web.clone())),
            notion: self.notion(web),
        })
    }

    fn s3(&self, web: WebOptions) -> S3Options {
        let keys = || S3Keys {
            id: self.s3_access_key_id.clone(),
            secret: document_sources::Secret::new(self.s3_secret_access_key.expose()),
            token: None,
        };
        S3Options {
            web,
            endpoint: (!self.s3_endpoint.is_empty()).then(|| self.s3_endpoint.clone()),
            region: self.s3_region.clone(),
            path_style: self.s3_style == S3Style::Path,
            keys: (!self.s3_access_key_id.is_empty()).then(keys),
            buckets: self.s3_buckets.clone(),
        }
    }

    fn notion(&self, web: WebOptions) -> Option<NotionOptions> {
        let token = self.notion_token.expose();
        let options = || NotionOptions { web, ..NotionOptions::new(document_sources::Secret::new(token)) };
        (!token.is_empty()).then(options)
    }
}

/// What recognises text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OcrEngine {
    /// Tesseract where it is installed, else the model where one is named.
    Auto,
    /// Tesseract.
    Tesseract,
    /// The model.
    Model,
    /// Nothing.
    Off,
}

/// `[ocr]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OcrConfig {
    /// What recognises text.
    pub(crate) engine: OcrEngine,
    /// Seconds that a page may take.
    pub(crate) page_seconds: u64,
    /// A model that sees; empty for none.
    pub(crate) model: String,
    /// Its address up to `/v1`.
    pub(crate) url: String,
    /// Its key.
    pub(crate) api_key: Secret,
}

/// Where embeddings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VectorStoreKind {
    /// In the database.
    Builtin,
    /// In Qdrant.
    Qdrant,
    /// In Chroma.
    Chroma,
    /// In Pinecone.
    Pinecone,
}

/// `[vectors]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VectorsConfig {
    /// Where embeddings are.
    pub(crate) store: VectorStoreKind,
    /// The address of Qdrant or Chroma.
    pub(crate) url: String,
    /// The key of the service; empty for none.
    pub(crate) api_key: Secret,
    /// Pinecone's index: its name or its host.
    pub(crate) index: String,
    /// What the names of collections there begin with.
    pub(crate) prefix: String,
    /// Megabytes (2^20 bytes) that built-in vectors may take in memory.
    pub(crate) memory_mb: u64,
}

impl VectorsConfig {
    /// The same, with everything in the database.
    pub(crate) fn embedded(&self) -> Self {
        Self { store: VectorStoreKind::Builtin, ..self.clone() }
    }
}

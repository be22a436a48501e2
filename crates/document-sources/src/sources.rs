//! All sources as one.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::Clock;
use rag_pipeline::model::{FetchedDocument, FoundSource, SourceError, SourceUrl};
use rag_pipeline::ports::{FileSource, SourceCatalogue};

use crate::failure::not_allowed;
use crate::folder::{FileFolderSource, FolderOptions};
use crate::http::{HttpOptions, HttpSource};
use crate::notion::{InvalidNotionOptions, NotionOptions, NotionSource};
use crate::s3::{InvalidS3Options, S3Options, S3Source};
use crate::site::{SiteCatalogue, SiteOptions};
use crate::web::InvalidWebOptions;

/// What documents may come from. By default the public web, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct SourcesOptions {
    /// The web.
    pub http: HttpOptions,
    /// Whole sites.
    pub site: SiteOptions,
    /// Files of this machine.
    pub folders: FolderOptions,
    /// S3, when it is used.
    pub s3: Option<S3Options>,
    /// Notion, when it is used.
    pub notion: Option<NotionOptions>,
}

/// Options that no sources can be made of.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSources {
    /// Those of the web or of sites.
    #[error("documents cannot be fetched from the web as configured")]
    Web(#[from] InvalidWebOptions),
    /// Those of S3.
    #[error("documents cannot be fetched from S3 as configured")]
    S3(#[from] InvalidS3Options),
    /// Those of Notion.
    #[error("documents cannot be fetched from Notion as configured")]
    Notion(#[from] InvalidNotionOptions),
}

/// Fetches from whatever source serves the scheme of an address, and lists with the catalogue of that scheme.
pub struct Sources {
    sources: Vec<(&'static str, Arc<dyn FileSource>)>,
    catalogues: Vec<(&'static str, Arc<dyn SourceCatalogue>)>,
}

impl Sources {
    /// All sources that `options` has.
    ///
    /// # Errors
    /// [`InvalidSources`] when the options of one of them cannot be used.
    pub fn new(options: SourcesOptions, clock: &Arc<dyn Clock>) -> Result<Self, InvalidSources> {
        let web: Arc<dyn FileSource> = Arc::new(HttpSource::new(&options.http, Arc::clone(clock))?);
        let site: Arc<dyn SourceCatalogue> = Arc::new(SiteCatalogue::new(options.site, Arc::clone(clock))?);
        let folders = Arc::new(FileFolderSource::new(options.folders));
        let mut all = Self {
            sources: vec![("https", Arc::clone(&web)), ("http", web), ("file", folders)],
            catalogues: vec![("https", Arc::clone(&site)), ("http", site)],
        };
        if let Some(s3) = &options.s3 {
            all.sources.push(("s3", Arc::new(S3Source::new(s3, Arc::clone(clock))?)));
        }
        if let Some(notion) = &options.notion {
            let notion = Arc::new(NotionSource::new(notion, Arc::clone(clock))?);
            all.sources.push(("notion", Arc::clone(&notion) as Arc<dyn FileSource>));
            all.catalogues.push(("notion", notion));
        }
        Ok(all)
    }
}

#[async_trait]
impl FileSource for Sources {
    fn serves(&self, url: &SourceUrl) -> bool {
        self.sources.iter().any(|(scheme, _)| *scheme == url.scheme())
    }

    async fn fetch(&self, url: &SourceUrl) -> Result<FetchedDocument, SourceError> {
        let source = of(&self.sources, url);
        source.ok_or_else(|| unknown(url, "documents are fetched from", &self.sources))?.fetch(url).await
    }
}

#[async_trait]
impl SourceCatalogue for Sources {
    async fn list(&self, root: &SourceUrl, limit: usize) -> Result<Vec<FoundSource>, SourceError> {
        let catalogue = of(&self.catalogues, root);
        catalogue.ok_or_else(|| unknown(root, "lists are made of", &self.catalogues))?.list(root, limit).await
    }
}

fn of<'a, T: ?Sized>(all: &'a [(&'static str, Arc<T>)], url: &SourceUrl) -> Option<&'a Arc<T>> {
    all.iter().find(|(scheme, _)| *scheme == url.scheme()).map(|(_, source)| source)
}

fn unknown<T: ?Sized>(url: &SourceUrl, what: &str, all: &[(&'static str, Arc<T>)]) -> SourceError {
    let schemes: Vec<String> = all.iter().map(|(scheme, _)| format!("{scheme}://")).collect();
    let hint = match url.scheme() {
        "s3" => "; S3 is not configured",
        "notion" => "; Notion is not configured",
        _ => "",
    };
    not_allowed(url.as_str(), format!("on this server {what} {}{hint}", schemes.join(", ")))
}

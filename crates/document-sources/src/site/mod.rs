//! The pages of a whole site.

mod crawl;
mod links;
mod robots;
mod scope;
mod sitemap;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::Clock;
use rag_pipeline::model::{FoundSource, SourceError, SourceUrl};
use rag_pipeline::ports::SourceCatalogue;
use tokio::time::Instant;

use self::visit::Visit;
use crate::http::{HttpOptions, parse};
use crate::pace::Pace;
use crate::web::{Guard, InvalidWebOptions, NameLookup, SystemLookup, WebClient};

/// The name that this robot obeys in `robots.txt`.
const ROBOT: &str = "iyagi";

/// How sites are walked.
#[derive(Debug, Clone)]
pub struct SiteOptions {
    /// How pages are asked for, and which hosts may be asked. Of its limits, sizes are not used here.
    pub http: HttpOptions,
    /// How many requests are sent in a second, to all sites together; 1. They are sent one at a time.
    pub requests_per_second: f64,
    /// The longest pause between two requests that a site may ask for (`Crawl-delay`); 10 seconds.
    pub max_crawl_delay: Duration,
    /// How many links lead from the root to a page at most, without a sitemap; 5.
    pub max_depth: usize,
    /// How many pages are asked for at most to find others, without a sitemap; 1,000.
    pub max_pages: usize,
    /// The largest page that is read for links, in bytes; 5 MiB. Of a larger one the beginning is read.
    pub max_page_bytes: u64,
    /// How many sitemaps are read at most; 50.
    pub max_sitemaps: usize,
    /// The largest sitemap, in bytes, unzipped; 50 MiB, the most that the protocol allows.
    pub max_sitemap_bytes: u64,
    /// The longest that listing a site may take; one hour. What was found until then is the list.
    pub total: Duration,
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            http: HttpOptions::default(),
            requests_per_second: 1.0,
            max_crawl_delay: Duration::from_secs(10),
            max_depth: 5,
            max_pages: 1_000,
            max_page_bytes: 5 * 1_024 * 1_024,
            max_sitemaps: 50,
            max_sitemap_bytes: 50 * 1_024 * 1_024,
            total: Duration::from_hours(1),
        }
    }
}

/// Lists the pages below an address of the web: those of the site's sitemaps, else those that links lead to.
///
/// `robots.txt` is obeyed, under the name `iyagi`; when it cannot be had the site is not listed. Only what is on the
/// same host (by the same scheme and port) and below the address counts. While links are followed, so is what pages
/// say to robots, and a page is listed under its canonical address.
pub struct SiteCatalogue {
    client: WebClient,
    pace: Pace,
    options: SiteOptions,
}

impl SiteCatalogue {
    /// A catalogue that resolves names as the system does.
    ///
    /// # Errors
    /// [`InvalidWebOptions`] when no client can be made of the options.
    pub fn new(options: SiteOptions, clock: Arc<dyn Clock>) -> Result<Self, InvalidWebOptions> {
        Self::with_lookup(options, clock, Arc::new(SystemLookup))
    }

    /// A catalogue that resolves names through `lookup`.
    ///
    /// # Errors
    /// [`InvalidWebOptions`] when no client can be made of the options.
    pub fn with_lookup(
        options: SiteOptions,
        clock: Arc<dyn Clock>,
        lookup: Arc<dyn NameLookup>,
    ) -> Result<Self, InvalidWebOptions> {
        let client = WebClient::new(&options.http.web, Guard::Rules(options.http.rules.clone()), lookup, clock)?;
        Ok(Self { client, pace: Pace::new(options.requests_per_second), options })
    }
}

#[async_trait]
impl SourceCatalogue for SiteCatalogue {
    async fn list(&self, root: &SourceUrl, limit: usize) -> Result<Vec<FoundSource>, SourceError> {
        let root = parse(root)?;
        let until = Instant::now().checked_add(self.options.total);
        let (visit, front) = Visit::enter(self, &root, until).await?;
        let front = visit.look(front).await?;
        let listed = visit.sitemaps(limit).await;
        if listed.is_empty() { Ok(visit.crawl(front, limit).await) } else { Ok(listed) }
    }
}

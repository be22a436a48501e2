//! Pages of Notion, and the databases that hold them.

mod api;
mod blocks;
mod markdown;
mod properties;
mod text;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::Clock;
use rag_pipeline::model::{FetchedDocument, FoundSource, RawDocument, SourceError, SourceUrl};
use rag_pipeline::ports::{FileSource, SourceCatalogue};
use serde_json::{Value, json};

use self::api::Api;
use crate::failure::{not_found, permanent, too_large, transient};
use crate::secret::Secret;
use crate::web::{InvalidWebOptions, WebOptions, safe_name};

/// How Notion is asked.
#[derive(Debug, Clone)]
pub struct NotionOptions {
    /// How the server is asked. `limits.max_bytes` bounds the Markdown of a page; `limits.total` is not used here.
    pub web: WebOptions,
    /// The token of an integration that the pages are shared with.
    pub token: Secret,
    /// The address of the API; `https://api.notion.com/v1`. It may be a private one.
    pub base: String,
    /// How many requests are sent in a second, one at a time; 3, which is what Notion allows on average.
    pub requests_per_second: f64,
    /// The longest that is waited when Notion asks for patience, before giving up for now; one minute.
    pub max_wait: Duration,
    /// The most blocks that a page may have; 10,000.
    pub max_blocks: usize,
    /// The longest that one page or one list may take; 15 minutes: each nested block costs a request.
    pub total: Duration,
}

impl NotionOptions {
    /// The usual ones.
    pub fn new(token: Secret) -> Self {
        Self {
            web: WebOptions::default(),
            token,
            base: "https://api.notion.com/v1".to_owned(),
            requests_per_second: 3.0,
            max_wait: Duration::from_mins(1),
            max_blocks: 10_000,
            total: Duration::from_mins(15),
        }
    }
}

/// Options that no Notion source can be made of.
#[derive(Debug, thiserror::Error)]
pub enum InvalidNotionOptions {
    /// The base is not an address.
    #[error("the address of the Notion API is not understood ({0}); write it as https://api.notion.com/v1")]
    Base(String),
    /// The token cannot be sent.
    #[error("the Notion token is empty or holds characters that cannot be sent")]
    Token,
    /// The HTTP client cannot be made.
    #[error(transparent)]
    Web(#[from] InvalidWebOptions),
}

/// Fetches `notion://page/<id>` as Markdown, and lists the pages of `notion://database/<id>`.
///
/// A page below another one is a page of its own: its title stands in the page above. Of files and pictures, only names
/// and captions are taken. At most 10,000 pages of a data source are listed, which is where Notion stops.
pub struct NotionSource {
    api: Api,
    max_blocks: usize,
    max_bytes: u64,
    total: Duration,
}

impl NotionSource {
    /// A source of what the integration may read.
    ///
    /// # Errors
    /// [`InvalidNotionOptions`] when the base is no address of the web, the token no header, or no client can be made.
    pub fn new(options: &NotionOptions, clock: Arc<dyn Clock>) -> Result<Self, InvalidNotionOptions> {
        Ok(Self {
            api: Api::new(options, clock)?,
            max_blocks: options.max_blocks,
            max_bytes: options.web.limits.max_bytes,
            total: options.total,
        })
    }

    async fn page(&self, url: &str, id: &str) -> Result<FetchedDocument, SourceError> {
        let page = self.api.get(url, &format!("pages/{id}"), None).await?;
        if is_in_trash(&page) {
            return Err(not_found(url));
        }
        let title = properties::title(&page).unwrap_or_else(|| id.to_owned());
        let blocks = blocks::below(&self.api, url, id, self.max_blocks).await?;
        let text = markdown::document(&title, &properties::lines(&page), &blocks);
        if text.len() as u64 > self.max_bytes {
            return Err(too_large(url, self.max_bytes));
        }
        let name = safe_name(&title.replace(['/', '\\'], " ")).unwrap_or_else(|| id.to_owned());
        let media_type = Some("text/markdown; charset=utf-8".to_owned());
        Ok(FetchedDocument {
            raw: RawDocument { name: format!("{name}.md"), media_type, bytes: text.into_bytes() },
            title: Some(title),
            url: page["public_url"].as_str().map(str::to_owned),
        })
    }

    async fn database(&self, url: &str, id: &str, limit: usize) -> Result<Vec<FoundSource>, SourceError> {
        let database = self.api.get(url, &format!("databases/{id}"), None).await?;
        let sources = database["data_sources"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut found = Vec::new();
        for source in sources.iter().filter_map(|source| source["id"].as_str()).filter_map(uuid) {
            self.data_source(url, &source, limit, &mut found).await?;
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn data_source(
        &self,
        url: &str,
        id: &str,
        limit: usize,
        found: &mut Vec<FoundSource>,
    ) -> Result<(), SourceError> {
        let mut cursor: Option<String> = None;
        while found.len() < limit {
            let mut query = json!({
                "page_size": api::PAGE_SIZE,
                "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
            });
            if let Some(cursor) = cursor.take() {
                query["start_cursor"] = Value::String(cursor);
            }
            let part = self.api.post(url, &format!("data_sources/{id}/query"), &query).await?;
            let pages = part["results"].as_array().map(Vec::as_slice).unwrap_or_default();
            found.extend(pages.iter().filter(|page| page["object"] == "page" && !is_in_trash(page)).filter_map(listed));
            if part["request_status"]["type"] == "incomplete" {
                tracing::warn!(database = url, "notion lists no more than 10,000 pages; the others are left out");
            }
            cursor = api::next_cursor(&part);
            if cursor.is_none() {
                break;
            }
        }
        Ok(())
    }

    async fn within<T>(
        &self,
        url: &str,
        work: impl Future<Output = Result<T, SourceError>> + Send,
    ) -> Result<T, SourceError> {
        let late = |_| Err(transient(url, format!("it took longer than {} seconds", self.total.as_secs_f32())));
        tokio::time::timeout(self.total, work).await.unwrap_or_else(late)
    }
}

#[async_trait]
impl FileSource for NotionSource {
    fn serves(&self, url: &SourceUrl) -> bool {
        url.scheme() == "notion"
    }

    async fn fetch(&self, url: &SourceUrl) -> Result<FetchedDocument, SourceError> {
        let id = id(url, "notion://page/")?;
        self.within(url.as_str(), self.page(url.as_str(), &id)).await
    }
}

#[async_trait]
impl SourceCatalogue for NotionSource {
    async fn list(&self, root: &SourceUrl, limit: usize) -> Result<Vec<FoundSource>, SourceError> {
        let id = id(root, "notion://database/")?;
        self.within(root.as_str(), self.database(root.as_str(), &id, limit)).await
    }
}

fn listed(page: &Value) -> Option<FoundSource> {
    let id = uuid(page["id"].as_str()?)?;
    Some(FoundSource { url: SourceUrl::new(format!("notion://page/{id}")).ok()?, title: properties::title(page) })
}

/// `archived` is what it was called before version 2026-03-11.
fn is_in_trash(page: &Value) -> bool {
    page["in_trash"] == true || page["archived"] == true
}

fn id(url: &SourceUrl, kind: &str) -> Result<String, SourceError> {
    let text = url.as_str().strip_prefix(kind);
    let wrong =
        || permanent(url.as_str(), format!("write it as {kind}<id>, the id being 32 digits and letters a to f"));
    text.and_then(uuid).ok_or_else(wrong)
}

/// An id with its dashes; in an address of Notion it stands without them, after a title (`Title-<id>`).
fn uuid(text: &str) -> Option<String> {
    let is_id = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (without_dashes, last) = (text.replace('-', ""), text.rsplit('-').next().unwrap_or_default());
    let plain = [without_dashes.as_str(), last].into_iter().find(|text| is_id(text))?.to_ascii_lowercase();
    Some(format!("{}-{}-{}-{}-{}", &plain[..8], &plain[8..12], &plain[12..16], &plain[16..20], &plain[20..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_with_dashes_without_and_after_a_title() {
        let dashed = "59833787-2cf9-4fdf-8782-e53db20768a5";
        for text in [
            dashed,
            "598337872cf94fdf8782e53db20768a5",
            "598337872CF94FDF8782E53DB20768A5",
            "Refund-policy-598337872cf94fdf8782e53db20768a5",
            "환불-598337872cf94fdf8782e53db20768a5",
        ] {
            assert_eq!(uuid(text).as_deref(), Some(dashed), "{text}");
        }
        for wrong in ["", "598337872cf94fdf8782e53db20768a", "../pages/598337872cf94fdf8782e53db20768a5?x", "zzz"] {
            assert_eq!(uuid(wrong), None, "{wrong}");
        }
    }
}

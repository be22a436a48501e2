//! Following links, breadth first.

use std::collections::VecDeque;

use rag_pipeline::model::{FoundSource, SourceError};
use url::Url;

use super::ROBOT;
use super::links::{self, Page};
use super::scope::{Seen, as_source, normal};
use super::visit::Visit;
use crate::failure::permanent;
use crate::web::{Limit, Reply, media_type};

/// How many addresses are kept in mind at most.
const MAX_SEEN: usize = 50_000;
/// Endings of what holds no text: not even asked for.
const WITHOUT_TEXT: &[&str] = &[
    "7z", "apk", "avi", "bmp", "bz2", "css", "dmg", "eot", "exe", "gif", "gz", "ico", "iso", "jar", "jpeg", "jpg",
    "js", "json", "m4a", "mov", "mp3", "mp4", "mpeg", "msi", "ogg", "otf", "png", "rar", "svg", "tar", "tgz", "tif",
    "tiff", "ttf", "wav", "webm", "webp", "wmv", "woff", "woff2", "xml", "zip",
];
/// Kinds of documents, beside pages, that are listed where links lead to them.
const DOCUMENTS: &[&str] = &["text/plain", "text/markdown", "text/csv", "application/pdf"];
/// What the kinds of Office documents begin with.
const OFFICE: &str = "application/vnd.openxmlformats-officedocument.";

/// A walk: what is to be asked, what was seen, what was found.
struct Walk {
    waiting: VecDeque<(Url, usize)>,
    seen: Seen,
    listed: Seen,
    found: Vec<FoundSource>,
}

/// A page or another document, looked at.
pub(super) struct Looked {
    url: Url,
    /// `None` when it is nothing that is listed.
    page: Option<Page>,
}

impl Visit<'_> {
    /// The pages that links lead to from the front page, nearest first; at most `limit`.
    pub(super) async fn crawl(&self, front: Looked, limit: usize) -> Vec<FoundSource> {
        let mut walk =
            Walk { waiting: VecDeque::new(), seen: Seen::default(), listed: Seen::default(), found: Vec::new() };
        walk.seen.add(&front.url);
        self.keep(front, 0, &mut walk);
        let mut asked = 1;
        while walk.found.len() < limit && asked < self.catalogue.options.max_pages && !self.is_late() {
            let Some((url, depth)) = walk.waiting.pop_front() else { break };
            asked += 1;
            match self.page(&url).await {
                Ok(looked) if looked.url == url || walk.seen.add(&looked.url) => self.keep(looked, depth, &mut walk),
                Ok(_) => {}
                Err(error) => tracing::info!(error = %error, "a page is left out"),
            }
        }
        walk.found.truncate(limit);
        walk.found
    }

    /// Asks for a page of the site and looks at it.
    async fn page(&self, url: &Url) -> Result<Looked, SourceError> {
        let turn = self.catalogue.pace.enter().await;
        let work = async { self.look(self.reply(url, turn).await?).await };
        self.catalogue.client.within(url.as_str(), work).await
    }

    /// Looks at what was answered: reads it, when it is a page.
    pub(super) async fn look(&self, reply: Reply) -> Result<Looked, SourceError> {
        let url = normal(reply.url.clone());
        let headers = reply.headers().clone();
        let mut page = match kind(&reply) {
            Kind::Page => {
                let html = reply.bytes(Limit::Cut(self.catalogue.options.max_page_bytes)).await?;
                let base = url.clone();
                // A large page takes some 100 ms: not on a thread that others wait for.
                let read = tokio::task::spawn_blocking(move || links::read(&html, &base, ROBOT)).await;
                read.map_err(|_| permanent(url.as_str(), "its links cannot be read"))?
            }
            Kind::Document => Page::default(),
            Kind::Other => return Ok(Looked { url, page: None }),
        };
        links::obey_headers(&headers, ROBOT, &mut page);
        Ok(Looked { url, page: Some(page) })
    }

    fn keep(&self, looked: Looked, depth: usize, walk: &mut Walk) {
        if let Some(page) = looked.page {
            self.note(&looked.url, &page, walk);
            self.remember(&page, depth, walk);
        }
    }

    /// Lists a page, under its canonical address where that is on the site.
    fn note(&self, url: &Url, page: &Page, walk: &mut Walk) {
        let canonical = page.canonical.clone().map(normal).filter(|canonical| self.obstacle(canonical).is_none());
        let url = canonical.unwrap_or_else(|| url.clone());
        if page.noindex || self.obstacle(&url).is_some() || !walk.listed.add(&url) {
            return;
        }
        walk.found.extend(as_source(&url).map(|url| FoundSource { url, title: page.title.clone() }));
    }

    fn remember(&self, page: &Page, depth: usize, walk: &mut Walk) {
        if page.nofollow || depth >= self.catalogue.options.max_depth {
            return;
        }
        for link in page.links.iter().cloned().map(normal) {
            let worth = !is_without_text(&link) && self.obstacle(&link).is_none() && walk.seen.len() < MAX_SEEN;
            if worth && walk.seen.add(&link) {
                walk.waiting.push_back((link, depth + 1));
            }
        }
    }
}

enum Kind {
    Page,
    Document,
    Other,
}

fn kind(reply: &Reply) -> Kind {
    let told = media_type(reply.headers()).unwrap_or_default().to_ascii_lowercase();
    match told.split(';').next().unwrap_or_default().trim() {
        "text/html" | "application/xhtml+xml" => Kind::Page,
        other if DOCUMENTS.contains(&other) || other.starts_with(OFFICE) => Kind::Document,
        _ => Kind::Other,
    }
}

fn is_without_text(url: &Url) -> bool {
    let last = url.path().rsplit('/').next().unwrap_or_default();
    last.rsplit_once('.').is_some_and(|(_, ending)| WITHOUT_TEXT.contains(&ending.to_ascii_lowercase().as_str()))
}

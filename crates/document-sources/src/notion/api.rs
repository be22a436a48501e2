//! The API of Notion: version, pace, patience and errors.

use std::sync::Arc;
use std::time::Duration;

use kernel::Clock;
use rag_pipeline::model::SourceError;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use url::Url;

use super::{InvalidNotionOptions, NotionOptions};
use crate::failure::{permanent, transient, transient_for};
use crate::pace::Pace;
use crate::web::{Guard, Limit, Reply, SystemLookup, WebClient, is_busy, retry_after};

/// The newest version of the API, in which databases have data sources and what was removed is `in_trash`.
const VERSION: &str = "2026-03-11";
/// How much a list gives at once: the most that Notion allows.
pub(super) const PAGE_SIZE: usize = 100;
/// The largest answer, in bytes: a hundred blocks with a hundred texts of 2,000 characters each, and what is around.
const MAX_ANSWER: u64 = 64 * 1_024 * 1_024;
/// How many times a request is sent at most.
const ATTEMPTS: usize = 4;
/// How long to wait when Notion is busy and does not say for how long.
const USUAL_WAIT: Duration = Duration::from_secs(2);
/// The longest message of Notion that an error repeats, in characters.
const MESSAGE_CHARS: usize = 200;

pub(super) struct Api {
    client: WebClient,
    base: Url,
    token: HeaderValue,
    pace: Pace,
    max_wait: Duration,
}

impl Api {
    pub(super) fn new(options: &NotionOptions, clock: Arc<dyn Clock>) -> Result<Self, InvalidNotionOptions> {
        let client = WebClient::new(&options.web, Guard::Open, Arc::new(SystemLookup), clock)?;
        let base = Url::parse(&format!("{}/", options.base.trim_end_matches('/')))
            .map_err(|error| InvalidNotionOptions::Base(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(InvalidNotionOptions::Base("it is neither http nor https".to_owned()));
        }
        let token = options.token.expose();
        let mut header = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| InvalidNotionOptions::Token)?;
        if token.is_empty() {
            return Err(InvalidNotionOptions::Token);
        }
        header.set_sensitive(true);
        let pace = Pace::new(options.requests_per_second);
        Ok(Self { client, base, token: header, pace, max_wait: options.max_wait })
    }

    /// Asks for `path`; `url` is what errors name.
    pub(super) async fn get(&self, url: &str, path: &str, cursor: Option<&str>) -> Result<Value, SourceError> {
        let mut address = self.address(url, path)?;
        if let Some(cursor) = cursor {
            address
                .query_pairs_mut()
                .append_pair("page_size", &PAGE_SIZE.to_string())
                .append_pair("start_cursor", cursor);
        }
        self.ask(url, Method::GET, &address, None).await
    }

    /// Asks for `path` with a query.
    pub(super) async fn post(&self, url: &str, path: &str, query: &Value) -> Result<Value, SourceError> {
        self.ask(url, Method::POST, &self.address(url, path)?, Some(query.to_string())).await
    }

    fn address(&self, url: &str, path: &str) -> Result<Url, SourceError> {
        self.base.join(path).map_err(|error| permanent(url, error.to_string()))
    }

    async fn ask(&self, url: &str, method: Method, at: &Url, query: Option<String>) -> Result<Value, SourceError> {
        let mut attempts = 1;
        loop {
            let reply = self.send(method.clone(), at, query.clone()).await.map_err(|error| renamed(url, error))?;
            let status = reply.status();
            if status.is_success() {
                return read(url, reply).await;
            }
            if !is_busy(status) {
                return Err(refused(url, status, reply).await);
            }
            let told = retry_after(reply.headers(), &*self.client.clock);
            let wait = told.map_or(USUAL_WAIT, Duration::from_secs);
            if attempts == ATTEMPTS || wait > self.max_wait {
                return Err(transient_for(url, format!("Notion answered {status}"), told));
            }
            attempts += 1;
            tokio::time::sleep(wait).await;
        }
    }

    async fn send(&self, method: Method, at: &Url, query: Option<String>) -> Result<Reply, SourceError> {
        let mut turn = self.pace.enter().await;
        turn.next(Duration::ZERO).await;
        let mut request = self.client.request(method, at).header(AUTHORIZATION, self.token.clone());
        request = request.header("Notion-Version", VERSION);
        if let Some(query) = query {
            request = request.header(CONTENT_TYPE, "application/json").body(query);
        }
        self.client.send(at, request).await
    }
}

/// Where a list goes on.
pub(super) fn next_cursor(part: &Value) -> Option<String> {
    (part["has_more"] == true).then(|| part["next_cursor"].as_str().map(str::to_owned)).flatten()
}

async fn read(url: &str, reply: Reply) -> Result<Value, SourceError> {
    let bytes = reply.bytes(Limit::Refuse(MAX_ANSWER)).await.map_err(|error| renamed(url, error))?;
    serde_json::from_slice(&bytes).map_err(|_| transient(url, "Notion answered what is not JSON"))
}

async fn refused(url: &str, status: StatusCode, reply: Reply) -> SourceError {
    let body = reply.bytes(Limit::Cut(64 * 1_024)).await.unwrap_or_default();
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    let message: String = told["message"].as_str().unwrap_or_default().chars().take(MESSAGE_CHARS).collect();
    let reason = match status.as_u16() {
        401 => "Notion does not accept the token".to_owned(),
        403 => "the integration may not read content; allow it in its settings at Notion".to_owned(),
        404 => "Notion does not know it, or it is not shared with the integration: add the connection to it".to_owned(),
        _ => format!("Notion answered {status}: {message}"),
    };
    permanent(url, reason)
}

/// Names the page in an error instead of the address of the API.
fn renamed(url: &str, error: SourceError) -> SourceError {
    match error {
        SourceError::Transient { reason, retry_after, .. } => transient_for(url, reason, retry_after),
        SourceError::NotAllowed { reason, .. } | SourceError::Permanent { reason, .. } => permanent(url, reason),
        SourceError::TooLarge { .. } | SourceError::NotFound { .. } => permanent(url, "Notion's answer is too large"),
    }
}

use std::sync::Arc;
use std::time::Duration;

use kernel::Clock;
use rag_pipeline::model::SourceError;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use url::Url;

use super::resolver::{GuardedResolver, NameLookup};
use super::rules::Guard;
use super::trouble::trouble;
use crate::failure::{not_allowed, transient};

/// How much and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchLimits {
    /// The largest document, in bytes, zipped or not; 50 MiB.
    pub max_bytes: u64,
    /// The longest that one document may take, redirects included; two minutes.
    pub total: Duration,
    /// The longest that a server may say nothing; 20 seconds.
    pub idle: Duration,
    /// The longest that connecting may take; 10 seconds.
    pub connect: Duration,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            max_bytes: 50 * 1_024 * 1_024,
            total: Duration::from_mins(2),
            idle: Duration::from_secs(20),
            connect: Duration::from_secs(10),
        }
    }
}

/// How servers are asked, by whatever asks one.
///
/// No proxy is used, whatever the environment says: behind one, nobody could tell which address is reached.
#[derive(Debug, Clone)]
pub struct WebOptions {
    /// How much and how long.
    pub limits: FetchLimits,
    /// What the server calls itself; `iyagi/` and its version.
    pub user_agent: String,
    /// Certificates, in PEM, of authorities that are trusted beside those of Mozilla's list; none.
    pub certificates: Vec<u8>,
}

impl Default for WebOptions {
    fn default() -> Self {
        Self {
            limits: FetchLimits::default(),
            user_agent: concat!("iyagi/", env!("CARGO_PKG_VERSION")).to_owned(),
            certificates: Vec::new(),
        }
    }
}

/// Servers cannot be asked as configured.
#[derive(Debug, thiserror::Error)]
pub enum InvalidWebOptions {
    /// The certificates are not PEM, or none.
    #[error("the additional certificates are not a list of certificates in PEM: {0}")]
    Certificates(String),
    /// Anything else, such as a user agent that is no header.
    #[error("no HTTP client can be made of these options")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Asks web servers, one request at a time, behind a guard.
pub(crate) struct WebClient {
    client: reqwest::Client,
    guard: Arc<Guard>,
    pub(crate) limits: FetchLimits,
    pub(crate) clock: Arc<dyn Clock>,
}

impl WebClient {
    pub(crate) fn new(
        options: &WebOptions,
        guard: Guard,
        lookup: Arc<dyn NameLookup>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidWebOptions> {
        let guard = Arc::new(guard);
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&options.certificates)?)
            .dns_resolver(Arc::new(GuardedResolver { guard: Arc::clone(&guard), lookup }))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(&options.user_agent)
            .default_headers(HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]))
            .connect_timeout(options.limits.connect)
            .build()
            .map_err(|error| InvalidWebOptions::Client(Box::new(error)))?;
        Ok(Self { client, guard, limits: options.limits, clock })
    }

    pub(crate) fn request(&self, method: Method, url: &Url) -> RequestBuilder {
        self.client.request(method, url.clone())
    }

    /// Asks `url`, once: no redirect is followed.
    pub(crate) async fn get(&self, url: &Url) -> Result<Reply, SourceError> {
        self.send(url, self.request(Method::GET, url)).await
    }

    /// Sends a request that [`request`](Self::request) made for `url`.
    pub(crate) async fn send(&self, url: &Url, request: RequestBuilder) -> Result<Reply, SourceError> {
        self.guard.check_url(url).map_err(|refusal| not_allowed(url.as_str(), refusal.0))?;
        let idle = self.limits.idle;
        match timeout(self.limits.connect.saturating_add(idle), request.send()).await {
            Ok(Ok(response)) => Ok(Reply { url: url.clone(), response, idle }),
            Ok(Err(error)) => Err(trouble(url.as_str(), error)),
            Err(_) => Err(silent(url, idle)),
        }
    }

    /// Does `work` within the time that one document may take.
    pub(crate) async fn within<T>(
        &self,
        url: &str,
        work: impl Future<Output = Result<T, SourceError>> + Send,
    ) -> Result<T, SourceError> {
        let total = self.limits.total;
        let late = |_| Err(transient(url, format!("it took longer than {} seconds", total.as_secs_f32())));
        timeout(total, work).await.unwrap_or_else(late)
    }
}

/// An answer whose body has not been read yet.
pub(crate) struct Reply {
    pub(crate) url: Url,
    response: reqwest::Response,
    idle: Duration,
}

impl Reply {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// How long the body will be, in bytes, when the server said so.
    pub(super) fn announced(&self) -> Option<u64> {
        self.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    /// Adds the next piece of the body to `body`, up to `most` bytes in all.
    pub(super) async fn next_into(&mut self, body: &mut Vec<u8>, most: usize) -> Result<Taken, SourceError> {
        let chunk = match timeout(self.idle, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| trouble(self.url.as_str(), error))?,
            Err(_) => return Err(silent(&self.url, self.idle)),
        };
        let Some(chunk) = chunk else { return Ok(Taken::End) };
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        Ok(if chunk.len() > room { Taken::Full } else { Taken::More })
    }
}

/// How a piece of a body was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// All of it; there may be another one.
    More,
    /// There was none left.
    End,
    /// Not all of it found room.
    Full,
}

fn silent(url: &Url, idle: Duration) -> SourceError {
    transient(url.as_str(), format!("the server said nothing for {} seconds", idle.as_secs_f32()))
}

/// TLS by rustls with ring, whatever else the process is built with, and trust in Mozilla's list.
fn tls(certificates: &[u8]) -> Result<ClientConfig, InvalidWebOptions> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in CertificateDer::pem_slice_iter(certificates) {
        let certificate = certificate.map_err(|error| InvalidWebOptions::Certificates(error.to_string()))?;
        roots.add(certificate).map_err(|error| InvalidWebOptions::Certificates(error.to_string()))?;
    }
    if !certificates.is_empty() && roots.len() == webpki_roots::TLS_SERVER_ROOTS.len() {
        return Err(InvalidWebOptions::Certificates("there is none in it".to_owned()));
    }
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(|error| InvalidWebOptions::Client(Box::new(error)))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

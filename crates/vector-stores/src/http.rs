//! One way of asking for all vector stores: time limits, repetitions, errors without secrets.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use rag_pipeline::model::VectorError;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, innermost};
use crate::{HttpLimits, Secret};

/// The most bytes of an answer that are read. A page of ids or an index's namespaces take a few mebibytes.
const ANSWER_BYTES: usize = 32 << 20;

/// A server, and how it is asked.
pub(crate) struct Http {
    pub(crate) store: &'static str,
    client: Client,
    base: Url,
    limits: HttpLimits,
    secret: Option<Secret>,
}

/// A header that carries a key, and what stands before the key in it.
pub(crate) struct KeyHeader {
    pub(crate) name: HeaderName,
    pub(crate) scheme: &'static str,
    pub(crate) key: Secret,
}

/// A request: a path below the server's address, and what goes with it.
pub(crate) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: &'a str,
    body: Option<String>,
}

impl<'a> Call<'a> {
    /// `path` is given in segments, which may hold anything.
    pub(crate) fn new(method: Method, path: impl Into<Vec<&'a str>>) -> Self {
        Self { method, path: path.into(), query: "", body: None }
    }

    pub(crate) fn query(mut self, query: &'a str) -> Self {
        self.query = query;
        self
    }

    /// The body, as JSON.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self, Failure> {
        let written = serde_json::to_string(body).map_err(|error| Failure::Garbled(error.to_string()))?;
        self.body = Some(written);
        Ok(self)
    }
}

impl Http {
    /// A client of the server at `url`. `headers` go with every request, as does the key.
    ///
    /// # Errors
    /// [`VectorError::Permanent`] when the address or the key cannot be used, or the system has no certificates.
    pub(crate) fn new(
        store: &'static str,
        url: &str,
        key: Option<KeyHeader>,
        mut headers: HeaderMap,
        limits: HttpLimits,
    ) -> Result<Self, VectorError> {
        let wrong = |what: String| VectorError::Permanent(format!("{store}: {what}"));
        let base = address(url).map_err(|what| wrong(what.to_owned()))?;
        if let Some(KeyHeader { name, scheme, key }) = &key {
            if key.expose().is_empty() {
                return Err(wrong("the key is empty".to_owned()));
            }
            let value = HeaderValue::from_str(&format!("{scheme}{}", key.expose()));
            let mut value =
                value.map_err(|_| wrong("the key has line breaks or other control characters".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let client = client(&base, headers, &limits).map_err(wrong)?;
        Ok(Self { store, client, base, limits, secret: key.map(|key| key.key) })
    }

    /// Whether the server is asked without TLS.
    pub(crate) fn is_plain(&self) -> bool {
        self.base.scheme() == "http"
    }

    /// The server's address.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Asks until there is an answer, or there will be none, or it has taken too long.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Failure> {
        let url = self.url(&call);
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.limits.first_pause)
            .with_max_delay(self.limits.longest_pause)
            .with_max_times(self.limits.attempts.saturating_sub(1))
            .with_jitter();
        let asking = (|| self.attempt(&call, &url))
            .retry(pauses)
            .when(Failure::may_pass)
            .adjust(|failure, pause| self.pause(failure, pause));
        let body = tokio::time::timeout(self.limits.total, asking).await.unwrap_or_else(|_| {
            let message = format!("{} did not answer within {:?}", self.store, self.limits.total);
            Err(Failure::Transient { message, retry_after: None })
        })?;
        serde_json::from_slice(&body).map_err(|error| {
            let reason = format!("{} did not answer as expected ({error}); is the address right?", self.store);
            Failure::Garbled(self.without_key(&reason))
        })
    }

    /// The pause before the next attempt: what the server asks for, if that is not too long.
    fn pause(&self, failure: &Failure, pause: Option<Duration>) -> Option<Duration> {
        let (pause, Failure::Transient { retry_after, .. }) = (pause?, failure) else {
            return None;
        };
        match retry_after {
            None => Some(pause),
            Some(asked) => (*asked <= self.limits.longest_pause).then_some(pause.max(*asked)),
        }
    }

    fn url(&self, call: &Call<'_>) -> Url {
        let mut url = self.base.clone();
        // An address with http or https always has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&call.path);
        }
        url.set_query(Some(call.query).filter(|query| !query.is_empty()));
        url
    }

    async fn attempt(&self, call: &Call<'_>, url: &Url) -> Result<Vec<u8>, Failure> {
        let mut request = self.client.request(call.method.clone(), url.clone());
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = request.send().await.map_err(|error| self.unanswered(error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.read(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        let body = self.without_key(&String::from_utf8_lossy(&body));
        Err(Failure::answered(self.store, status, &headers, body.as_bytes()))
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.unanswered(error))? {
            if body.len() + part.len() > ANSWER_BYTES {
                return Err(Failure::Garbled(format!("{} answered more than {ANSWER_BYTES} bytes", self.store)));
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }

    fn unanswered(&self, error: reqwest::Error) -> Failure {
        Failure::unanswered(self.store, error)
    }

    /// Servers may repeat what they were sent.
    fn without_key(&self, text: &str) -> String {
        self.secret.as_ref().map_or_else(|| text.to_owned(), |secret| secret.strike(text))
    }
}

/// An address of HTTP or HTTPS without a password.
fn address(url: &str) -> Result<Url, &'static str> {
    let url = Url::parse(url.trim()).map_err(|_| "the address is not understood; http://host:port or https://host")?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("the address must begin with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address has a user or a password in it; set the key by itself");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the address has a '?' or a '#' in it");
    }
    Ok(url)
}

fn client(base: &Url, headers: HeaderMap, limits: &HttpLimits) -> Result<Client, String> {
    let tls = tls(base.scheme() == "http").map_err(|error| innermost(&error))?;
    Client::builder()
        .user_agent(concat!("iyagi/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .connect_timeout(limits.connect)
        .timeout(limits.attempt)
        // A redirect would carry the key to wherever it points.
        .redirect(Policy::none())
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(|error| innermost(&error))
}

/// TLS that trusts whom the machine trusts; nobody where there is to be no TLS: a small container has no certificates.
fn tls(plain: bool) -> Result<ClientConfig, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions()?;
    let config =
        if plain { config.with_root_certificates(RootCertStore::empty()) } else { config.with_platform_verifier()? };
    Ok(config.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(url: &str) -> Result<Http, VectorError> {
        Http::new("qdrant", url, None, HeaderMap::new(), HttpLimits::default())
    }

    #[test]
    fn segments_of_a_path_may_hold_anything_and_stay_below_the_address() {
        let below = http("http://host/base/").unwrap();
        let call = Call::new(Method::GET, ["a b", "c/d?e#f", "가"]).query("wait=true");
        assert_eq!(below.url(&call).as_str(), "http://host/base/a%20b/c%2Fd%3Fe%23f/%EA%B0%80?wait=true");
        let call = Call::new(Method::GET, ["indexes"]);
        assert_eq!(http("http://host:1").unwrap().url(&call).as_str(), "http://host:1/indexes");
    }

    /// A machine may have no certificates; then that is said.
    #[test]
    fn tls_needs_nothing_but_the_certificates_of_the_machine() {
        match http("https://host") {
            Ok(http) => assert!(!http.is_plain()),
            Err(error) => assert!(error.to_string().contains("certificates"), "{error}"),
        }
    }

    #[test]
    fn an_address_that_cannot_be_asked_is_refused_without_being_repeated() {
        for bad in ["", "host:6333", "ftp://host", "https://", "https://user:hunter2@host", "http://host?key=hunter2"] {
            let Err(VectorError::Permanent(message)) = http(bad).map(|_| ()) else {
                panic!("{bad:?} was taken");
            };
            assert!(message.starts_with("qdrant: the ") && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_key_that_cannot_be_sent_is_refused_without_being_repeated() {
        for (bad, what) in [("", "empty"), ("hunter2\n", "line breaks")] {
            let key = KeyHeader { name: HeaderName::from_static("api-key"), scheme: "", key: Secret::new(bad) };
            let made = Http::new("qdrant", "http://host", Some(key), HeaderMap::new(), HttpLimits::default());
            let Err(VectorError::Permanent(message)) = made.map(|_| ()) else {
                panic!("{bad:?} was taken");
            };
            assert!(message.contains(what) && !message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_server_is_not_asked_again_when_it_wants_to_be_left_alone_for_long() {
        let http = http("http://host").unwrap();
        let busy =
            |seconds| Failure::Transient { message: String::new(), retry_after: Some(Duration::from_secs(seconds)) };
        let own = Some(Duration::from_secs(1));
        assert_eq!(http.pause(&busy(3), own), Some(Duration::from_secs(3)));
        assert_eq!(http.pause(&busy(0), own), own);
        assert_eq!(http.pause(&busy(11), own), None);
        assert_eq!(http.pause(&busy(3), None), None);
    }
}

//! One way of asking services over HTTP.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::Value;

/// A key. It is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a key.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A client that follows no redirect, uses no proxy and waits no longer than `total`. It brings its TLS along: nothing is
/// set for the whole process.
pub(crate) fn build(total: Duration) -> Result<Client, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(total);
    client.build().map_err(|error| told(&error))
}

/// What a failed request says of itself, without the address: it may hold a key.
pub(crate) fn told(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "it cannot be reached".to_owned()
    } else {
        "the connection broke off".to_owned()
    }
}

/// The whole of an answer, if it is no longer than `most` bytes.
pub(crate) async fn body(mut answer: Response, most: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| told(&error))? {
        if body.len() + part.len() > most {
            return Err(format!("the answer is longer than {most} bytes"));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// What a service says is wrong, shortened.
pub(crate) fn message(body: &[u8]) -> String {
    let said = serde_json::from_slice::<Value>(body).ok().and_then(|json| {
        let error = &json["error"];
        error["message"].as_str().or(error.as_str()).or(json["message"].as_str()).map(str::to_owned)
    });
    let said = said.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

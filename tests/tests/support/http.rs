//! HTTP clients. They talk in clear text to this machine alone; but a client is made with TLS, and TLS needs to be told
//! whose cryptography it is to use.

use reqwest::{Client, ClientBuilder};

/// A client to be made.
pub(crate) fn builder() -> ClientBuilder {
    // Whoever comes second is told that it is done.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

/// A client.
pub(crate) fn client() -> Client {
    builder().build().unwrap()
}

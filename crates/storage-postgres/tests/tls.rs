//! Who a connection is made to, checked on a server with a certificate of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::path::{Path, PathBuf};
use std::time::Duration;

use kernel::{RepositoryError, error_chain};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use storage_postgres::{PostgresOptions, PostgresStorage, TlsMode};
use tempfile::TempDir;
use test_support::postgres::{self, PostgresServer};
use test_support::{Unavailable, require};

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server whose certificate is for `localhost` alone, and the authorities to be tried on it.
struct Encrypted {
    server: PostgresServer,
    folder: TempDir,
}

impl Encrypted {
    async fn start() -> Result<Self, Unavailable> {
        let (right, wrong) = (authority("right"), authority("wrong"));
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &right).unwrap();
        let settings = ["ssl=on", "ssl_cert_file=../server.pem", "ssl_key_file=../server.key"];
        let files = [("server.pem", certificate.pem()), ("server.key", key.serialize_pem())];
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let server = postgres::server_with(&settings, &files).await?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("right.pem"), right.pem()).unwrap();
        std::fs::write(folder.path().join("wrong.pem"), wrong.pem()).unwrap();
        Ok(Self { server, folder })
    }

    fn ca(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The server's address under the name in its certificate, or under its number.
    fn url(&self, host: &str) -> String {
        self.server.url().replace("127.0.0.1", host)
    }
}

async fn connect(url: String, tls: Option<TlsMode>, ca: Option<&Path>) -> Result<PostgresStorage, RepositoryError> {
    // A refusal is told at once however long may be tried: it does not pass.
    let connect_retry = Duration::from_mins(10);
    let ca = ca.map(Path::to_owned);
    let options = PostgresOptions { tls, tls_ca_file: ca, connect_retry, ..PostgresOptions::new(url) };
    PostgresStorage::connect(&options).await
}

async fn is_encrypted(storage: &PostgresStorage) -> bool {
    storage.facts(storage_sea::Counting::Cheap).await.unwrap().encrypted
}

fn refusal(connected: Result<PostgresStorage, RepositoryError>) -> String {
    let error = connected.unwrap_err();
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    error_chain(&error)
}

#[tokio::test]
async fn a_server_is_believed_for_the_right_authority_and_name_only() {
    let server = require!(Encrypted::start().await);
    let (right, wrong) = (server.ca("right.pem"), server.ca("wrong.pem"));
    let verify = Some(TlsMode::VerifyFull);

    let storage = connect(server.url("localhost"), verify, Some(&right)).await.unwrap();
    assert!(is_encrypted(&storage).await);
    storage.close().await.unwrap();

    let unknown = refusal(connect(server.url("localhost"), verify, Some(&wrong)).await);
    assert!(unknown.contains("UnknownIssuer") || unknown.contains("BadSignature"), "{unknown}");
    let untrusted = refusal(connect(server.url("localhost"), verify, None).await);
    assert!(untrusted.contains("UnknownIssuer"), "{untrusted}");
    let elsewhere = refusal(connect(server.url("127.0.0.1"), verify, Some(&right)).await);
    assert!(elsewhere.contains("not valid for name"), "{elsewhere}");
}

#[tokio::test]
async fn encryption_without_a_check_and_clear_text_have_to_be_asked_for() {
    let server = require!(Encrypted::start().await);
    let required = connect(server.url("127.0.0.1"), Some(TlsMode::Require), None).await.unwrap();
    assert!(is_encrypted(&required).await);
    let plain = connect(server.url("127.0.0.1"), Some(TlsMode::Disable), None).await.unwrap();
    assert!(!is_encrypted(&plain).await);
    let local = connect(server.url("127.0.0.1"), None, None).await.unwrap();
    assert!(!is_encrypted(&local).await, "this machine is not checked unless asked for");
    let by_url =
        format!("{}?sslmode=verify-full&sslrootcert={}", server.url("localhost"), server.ca("right.pem").display());
    assert!(is_encrypted(&connect(by_url, None, None).await.unwrap()).await);
}

#[tokio::test]
async fn a_server_without_encryption_is_refused_where_it_is_verified() {
    let database = require!(postgres::database().await);
    for mode in [TlsMode::VerifyFull, TlsMode::Require] {
        let refused = refusal(connect(database.url.clone(), Some(mode), None).await);
        assert!(refused.contains("does not support TLS"), "{refused}");
    }
}

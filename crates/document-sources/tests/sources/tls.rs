use std::sync::{Arc, Mutex};

use document_sources::{HttpOptions, HttpSource, InvalidWebOptions};
use rag_pipeline::ports::FileSource;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::support::{Answer, Names, clock, opened, serve, url};

/// A server for `shop.test`, its port and its certificate in PEM.
async fn secure(tasks: &mut JoinSet<()>) -> (u16, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["shop.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                let answer = |asked: &crate::support::Asked| {
                    if asked.path == "/down" { Answer::redirect("http://shop.test/") } else { Answer::ok("secret") }
                };
                serve(stream, Arc::new(answer), Arc::new(Mutex::default())).await;
            }
        }
    });
    (port, cert.pem())
}

fn source(certificates: &str) -> HttpSource {
    let mut options: HttpOptions = opened(&["127.0.0.1"]);
    options.web.certificates = certificates.as_bytes().to_vec();
    let names = Names::of(&[("shop.test", &[&["127.0.0.1"]]), ("other.test", &[&["127.0.0.1"]])]);
    HttpSource::with_lookup(&options, clock(), names).unwrap()
}

#[tokio::test]
async fn only_a_trusted_certificate_of_the_right_name_is_believed() {
    let mut tasks = JoinSet::new();
    let (port, certificate) = secure(&mut tasks).await;
    let address = format!("https://shop.test:{port}/");
    assert_eq!(source(&certificate).fetch(&url(&address)).await.unwrap().raw.bytes, b"secret");
    for (source, address) in [(source(""), address), (source(&certificate), format!("https://other.test:{port}/"))] {
        let error = source.fetch(&url(address)).await.unwrap_err();
        assert_eq!(error.code(), "source_failed", "{error}");
        assert!(error.to_string().contains("certificate is not trusted"), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_does_not_leave_encryption() {
    let mut tasks = JoinSet::new();
    let (port, certificate) = secure(&mut tasks).await;
    let error = source(&certificate).fetch(&url(format!("https://shop.test:{port}/down"))).await.unwrap_err();
    assert_eq!(error.code(), "source_not_allowed");
    assert!(error.to_string().contains("without encryption"), "{error}");
}

#[test]
fn certificates_that_are_none_are_told() {
    for wrong in ["no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let mut options = HttpOptions::default();
        options.web.certificates = wrong.as_bytes().to_vec();
        assert!(matches!(HttpSource::new(&options, clock()), Err(InvalidWebOptions::Certificates(_))), "{wrong}");
    }
}

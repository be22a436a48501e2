use std::collections::BTreeMap;

use document_sources::{S3Keys, S3Options, S3Source, Secret};
use hmac::{Hmac, KeyInit, Mac};
use rag_pipeline::model::{FetchedDocument, SourceError};
use rag_pipeline::ports::FileSource;
use sha2::{Digest, Sha256};

use crate::support::{Answer, Asked, Server, clock, url, web};

const ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keyed(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The signature that a query should have, by the steps of AWS' "Authenticating Requests: Using Query Parameters".
fn signature(secret: &str, host: &str, path: &str, query: &str) -> String {
    let mut parts: Vec<&str> = query.split('&').filter(|part| !part.starts_with("X-Amz-Signature=")).collect();
    parts.sort_unstable();
    let value = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap();
    let (date, scope) = (value("X-Amz-Date"), value("X-Amz-Credential").replace("%2F", "/"));
    let scope = scope.split_once('/').unwrap().1.to_owned();
    let request = format!("GET\n{path}\n{}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD", parts.join("&"));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(request)));
    let key = scope.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| keyed(&key, part));
    hex(&keyed(&key, &text))
}

fn query(asked: &Asked) -> BTreeMap<String, String> {
    let query = asked.path.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn options(server: &Server) -> S3Options {
    S3Options {
        web: web(),
        endpoint: Some(server.url("")),
        region: "ap-northeast-2".to_owned(),
        path_style: true,
        keys: Some(S3Keys { id: ID.to_owned(), secret: Secret::new(SECRET), token: None }),
        buckets: Vec::new(),
    }
}

async fn fetch(options: &S3Options, address: &str) -> Result<FetchedDocument, SourceError> {
    S3Source::new(options, clock()).unwrap().fetch(&url(address)).await
}

#[test]
fn the_check_of_signatures_agrees_with_the_example_of_aws() {
    let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F\
                 aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
    let told = signature(SECRET, "examplebucket.s3.amazonaws.com", "/test.txt", query);
    assert_eq!(told, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

#[tokio::test]
async fn an_object_is_asked_for_with_a_signature() {
    let server = Server::start(|_| Answer::new(200, &[("content-type", "binary/octet-stream")], "x")).await;
    let fetched = fetch(&options(&server), "s3://docs/폴더/약관 1+%20.md".replace(' ', "_").as_str()).await.unwrap();
    assert_eq!(fetched.raw.name, "약관_1+%20.md");
    assert_eq!((fetched.raw.bytes.as_slice(), fetched.raw.media_type), (b"x".as_slice(), None));
    let asked = &server.asked()[0];
    let (path, query_text) = asked.path.split_once('?').unwrap();
    assert_eq!(path, "/docs/%ED%8F%B4%EB%8D%94/%EC%95%BD%EA%B4%80_1%2B%2520.md");
    let query = query(asked);
    assert_eq!(query["X-Amz-Credential"], format!("{ID}/20261120/ap-northeast-2/s3/aws4_request"));
    assert_eq!((query["X-Amz-Date"].as_str(), query["X-Amz-Expires"].as_str()), ("20261120T000000Z", "300"));
    assert_eq!(query["X-Amz-Signature"], signature(SECRET, &asked.headers["host"], path, query_text));
    assert!(!asked.headers.contains_key("authorization"));
}

#[tokio::test]
async fn temporary_keys_bring_their_token_and_no_keys_no_signature() {
    let server = Server::start(|_| Answer::ok("x")).await;
    let mut with_token = options(&server);
    with_token.keys.as_mut().unwrap().token = Some(Secret::new("to/ken"));
    fetch(&with_token, "s3://docs/a.md").await.unwrap();
    fetch(&S3Options { keys: None, ..options(&server) }, "s3://docs/a.md").await.unwrap();
    let asked = server.asked();
    assert_eq!(query(&asked[0])["X-Amz-Security-Token"], "to/ken");
    assert_eq!(asked[1].path, "/docs/a.md");
}

#[tokio::test]
async fn the_bucket_stands_in_the_host_unless_told_otherwise() {
    // The name has no address: what matters is which one was asked for.
    let options = S3Options { endpoint: Some("http://s3.invalid".to_owned()), web: web(), ..S3Options::default() };
    let error = fetch(&options, "s3://docs/a.md").await.unwrap_err();
    assert_eq!(error.code(), "source_unavailable");
    let address = S3Options { endpoint: Some("http://127.0.0.1:9".to_owned()), web: web(), ..S3Options::default() };
    let error = fetch(&address, "s3://docs/a.md").await.unwrap_err();
    assert!(error.to_string().contains("path style would help"), "{error}");
}

#[tokio::test]
async fn errors_name_the_object_and_no_key() {
    for (answer, code) in [
        (Answer::status(404), "source_not_found"),
        (Answer::status(403), "source_failed"),
        (Answer::status(301), "source_failed"),
        (Answer::new(503, &[("retry-after", "3")], ""), "source_unavailable"),
        (Answer::ok(vec![0; 10_001]), "source_too_large"),
        (Answer::raw(b"nonsense\r\n\r\n"), "source_unavailable"),
    ] {
        let server = Server::start(move |_| answer.clone()).await;
        let error = fetch(&options(&server), "s3://docs/a.md").await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert_eq!(error.code(), code, "{told}");
        assert!(told.contains("s3://docs/a.md") && !told.contains("X-Amz") && !told.contains(SECRET), "{told}");
        assert!(!told.contains("127.0.0.1"), "{told}");
    }
}

#[tokio::test]
async fn no_key_leads_out_of_its_bucket() {
    let server = Server::start(|_| Answer::ok("x")).await;
    for wrong in
        ["s3://docs", "s3://docs/", "s3:///key", "s3://docs/../other/a", "s3://docs/a/./b", "s3://a?b/c", "s3://a@b/c"]
    {
        assert_eq!(fetch(&options(&server), wrong).await.unwrap_err().code(), "source_failed", "{wrong}");
    }
    let closed = S3Options { buckets: vec!["docs".to_owned()], ..options(&server) };
    assert_eq!(fetch(&closed, "s3://other/a").await.unwrap_err().code(), "source_not_allowed");
    assert!(server.asked().is_empty());
    fetch(&closed, "s3://docs/a").await.unwrap();
    fetch(&options(&server), "s3://docs//a//b").await.unwrap();
    assert!(server.asked()[1].path.starts_with("/docs//a//b?"));
}

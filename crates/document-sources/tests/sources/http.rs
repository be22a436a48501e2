use std::io::Write;

use document_sources::HttpSource;
use flate2::Compression;
use flate2::write::GzEncoder;
use rag_pipeline::model::{FetchedDocument, SourceError};
use rag_pipeline::ports::FileSource;

use crate::support::{Answer, Server, clock, local, url};

async fn fetch(server: &Server, path: &str) -> Result<FetchedDocument, SourceError> {
    HttpSource::new(&local(), clock()).unwrap().fetch(&url(server.url(path))).await
}

async fn answered(answer: Answer) -> Result<FetchedDocument, SourceError> {
    let server = Server::of(&[("/a", answer)]).await;
    fetch(&server, "/a").await
}

fn zipped(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_document_comes_with_its_bytes_its_name_and_its_kind() {
    let headers = [
        ("content-type", "text/html; charset=EUC-KR"),
        ("content-disposition", "attachment; filename*=UTF-8''%EA%B0%80.html"),
    ];
    let fetched = answered(Answer::new(200, &headers, b"<p>\xb0\xa1")).await.unwrap();
    assert_eq!(fetched.raw.bytes, b"<p>\xb0\xa1");
    assert_eq!(fetched.raw.name, "가.html");
    assert_eq!(fetched.raw.media_type.as_deref(), Some("text/html; charset=EUC-KR"));
    assert_eq!((fetched.title, fetched.url), (None, None));
}

#[tokio::test]
async fn the_request_says_who_asks_and_asks_for_nothing_zipped() {
    let server = Server::of(&[("/a?b=c", Answer::ok("x"))]).await;
    fetch(&server, "/a?b=c#fragment").await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("GET", "/a?b=c"));
    assert!(asked.headers["user-agent"].starts_with("iyagi/"), "{asked:?}");
    assert_eq!(asked.headers["accept-encoding"], "identity");
    assert!(!asked.headers.contains_key("authorization") && !asked.headers.contains_key("referer"));
}

#[tokio::test]
async fn redirects_are_followed_and_the_name_is_that_of_the_last() {
    let table = [
        ("/1", Answer::redirect("/folder/2?x")),
        ("/folder/2?x", Answer::new(308, &[("location", "../terms.md#part")], "")),
        ("/terms.md", Answer::ok("# 약관")),
    ];
    let server = Server::of(&table).await;
    let fetched = fetch(&server, "/1").await.unwrap();
    assert_eq!((fetched.raw.name.as_str(), fetched.raw.bytes.as_slice()), ("terms.md", "# 약관".as_bytes()));
    assert_eq!(server.paths(), ["/1", "/folder/2?x", "/terms.md"]);
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let server = Server::start(|asked| Answer::redirect(&format!("{}x", asked.path))).await;
    let error = fetch(&server, "/a").await.unwrap_err();
    assert_eq!(error.code(), "source_failed");
    assert_eq!(server.paths().len(), 6, "the address and five redirects");
    let nowhere = answered(Answer::status(302)).await.unwrap_err();
    assert!(nowhere.to_string().contains("without saying where to"), "{nowhere}");
}

#[tokio::test]
async fn each_status_says_what_to_do() {
    for (status, code) in [
        (404, "source_not_found"),
        (410, "source_not_found"),
        (401, "source_failed"),
        (403, "source_failed"),
        (400, "source_failed"),
        (304, "source_failed"),
        (501, "source_failed"),
        (408, "source_unavailable"),
        (429, "source_unavailable"),
        (500, "source_unavailable"),
        (503, "source_unavailable"),
    ] {
        let error = answered(Answer::status(status)).await.unwrap_err();
        assert_eq!(error.code(), code, "{status}: {error}");
    }
}

#[tokio::test]
async fn a_busy_server_says_when_to_come_back() {
    for (told, seconds) in [("7", 7), ("Fri, 20 Nov 2026 00:01:00 GMT", 60)] {
        let error = answered(Answer::new(503, &[("retry-after", told)], "")).await.unwrap_err();
        assert!(
            matches!(error, SourceError::Transient { retry_after: Some(wait), .. } if wait == seconds),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn what_comes_zipped_unasked_is_unzipped_within_the_limit() {
    let gzip = [("content-encoding", "gzip")];
    assert_eq!(answered(Answer::new(200, &gzip, zipped(b"plain"))).await.unwrap().raw.bytes, b"plain");
    let bomb = answered(Answer::new(200, &gzip, zipped(&vec![0; 5_000_000]))).await.unwrap_err();
    assert_eq!(bomb.code(), "source_too_large");
    for (encoding, body) in [("gzip", "no gzip"), ("br", "x"), ("gzip, gzip", "x")] {
        let error = answered(Answer::new(200, &[("content-encoding", encoding)], body)).await.unwrap_err();
        assert_eq!(error.code(), "source_failed", "{encoding}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_told_without_the_query() {
    let server = Server::start(|_| Answer::raw(b"SSH-2.0-OpenSSH\r\n")).await;
    let error = fetch(&server, "/a?token=geheim").await.unwrap_err();
    assert_eq!(error.code(), "source_unavailable");
    assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_document() {
    let cut = Answer::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\n12345");
    assert_eq!(answered(cut).await.unwrap_err().code(), "source_unavailable");
}

#[tokio::test]
async fn nobody_there_may_be_somebody_later() {
    let server = Server::of(&[]).await;
    let address = server.url("/a?token=geheim");
    drop(server);
    let error = HttpSource::new(&local(), clock()).unwrap().fetch(&url(address)).await.unwrap_err();
    assert_eq!(error.code(), "source_unavailable");
    assert!(error.to_string().contains("no connection") && !error.to_string().contains("geheim"), "{error}");
}

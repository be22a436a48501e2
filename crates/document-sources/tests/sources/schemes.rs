use document_sources::{NotionOptions, S3Keys, S3Options, Secret, Sources, SourcesOptions};
use rag_pipeline::ports::{FileSource, SourceCatalogue};

use crate::support::{Answer, Server, clock, local, url};

#[tokio::test]
async fn a_source_is_picked_by_its_scheme() {
    let server = Server::of(&[("/a", Answer::ok("x")), ("/bucket/k", Answer::ok("y"))]).await;
    let s3 = S3Options { endpoint: Some(server.url("")), path_style: true, ..S3Options::default() };
    let options = SourcesOptions { http: local(), s3: Some(s3), ..SourcesOptions::default() };
    let sources = Sources::new(options, &clock()).unwrap();
    assert_eq!(sources.fetch(&url(server.url("/a"))).await.unwrap().raw.bytes, b"x");
    assert_eq!(sources.fetch(&url("s3://bucket/k")).await.unwrap().raw.bytes, b"y");
    let closed = sources.fetch(&url("file:///etc/passwd")).await.unwrap_err();
    assert!(closed.to_string().contains("no folder of this server is opened"), "{closed}");
    assert!(sources.serves(&url("https://a.example")) && !sources.serves(&url("notion://page/1")));
}

#[tokio::test]
async fn an_unknown_scheme_is_told_what_is_allowed() {
    let sources = Sources::new(SourcesOptions::default(), &clock()).unwrap();
    for (address, told) in [
        ("ftp://a.example/x", "documents are fetched from https://, http://, file://"),
        ("s3://bucket/key", "https://, http://, file://; S3 is not configured"),
        ("notion://page/1", "https://, http://, file://; Notion is not configured"),
    ] {
        let error = sources.fetch(&url(address)).await.unwrap_err();
        assert_eq!(error.code(), "source_not_allowed");
        assert!(error.to_string().contains(told), "{error}");
    }
    let error = sources.list(&url("file:///a"), 10).await.unwrap_err();
    assert!(error.to_string().contains("lists are made of https://, http://"), "{error}");
}

#[test]
fn no_secret_is_shown() {
    let keys = S3Keys { id: "AKID".to_owned(), secret: Secret::new("geheim"), token: Some(Secret::new("geheim")) };
    let options = SourcesOptions {
        s3: Some(S3Options { keys: Some(keys), ..S3Options::default() }),
        notion: Some(NotionOptions::new(Secret::new("geheim"))),
        ..SourcesOptions::default()
    };
    let shown = format!("{options:?}");
    assert!(shown.contains("AKID") && !shown.contains("geheim"), "{shown}");
}

#[test]
fn options_that_cannot_be_used_are_told_without_secrets() {
    let told = |options: SourcesOptions| format!("{:?}", Sources::new(options, &clock()).err().expect("refused"));
    let s3 = S3Options { endpoint: Some("https://user:geheim@s3.example".to_owned()), ..S3Options::default() };
    let notion = NotionOptions::new(Secret::new("geheim\n"));
    let ftp = NotionOptions { base: "ftp://a.example".to_owned(), ..NotionOptions::new(Secret::new("x")) };
    for options in [
        SourcesOptions { s3: Some(s3), ..SourcesOptions::default() },
        SourcesOptions { notion: Some(notion), ..SourcesOptions::default() },
        SourcesOptions { notion: Some(ftp), ..SourcesOptions::default() },
        SourcesOptions { notion: Some(NotionOptions::new(Secret::new(""))), ..SourcesOptions::default() },
    ] {
        let told = told(options);
        assert!(!told.contains("geheim"), "{told}");
    }
}

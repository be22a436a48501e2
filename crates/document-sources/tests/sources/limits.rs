use std::time::{Duration, Instant};

use document_sources::{HttpOptions, HttpSource};
use rag_pipeline::model::{FetchedDocument, SourceError};
use rag_pipeline::ports::FileSource;

use crate::support::{Answer, Server, clock, local, url};

async fn within(options: &HttpOptions, answer: Answer) -> Result<FetchedDocument, SourceError> {
    let server = Server::start(move |_| answer.clone()).await;
    HttpSource::new(options, clock()).unwrap().fetch(&url(server.url("/a"))).await
}

fn told(size: usize) -> Answer {
    Answer::ok(vec![b'x'; size])
}

#[tokio::test]
async fn what_is_announced_as_too_large_is_not_even_read() {
    let endless = Answer::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 10001\r\n\r\n").stalling();
    let begin = Instant::now();
    let error = within(&local(), endless).await.unwrap_err();
    assert!(matches!(error, SourceError::TooLarge { limit: 10_000, .. }), "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(5), "it waited for the body");
}

#[tokio::test]
async fn what_turns_out_too_large_is_broken_off() {
    let endless = Answer::pieces(2_000, &[b'x'; 1_000], Duration::ZERO);
    assert_eq!(within(&local(), endless).await.unwrap_err().code(), "source_too_large");
}

#[tokio::test]
async fn the_limit_itself_is_not_too_large() {
    assert_eq!(within(&local(), told(10_000)).await.unwrap().raw.bytes.len(), 10_000);
    assert_eq!(
        within(&local(), Answer::pieces(10, &[b'x'; 1_000], Duration::ZERO)).await.unwrap().raw.bytes.len(),
        10_000
    );
    assert_eq!(within(&local(), told(10_001)).await.unwrap_err().code(), "source_too_large");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let mut options = local();
    options.web.limits.idle = Duration::from_millis(200);
    options.web.limits.connect = Duration::from_millis(200);
    for silent in
        [Answer::raw(b"").stalling(), Answer::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1").stalling()]
    {
        let error = within(&options, silent).await.unwrap_err();
        assert!(error.to_string().contains("said nothing"), "{error}");
        assert_eq!(error.code(), "source_unavailable");
    }
}

#[tokio::test]
async fn a_server_that_drips_is_left_too() {
    let mut options = local();
    options.web.limits.total = Duration::from_millis(400);
    let error = within(&options, Answer::pieces(10_000, b"x", Duration::from_millis(20))).await.unwrap_err();
    assert!(error.to_string().contains("longer than 0.4 seconds"), "{error}");
    assert_eq!(error.code(), "source_unavailable");
}

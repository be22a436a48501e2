use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use document_sources::{NotionOptions, NotionSource, Secret};
use rag_pipeline::model::{FetchedDocument, SourceError};
use rag_pipeline::ports::{FileSource, SourceCatalogue};
use serde_json::{Value, json};

use crate::support::{Answer, Asked, Server, clock, url, web};

const PAGE: &str = "notion://page/598337872cf94fdf8782e53db20768a5";
const DATABASE: &str = "notion://database/d9824bdc84454327be8b5b47500af6ce";
const TOKEN: &str = "ntn_geheim";

macro_rules! fixture {
    ($name:literal) => {
        Answer::json(200, include_str!(concat!("fixtures/notion-", $name, ".json")))
    };
}

/// Answers as Notion does for the page and the database of the fixtures, which are shaped like those in its reference.
fn notion(asked: &Asked) -> Answer {
    let block = |id: &str| format!("/v1/blocks/00000000-0000-4000-8000-{id:0>12}/children");
    let second = "/v1/blocks/59833787-2cf9-4fdf-8782-e53db20768a5/children?page_size=100&start_cursor=cursor-2";
    match asked.path.as_str() {
        "/v1/pages/59833787-2cf9-4fdf-8782-e53db20768a5" => fixture!("page"),
        "/v1/blocks/59833787-2cf9-4fdf-8782-e53db20768a5/children" => fixture!("children-1"),
        path if path == second => fixture!("children-2"),
        path if path == block("3") => fixture!("children-of-3"),
        path if path == block("4") => fixture!("children-of-4"),
        path if path == block("42") => fixture!("children-of-42"),
        path if path == block("9") => fixture!("children-of-9"),
        path if path == block("a") => fixture!("children-of-a"),
        path if path == block("a1") => fixture!("children-of-a1"),
        "/v1/databases/d9824bdc-8445-4327-be8b-5b47500af6ce" => fixture!("database"),
        "/v1/data_sources/00000000-0000-4000-8000-0000000da7a1/query" if asked.body.contains("cursor-2") => {
            fixture!("query-2")
        }
        "/v1/data_sources/00000000-0000-4000-8000-0000000da7a1/query" => fixture!("query-1"),
        "/v1/data_sources/00000000-0000-4000-8000-0000000da7a2/query" => fixture!("query-abroad"),
        _ => {
            Answer::json(404, r#"{"object":"error","status":404,"code":"object_not_found","message":"Could not find"}"#)
        }
    }
}

fn options(server: &Server) -> NotionOptions {
    let base = server.url("/v1");
    NotionOptions { web: web(), base, requests_per_second: 1_000.0, ..NotionOptions::new(Secret::new(TOKEN)) }
}

fn source(server: &Server) -> NotionSource {
    NotionSource::new(&options(server), clock()).unwrap()
}

async fn answered(answer: Answer) -> Result<FetchedDocument, SourceError> {
    let server = Server::start(move |_| answer.clone()).await;
    source(&server).fetch(&url(PAGE)).await
}

#[tokio::test]
async fn a_page_is_markdown_with_what_is_nested_in_it() {
    let server = Server::start(notion).await;
    let fetched = source(&server).fetch(&url(PAGE)).await.unwrap();
    let wanted = "# 배송과 환불

- 분류: 배송

## 배송

주문 후 2일 안에 도착합니다. [조회하기](<https://shop.example/track?no=1>)

- 제주·도서 지역
  - 하루 더 걸립니다.

- 환불은 언제 되나요?

  물건을 받은 날부터

  1. 3일 안에 확인

     휴일은 빼고 셉니다.
  2. 7일 안에 입금

- [x] 송장 확인

> 고객이 먼저입니다.

> 설 연휴에는 늦어집니다.

```http
GET /track/1
```

| 지역 | 배송비 |
| --- | --- |
| 서울 | 3,000원 |

옆 칸의 글

교환

포장 사진

### 더 알아보기
";
    assert_eq!(String::from_utf8(fetched.raw.bytes).unwrap(), wanted);
    assert_eq!(fetched.raw.name, "배송과 환불.md");
    assert_eq!(fetched.raw.media_type.as_deref(), Some("text/markdown; charset=utf-8"));
    assert_eq!(fetched.title.as_deref(), Some("배송과 환불"));
    assert_eq!(fetched.url.as_deref(), Some("https://shop.notion.site/598337872cf94fdf8782e53db20768a5"));
}

#[tokio::test]
async fn each_request_brings_the_token_and_the_version() {
    let server = Server::start(notion).await;
    source(&server).fetch(&url(PAGE)).await.unwrap();
    for asked in server.asked() {
        assert_eq!(asked.headers["authorization"], format!("Bearer {TOKEN}"));
        assert_eq!(asked.headers["notion-version"], "2026-03-11");
    }
}

#[tokio::test]
async fn the_pages_of_all_data_sources_are_listed_in_order() {
    let server = Server::start(notion).await;
    let found = source(&server).list(&url(DATABASE), 100).await.unwrap();
    let told: Vec<_> = found.iter().map(|found| (found.url.as_str(), found.title.as_deref())).collect();
    let wanted = [
        ("notion://page/00000000-0000-4000-8000-000000beef01", Some("배송은 얼마나 걸리나요?")),
        ("notion://page/00000000-0000-4000-8000-000000beef03", None),
        ("notion://page/00000000-0000-4000-8000-000000beef04", Some("해외로도 보내나요?")),
    ];
    assert_eq!(told, wanted);
    let queries: Vec<Value> =
        server.asked().iter().filter(|asked| asked.method == "POST").map(|asked| asked.body.parse().unwrap()).collect();
    assert_eq!(queries[0]["sorts"], json!([{"timestamp": "created_time", "direction": "ascending"}]));
    assert_eq!((&queries[0]["start_cursor"], &queries[1]["start_cursor"]), (&Value::Null, &json!("cursor-2")));
    assert_eq!(queries[0]["page_size"], 100);
}

#[tokio::test]
async fn no_more_is_listed_than_asked_for() {
    let server = Server::start(notion).await;
    assert_eq!(source(&server).list(&url(DATABASE), 1).await.unwrap().len(), 1);
    assert_eq!(server.paths().len(), 2, "the database, and one part of its first source");
}

#[tokio::test]
async fn when_notion_asks_for_patience_it_is_asked_again() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |asked| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Answer::new(429, &[("retry-after", "0")], "{}"),
        1 => Answer::new(503, &[("retry-after", "1")], "{}"),
        _ => notion(asked),
    })
    .await;
    source(&server).fetch(&url(PAGE)).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].path, asked[1].path);
    assert!(asked[2].at - asked[1].at >= Duration::from_millis(900), "it came back too early");
}

#[tokio::test]
async fn patience_has_an_end() {
    let server = Server::start(|_| Answer::new(429, &[("retry-after", "0")], "{}")).await;
    let error = source(&server).fetch(&url(PAGE)).await.unwrap_err();
    assert_eq!(error.code(), "source_unavailable");
    assert_eq!(server.asked().len(), 4);
    let server = Server::start(|_| Answer::new(429, &[("retry-after", "3600")], "{}")).await;
    let error = source(&server).fetch(&url(PAGE)).await.unwrap_err();
    assert!(matches!(error, SourceError::Transient { retry_after: Some(3_600), .. }), "{error:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn requests_keep_their_pace() {
    let server = Server::start(notion).await;
    let slow = NotionOptions { requests_per_second: 10.0, ..options(&server) };
    let source = NotionSource::new(&slow, clock()).unwrap();
    let (one, two) = (url(DATABASE), url(DATABASE));
    let begin = Instant::now();
    let (one, two) = tokio::join!(source.list(&one, 100), source.list(&two, 100));
    assert_eq!(one.unwrap(), two.unwrap());
    let asked = server.asked();
    assert_eq!(asked.len(), 8);
    for (pauses, asked) in asked.iter().enumerate() {
        assert!(asked.at - begin >= Duration::from_millis(100) * pauses as u32, "{asked:?}");
    }
}

#[tokio::test]
async fn errors_say_what_to_do_and_tell_no_token() {
    for (answer, told) in [
        (Answer::json(401, "{}"), "does not accept the token"),
        (Answer::json(403, "{}"), "may not read content"),
        (Answer::json(404, "{}"), "add the connection"),
        (Answer::json(400, r#"{"message": "is a block"}"#), "is a block"),
        (Answer::ok("<html>"), "not JSON"),
        (Answer::redirect("http://other.example/"), "302"),
    ] {
        let error = answered(answer).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(told) && text.contains(PAGE), "{text}");
        assert!(!text.contains("geheim") && !text.contains("127.0.0.1"), "{text}");
    }
}

#[tokio::test]
async fn what_was_removed_is_not_there() {
    let gone = Answer::json(200, r#"{"object": "page", "in_trash": true, "properties": {}}"#);
    assert_eq!(answered(gone).await.unwrap_err().code(), "source_not_found");
}

#[tokio::test]
async fn a_page_has_limits() {
    let server = Server::start(notion).await;
    let few = NotionOptions { max_blocks: 5, ..options(&server) };
    let error = NotionSource::new(&few, clock()).unwrap().fetch(&url(PAGE)).await.unwrap_err();
    assert!(error.to_string().contains("more than 5 blocks"), "{error}");
    let mut small = options(&server);
    small.web.limits.max_bytes = 100;
    let error = NotionSource::new(&small, clock()).unwrap().fetch(&url(PAGE)).await.unwrap_err();
    assert_eq!(error.code(), "source_too_large");
    let short = NotionOptions { total: Duration::from_millis(1), ..options(&server) };
    let error = NotionSource::new(&short, clock()).unwrap().fetch(&url(PAGE)).await.unwrap_err();
    assert_eq!(error.code(), "source_unavailable");
}

#[tokio::test]
async fn blocks_that_hold_themselves_come_to_an_end() {
    let server = Server::start(|asked| {
        if asked.path.starts_with("/v1/pages") {
            return fixture!("page");
        }
        let id = "00000000-0000-4000-8000-000000000001";
        let text = json!([{"plain_text": "x"}]);
        let block = json!({"id": id, "has_children": true, "type": "paragraph", "paragraph": {"rich_text": text}});
        Answer::json(200, &json!({"results": [block], "has_more": false}).to_string())
    })
    .await;
    let fetched = source(&server).fetch(&url(PAGE)).await.unwrap();
    assert_eq!(String::from_utf8(fetched.raw.bytes).unwrap().matches('x').count(), 21);
}

#[tokio::test]
async fn an_address_that_is_none_is_told_how_to_write_it() {
    let server = Server::start(notion).await;
    let source = source(&server);
    for wrong in ["notion://page/x", "notion://page/../../evil", DATABASE, "notion://page/"] {
        let error = source.fetch(&url(wrong)).await.unwrap_err();
        assert!(error.to_string().contains("notion://page/<id>"), "{error}");
    }
    let error = source.list(&url(PAGE), 10).await.unwrap_err();
    assert!(error.to_string().contains("notion://database/<id>"), "{error}");
    assert!(server.asked().is_empty());
}

//! Documents in, found, listed and removed.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::desk::{DeskSetup, MAX_DOCUMENT};
use crate::support::{Api, Reply, Setup};

const SHIPPING: &str = "제주도 배송비는 3,000원이 추가됩니다.\n교환은 7일 안에 신청합니다.";

fn document(id: &str, content: &str) -> Value {
    json!({"id": id, "title": "배송 안내", "content": content, "wait": true, "url": "https://shop.example/help"})
}

/// A form with these fields and a file.
fn form(fields: &[(&str, &str)], file: Option<(&str, &str, &[u8])>) -> TestRequest {
    let mut body: Vec<u8> = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    if let Some((name, media_type, bytes)) = file {
        let head = format!(
            "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: {media_type}\r\n\r\n"
        );
        body.extend(head.bytes().chain(bytes.iter().copied()).chain(*b"\r\n"));
    }
    body.extend(b"--x--\r\n");
    TestRequest::default().insert_header(("content-type", "multipart/form-data; boundary=x")).set_payload(body)
}

async fn submitted(api: &Api, body: Value) -> Value {
    let reply = api.post("/api/documents", body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.json()
}

/// The task, once it is finished.
async fn finished(api: &Api, task: &str) -> Value {
    for _ in 0..1_000 {
        let told = api.get(&format!("/ai/task/{task}")).await.json();
        if told["status"] == "completed" || told["status"] == "failed" {
            return told;
        }
        tokio::task::yield_now().await;
    }
    panic!("the task is not done");
}

fn refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (status, Some(code)), "{}", reply.text);
}

#[actix_web::test]
async fn a_document_that_is_waited_for_can_be_searched() {
    let api = Api::new().await;
    let made = submitted(&api, document("shipping", SHIPPING)).await;
    assert_eq!(
        (&made["status"], &made["chunkCount"], &made["collection"]),
        (&json!("ready"), &json!(1), &json!("help"))
    );
    let found = api.post("/api/documents/search", json!({"query": "제주도 배송비"})).await.json();
    let hit = &found["hits"][0];
    assert_eq!((&hit["documentId"], &hit["title"]), (&json!("shipping"), &json!("배송 안내")));
    assert_eq!((&hit["ranks"]["keyword"], &hit["ranks"]["vector"]), (&json!(1), &json!(1)));
    assert_eq!((&hit["url"], &found["keywordOnly"]), (&json!("https://shop.example/help"), &json!(false)));
    assert!(hit["matchedTerms"].as_array().unwrap().iter().any(|term| term == "제주도"), "{hit}");
    let none = api.post("/api/documents/search", json!({"query": "제주도", "minScore": 1.0})).await.json();
    assert_eq!(none["hits"], json!([]));
    let elsewhere = json!({"query": "제주도", "collections": ["products"]});
    assert_eq!(api.post("/api/documents/search", elsewhere).await.json()["hits"], json!([]));
}

#[actix_web::test]
async fn a_document_is_queued_and_its_task_told_until_it_is_done() {
    let api = Api::new().await;
    let reply = api.post("/api/documents", json!({"content": SHIPPING})).await;
    assert_eq!(reply.status, 202, "{}", reply.text);
    let queued = reply.json();
    let task = finished(&api, queued["taskId"].as_str().unwrap()).await;
    assert_eq!(
        (&task["status"], &task["progress"], &task["stage"]),
        (&json!("completed"), &json!(100), &json!("done"))
    );
    assert_eq!((&task["document_id"], &task["vector_id"]), (&queued["id"], &queued["id"]));
    assert!(task["extracted_text"].as_str().unwrap().contains("제주도 배송비"), "{task}");
    assert_eq!((&task["result"]["outcome"], &task["error"]), (&json!("added"), &Value::Null));
}

#[actix_web::test]
async fn the_same_content_without_an_id_is_the_same_document() {
    let api = Api::new().await;
    let first = submitted(&api, json!({"content": SHIPPING, "wait": true})).await;
    let again = submitted(&api, json!({"content": SHIPPING, "wait": true})).await;
    assert_eq!((&first["id"], &first["updatedAt"]), (&again["id"], &again["updatedAt"]));
    let other = submitted(&api, json!({"content": SHIPPING, "collection": "products", "wait": true})).await;
    assert_ne!(first["id"], other["id"]);
    assert_eq!(api.get("/api/documents").await.json()["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_file_comes_in_by_a_form() {
    let api = Api::new().await;
    let fields = [("collection", "products"), ("metadata", "{\"season\": 2}"), ("wait", "true")];
    let upload = form(&fields, Some(("folder/안내.txt", "text/plain", SHIPPING.as_bytes())));
    let reply = api.send(upload.method(actix_web::http::Method::POST).uri("/api/documents")).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let made = reply.json();
    assert_eq!((&made["title"], &made["collection"]), (&json!("안내.txt"), &json!("products")));
    assert_eq!(made["metadata"], json!({"season": 2}));
}

#[actix_web::test]
async fn the_file_pipeline_takes_forms_addresses_and_texts() {
    let api = Setup { desk: DeskSetup { works: false, ..DeskSetup::default() }, ..Setup::default() }.api().await;
    let upload = form(&[("file_type", "pdf"), ("user_id", "kim")], Some(("a.pdf", "application/pdf", b"%PDF-1.7")));
    let reply = api.send(upload.method(actix_web::http::Method::POST).uri("/ai/ocr/extract")).await;
    assert_eq!((reply.status.as_u16(), reply.json()["status"].as_str()), (202, Some("queued")), "{}", reply.text);
    let by_url = json!({"file_url": "https://shop.example/a.pdf", "document_id": "a", "unknown": 1, "type": "manual"});
    let queued = api.post("/ai/ocr/extract", by_url).await.json();
    assert_eq!(queued["document_id"], "a");
    let listed = api.get("/api/documents/a").await.json();
    assert_eq!((&listed["status"], &listed["metadata"]["type"]), (&json!("pending"), &json!("manual")));
    let text = api.post("/ai/file/embed", json!({"text": SHIPPING, "document_id": "b"})).await;
    assert_eq!(text.status, 202, "{}", text.text);
    refused(&api.post("/ai/ocr/extract", json!({})).await, 400, "INVALID_BODY");
}

#[actix_web::test]
async fn a_document_that_cannot_be_read_says_why_in_both_languages() {
    let api = Api::new().await;
    let upload = || form(&[("id", "locked"), ("wait", "true")], Some(("a.pdf", "application/pdf", b"%PDF-1.7")));
    let send = async |language: &str| {
        let request = upload().method(actix_web::http::Method::POST).uri("/api/documents");
        api.send(request.insert_header(("accept-language", language.to_owned()))).await
    };
    let korean = send("ko").await;
    refused(&korean, 422, "UNREADABLE_DOCUMENT");
    assert!(korean.json()["details"][0]["message"].as_str().unwrap().contains("암호"), "{}", korean.text);
    let english = send("en").await.json();
    assert_eq!(english["details"][0]["field"], "encrypted");
    assert!(english["details"][1]["message"].as_str().unwrap().contains("a.pdf"), "{english}");
    let document = api.get("/api/documents/locked").await.json();
    assert_eq!((&document["status"], &document["failure"]["code"]), (&json!("failed"), &json!("encrypted")));
}

#[actix_web::test]
async fn documents_are_listed_read_and_removed() {
    let api = Api::new().await;
    for id in ["c", "a", "b%2F1"] {
        submitted(&api, document(id, &format!("{SHIPPING} {id}"))).await;
    }
    let first = api.get("/api/documents?limit=2").await.json();
    let ids = |list: &Value| list["items"].as_array().unwrap().iter().map(|d| d["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&first), ["a", "b%2F1"]);
    let rest = api.get(&format!("/api/documents?cursor={}", first["nextCursor"].as_str().unwrap())).await.json();
    assert_eq!((ids(&rest), &rest["nextCursor"]), (vec![json!("c")], &Value::Null));
    assert_eq!(api.get("/api/documents?collection=products").await.json()["items"], json!([]));
    let text = api.get("/api/documents/a/text").await.json();
    assert!(text["text"].as_str().unwrap().starts_with("제주도"), "{text}");
    let chunks = api.get("/api/documents/a/chunks?limit=1").await.json();
    let (start, end) = (chunks["items"][0]["start"].as_u64().unwrap(), chunks["items"][0]["end"].as_u64().unwrap());
    let place: String = text["text"].as_str().unwrap().chars().take(end as usize).skip(start as usize).collect();
    assert_eq!(chunks["items"][0]["text"], place);
    let gone = api.send(TestRequest::delete().uri("/api/documents/a")).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    refused(&api.get("/api/documents/a").await, 404, "DOCUMENT_NOT_FOUND");
    refused(&api.get("/api/documents/c?storeId=other").await, 404, "DOCUMENT_NOT_FOUND");
    let found = api.post("/api/documents/search", json!({"query": "제주도 a"})).await.json();
    assert!(found["hits"].as_array().unwrap().iter().all(|hit| hit["documentId"] != "a"), "{found}");
}

#[actix_web::test]
async fn a_waiting_task_can_be_cancelled() {
    let api = Setup { desk: DeskSetup { works: false, ..DeskSetup::default() }, ..Setup::default() }.api().await;
    let queued = api.post("/api/documents", json!({"id": "d", "content": SHIPPING})).await.json();
    let task = queued["taskId"].as_str().unwrap();
    let cancelled = api.post(&format!("/ai/task/{task}/cancel"), json!({})).await.json();
    assert_eq!((&cancelled["status"], &cancelled["error_code"]), (&json!("failed"), &json!("cancelled")));
    assert_eq!(api.get("/api/documents/d").await.json()["status"], "failed");
}

#[actix_web::test]
async fn what_cannot_be_a_document_is_refused() {
    let api = Api::new().await;
    for (body, code) in [
        (json!({}), "INVALID_BODY"),
        (json!({"content": "a", "sourceUrl": "https://a.example"}), "INVALID_BODY"),
        (json!({"content": "a", "title": " "}), "INVALID_BODY"),
        (json!({"content": "a", "url": "javascript:alert(1)"}), "INVALID_BODY"),
        (json!({"content": "a", "metadata": [1]}), "INVALID_BODY"),
        (json!({"content": "a", "collection": "a b"}), "INVALID_BODY"),
        (json!({"sourceUrl": "a.pdf"}), "INVALID_BODY"),
        (json!({"content": ""}), "EMPTY_DOCUMENT"),
        (json!({"content": "a\0b"}), "INVALID_CHARACTERS"),
    ] {
        refused(&api.post("/api/documents", body.clone()).await, 400, code);
    }
    let large = vec![b'a'; MAX_DOCUMENT + 1];
    let upload = form(&[], Some(("a.txt", "text/plain", &large)));
    refused(&api.send(upload.method(actix_web::http::Method::POST).uri("/api/documents")).await, 413, "BODY_TOO_LARGE");
    let twice = form(&[("id", "a"), ("id", "b")], Some(("a.txt", "text/plain", b"a")));
    refused(&api.send(twice.method(actix_web::http::Method::POST).uri("/api/documents")).await, 400, "INVALID_BODY");
    for query in [json!({"query": "제주", "limit": 0}), json!({"query": "제주", "minScore": 2.0})] {
        refused(&api.post("/api/documents/search", query).await, 400, "INVALID_BODY");
    }
}

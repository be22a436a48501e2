//! Documents taken in by a server that is killed again and again.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::wait::wait_until;
use tokio::time::sleep;

use super::{Dice, Home, on_each_database};
use crate::support::{Api, Server};

const DOCUMENTS: usize = 200;
const KILLS: usize = 20;
/// On PostgreSQL the task of a killed worker waits until its lease has ended.
const LIMIT: Duration = Duration::from_mins(4);

on_each_database! {
    killed_again_and_again_every_document_is_taken_in_whole_and_once
}

/// A document of several sections, with a word that no other has.
fn document(number: usize) -> Value {
    let mut content = format!("# 안내 {number}\n");
    for section in 0..4 + number % 5 {
        let sentence = format!("표식{number:03}가{section} 상품은 주문한 날부터 {section}일 안에 보내 드립니다. ");
        content.push_str(&format!("\n## 항목 {section}\n\n{}\n", sentence.repeat(3)));
    }
    json!({"id": format!("d{number:03}"), "content": content, "collection": "endurance"})
}

async fn killed_again_and_again_every_document_is_taken_in_whole_and_once(home: &Home) {
    let mut dice = Dice::new();
    let mut server = home.server_with(&[("IYAGI__DOCUMENTS__WORKERS", "2")]).await;
    let mut sent = 0;
    for kill in 0..KILLS {
        let api = server.api();
        // Ten before each kill: some are queued, some under way, some done when it comes.
        let upto = DOCUMENTS * (kill + 1) / KILLS;
        while sent < upto {
            let reply = api.post("/api/documents", &document(sent)).await;
            assert_eq!(reply.status(), 202, "{}", reply.text().await.unwrap());
            sent += 1;
        }
        sleep(Duration::from_millis(dice.below(300))).await;
        server.kill9();
        server.restart().await;
    }
    let api = server.api();
    let all_ready = async || ready(&api).await.len() == DOCUMENTS;
    assert!(wait_until(LIMIT, all_ready).await.is_ok(), "{} are ready\n{}", ready(&api).await.len(), server.stderr());
    let mut chunks = 0;
    for number in 0..DOCUMENTS {
        chunks += whole(&api, number).await;
    }
    none_twice(&server, chunks).await;
}

/// The documents that can be searched.
async fn ready(api: &Api) -> BTreeSet<String> {
    let (mut found, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let list = api.get_json(&format!("/api/documents?collection=endurance&limit=200{cursor}")).await;
        let items = list["items"].as_array().unwrap();
        found.extend(items.iter().filter(|d| d["status"] == "ready").map(|d| d["id"].as_str().unwrap().to_owned()));
        let Some(next) = list["nextCursor"].as_str() else { return found };
        cursor = format!("&cursor={next}");
    }
}

/// Looks at every chunk of a document, and finds it; how many chunks it has.
async fn whole(api: &Api, number: usize) -> usize {
    let path = format!("/api/documents/d{number:03}");
    let (known, list) = (api.get_json(&path).await, api.get_json(&format!("{path}/chunks?limit=200")).await);
    let chunks = list["items"].as_array().unwrap();
    let ordinals: Vec<u64> = chunks.iter().map(|chunk| chunk["ordinal"].as_u64().unwrap()).collect();
    assert_eq!(ordinals, (0..chunks.len() as u64).collect::<Vec<_>>(), "{path}");
    assert_eq!((known["chunkCount"].as_u64(), 4 + number % 5), (Some(chunks.len() as u64), chunks.len()), "{path}");
    let query = json!({"query": format!("표식{number:03}가0"), "collection": "endurance", "limit": 50});
    let found: Value = api.post("/api/documents/search", &query).await.json().await.unwrap();
    let hits: Vec<&Value> =
        found["hits"].as_array().unwrap().iter().filter(|hit| hit["documentId"] == format!("d{number:03}")).collect();
    let ids: BTreeSet<&str> = hits.iter().map(|hit| hit["chunkId"].as_str().unwrap()).collect();
    assert!(!hits.is_empty() && ids.len() == hits.len(), "{path}: {found}");
    chunks.len()
}

/// What versions left behind that were never finished is removed: no chunk is there that no document has.
async fn none_twice(server: &Server, chunks: usize) {
    let listed = server.api().get_json("/api/documents?limit=200").await;
    let later = server
        .api()
        .get_json(&format!("/api/documents?limit=200&cursor={}", listed["nextCursor"].as_str().unwrap()))
        .await;
    let samples = listed["items"].as_array().unwrap().iter().chain(later["items"].as_array().unwrap());
    let samples = samples.filter(|d| d["collection"] != "endurance");
    let of_samples: u64 = samples.map(|d| d["chunkCount"].as_u64().unwrap()).sum();
    let rows = server.api().get_json("/health/database").await;
    let stored = rows["rows"]["documentChunks"].clone();
    assert_eq!(stored, json!(chunks as u64 + of_samples), "{rows}");
}

//! What a store remembers of a user beyond any session.

use reqwest::Method;
use serde_json::{Value, json};
use test_support::{postgres, require};

use crate::support::{Api, Outcome, Server, assert_error};

/// 김 민지, in an address.
const MINJI: &str = "/api/users/%EA%B9%80%20%EB%AF%BC%EC%A7%80/context";
const SUMMARY: &str = "제주도 배송비를 묻고 차렵이불을 환불받았다. 😀";

async fn put(api: &Api, body: &Value) -> Outcome {
    Outcome::of(api.request(Method::PUT, MINJI).json(body).send().await.unwrap()).await
}

/// The one of several writers that had read the same revision, and whose change is kept.
async fn winner_of_many(api: &Api, revision: u64) -> Value {
    let writers = (0..8).map(|number| {
        let (api, body) = (api.clone(), json!({"preferences": {"number": number}, "revision": revision}));
        tokio::spawn(async move { put(&api, &body).await })
    });
    let mut kept = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        match writer.await.unwrap() {
            Outcome::Done(context) => kept.push(context),
            refused => assert!(refused.is_refused(409, "STALE_REVISION"), "{refused:?}"),
        }
    }
    assert_eq!(kept.len(), 1, "{kept:?}");
    kept.remove(0)
}

async fn is_remembered_over_a_restart(mut server: Server) {
    let api = server.api();
    let unknown = api.get_json(MINJI).await;
    assert_eq!(
        unknown,
        json!({
            "storeId": "demo", "userId": "김 민지", "preferences": {}, "summary": null, "revision": 0, "updatedAt": null
        })
    );
    let first = winner_of_many(&api, 0).await;
    assert_eq!(first["revision"], 1);
    assert_eq!(winner_of_many(&api, 1).await["revision"], 2);
    let body = json!({"preferences": {"말투": "존댓말", "알림": [true, 9.5, null]}, "summary": SUMMARY, "revision": 2});
    let Outcome::Done(kept) = put(&api, &body).await else { panic!("refused") };
    assert_eq!((&kept["preferences"], &kept["summary"]), (&body["preferences"], &body["summary"]));
    assert_eq!(kept["revision"], 3);

    assert!(server.terminate().success());
    server.restart().await;
    let api = server.api();
    assert_eq!(api.get_json(MINJI).await, kept);
    assert_eq!(api.get_json(&format!("{MINJI}?storeId=other")).await["revision"], 0);
    assert_eq!(api.get_json("/health/database").await["rows"]["userContexts"], 1);
    let stale = api.request(Method::PUT, MINJI).json(&body).send().await.unwrap();
    let refused = assert_error(stale, 409, "STALE_REVISION").await;
    assert_eq!(refused["details"][0]["field"], "revision", "{refused}");
    assert_eq!(api.get_json(MINJI).await, kept);
    assert!(!server.stderr().contains("차렵이불"), "the log has the summary");
}

#[tokio::test]
async fn a_user_is_remembered_in_sqlite_over_a_restart() {
    is_remembered_over_a_restart(Server::start().await).await;
}

#[tokio::test]
async fn a_user_is_remembered_in_postgresql_over_a_restart() {
    let database = require!(postgres::database().await);
    is_remembered_over_a_restart(Server::start_with(&[("DATABASE_URL", &database.url)]).await).await;
}

use std::time::Duration;

use actix_web::test::TestRequest;
use chat_analytics::advisor::{CacheKind, CacheUse, Reading, Unreadable};
use chat_analytics::testing::FixedFacts;
use kernel::SessionId;
use serde_json::{Value, json};
use session_core::testing::samples::session_id;

use crate::support::{Api, Setup};

const PATH: &str = "/api/admin/advisor";

fn trigger<'a>(advice: &'a Value, name: &str) -> &'a Value {
    let triggers = advice["triggers"].as_array().unwrap();
    triggers.iter().find(|trigger| trigger["name"] == name).unwrap()
}

fn names(advice: &Value, which: impl Fn(&Value) -> bool) -> Vec<&str> {
    let triggers = advice["triggers"].as_array().unwrap();
    triggers.iter().filter(|trigger| which(trigger)).map(|trigger| trigger["name"].as_str().unwrap()).collect()
}

async fn in_english(api: &Api) -> Value {
    let reply = api.send(TestRequest::get().uri(PATH).insert_header(("accept-language", "en"))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json()
}

/// Look-ups, each of a session that was used before or not.
fn look_up(api: &Api, hits: u64, misses: u64) {
    let id = |number| -> SessionId { session_id(number) };
    api.traffic.passed(id(0));
    (0..hits).for_each(|_| api.traffic.looked_up(id(0)));
    (1..=misses).for_each(|number| api.traffic.looked_up(id(number)));
}

#[actix_web::test]
async fn a_quiet_server_needs_no_redis_and_says_what_it_cannot_read() {
    let cpu = Reading::Unreadable(Unreadable::RemoteServer);
    let api = Setup { cpu, ..Setup::default() }.api().await;
    let advice = in_english(&api).await;
    assert_eq!(
        (&advice["cache"], &advice["cacheHitRatio"], &advice["verdict"], &advice["windowSeconds"]),
        (&json!("none"), &json!(null), &json!("notNeeded"), &json!(10))
    );
    assert_eq!(advice["measuredAt"], "2026-11-20T00:00:00.000000Z");
    let unread = ["sessionQueryP95", "databaseCpu", "expectedHitRatio"];
    assert_eq!(names(&advice, |trigger| trigger["value"].is_null()), unread);
    assert_eq!(names(&advice, |trigger| trigger["fires"] == true), [""; 0]);
    let expected = json!({
        "name": "databaseCpu",
        "threshold": 80.0,
        "comparison": ">",
        "value": null,
        "unit": "percent",
        "fires": false,
        "note": "not readable here: the database server is on another machine",
    });
    assert_eq!(trigger(&advice, "databaseCpu"), &expected);
    let all: Vec<&str> = advice["triggers"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(all.len(), 7, "{all:?}");
}

#[actix_web::test]
async fn loads_past_their_thresholds_are_told_and_add_up() {
    let facts = FixedFacts { concurrent: 201, monthly: 1_000, complaints: 5, down: false };
    let api = Setup { facts, cpu: Reading::Value(80.0), ..Setup::default() }.api().await;
    look_up(&api, 7, 3);
    look_up(&api, 7, 0);
    look_up(&api, 7, 0);
    for _ in 0..20 {
        api.traffic.operation(Duration::from_micros(1_500));
    }
    let advice = in_english(&api).await;
    let fired = names(&advice, |trigger| trigger["fires"] == true);
    assert_eq!(fired, ["concurrentUsers", "speedComplaints", "expectedHitRatio"]);
    assert_eq!(trigger(&advice, "sessionQueryP95")["value"], 1.5);
    assert_eq!(trigger(&advice, "sessionOperations")["value"], 2.0);
    assert_eq!(trigger(&advice, "expectedHitRatio")["value"], 87.5);
    assert_eq!(advice["verdict"], "addNow");
    let recommendation = advice["recommendation"].as_str().unwrap();
    assert!(recommendation.starts_with("Add Redis now"), "{recommendation}");
}

#[actix_web::test]
async fn the_texts_are_korean_unless_english_is_preferred() {
    let api = Api::new().await;
    let (korean, english) = (api.get(PATH).await.json(), in_english(&api).await);
    assert!(korean["recommendation"].as_str().unwrap().contains("필요하지 않습니다"), "{korean}");
    assert!(english["recommendation"].as_str().unwrap().is_ascii(), "{english}");
    for (korean, english) in korean["triggers"].as_array().unwrap().iter().zip(english["triggers"].as_array().unwrap())
    {
        assert!(!korean["note"].as_str().unwrap().is_ascii() && english["note"].as_str().unwrap().is_ascii());
    }
}

#[actix_web::test]
async fn a_cache_that_is_on_is_judged_by_what_it_hits() {
    for (hit_ratio, shown, says) in [(Some(0.9), json!(90.0), "pays"), (Some(0.1), json!(10.0), "does not pay")] {
        let cache = CacheUse { kind: CacheKind::Redis, hit_ratio };
        let advice = in_english(&Setup { cache_use: cache, ..Setup::default() }.api().await).await;
        let told = (&advice["cache"], &advice["cacheHitRatio"], &advice["verdict"]);
        assert_eq!(told, (&json!("redis"), &shown, &json!("alreadyOn")));
        assert!(advice["recommendation"].as_str().unwrap().contains(says), "{advice}");
    }
}

#[actix_web::test]
async fn without_the_database_there_is_no_advice_and_no_reason_is_told() {
    let facts = FixedFacts { down: true, ..FixedFacts::default() };
    let reply = Setup { facts, ..Setup::default() }.api().await.get(PATH).await;
    reply.refused(503, "STORAGE_UNAVAILABLE");
    assert!(!reply.text.contains("secret"), "{}", reply.text);
}

use actix_web::test::TestRequest;
use serde_json::json;

use crate::support::{Api, QUESTION};

async fn streamed(api: &Api) -> (String, Vec<(u64, serde_json::Value)>) {
    let events = api.post("/api/chat/stream", json!({"message": QUESTION, "userId": "kim"})).await.events();
    (events[0].1["turnId"].as_str().unwrap().to_owned(), events)
}

#[actix_web::test]
async fn a_stream_resumes_after_every_event_without_loss_or_repetition() {
    let api = Api::new().await;
    let (turn, events) = streamed(&api).await;
    for heard in 0..=events.len() {
        let uri = format!("/api/turns/{turn}/stream");
        let by_header = TestRequest::get().uri(&uri).insert_header(("Last-Event-ID", heard.to_string()));
        assert_eq!(api.send(by_header).await.events(), events[heard..], "after {heard}");
        assert_eq!(api.get(&format!("{uri}?after={heard}")).await.events(), events[heard..], "after {heard}");
    }
}

#[actix_web::test]
async fn the_header_wins_over_the_address_and_an_empty_one_says_nothing() {
    let api = Api::new().await;
    let (turn, events) = streamed(&api).await;
    let uri = format!("/api/turns/{turn}/stream?after=1");
    let both = TestRequest::get().uri(&uri).insert_header(("Last-Event-ID", "3"));
    assert_eq!(api.send(both).await.events(), events[3..]);
    let empty = TestRequest::get().uri(&uri).insert_header(("Last-Event-ID", ""));
    assert_eq!(api.send(empty).await.events(), events[1..]);
}

#[actix_web::test]
async fn a_turn_whose_stream_is_forgotten_is_told_from_its_stored_message() {
    let api = Api::new().await;
    let (turn, events) = streamed(&api).await;
    api.clock.advance(std::time::Duration::from_hours(1));
    let told = api.get(&format!("/api/turns/{turn}/stream?after=4")).await.events();
    let types: Vec<&str> = told.iter().filter_map(|(_, event)| event["type"].as_str()).collect();
    assert_eq!(types, ["session", "token", "sources", "done"]);
    assert_eq!(told[1].1["content"], "제주도는 3,000원이 추가됩니다 [1].");
    assert_eq!(told[3].1["messageId"], events.last().unwrap().1["messageId"]);
}

#[actix_web::test]
async fn a_turn_of_another_user_or_store_is_not_known() {
    let api = Api::new().await;
    let (turn, _) = streamed(&api).await;
    for scope in ["userId=lee", "storeId=other", "userId=kim&storeId=other"] {
        api.get(&format!("/api/turns/{turn}/stream?{scope}")).await.refused(404, "TURN_NOT_FOUND");
    }
    assert_eq!(api.get(&format!("/api/turns/{turn}/stream?userId=kim&storeId=demo")).await.status, 200);
}

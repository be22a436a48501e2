use actix_web::test::TestRequest;
use serde_json::{Value, json};
use session_core::testing::samples;

use crate::support::{Api, QUESTION, Script, Setup};

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

async fn asked(api: &Api, script: Script) -> (chat_service::AskedTurn, Value) {
    let ask = chat_service::Ask {
        store: samples::store(),
        user: None,
        session: Some(api.session().await.parse().unwrap()),
        message: QUESTION.into(),
        business: session_core::model::BusinessMetadata::default(),
        client_message_id: None,
        channel: "api".into(),
    };
    let asked = api.state.chat.ask(ask).await.unwrap();
    if matches!(script, Script::Hang) {
        return (asked, Value::Null);
    }
    let events = api.get(&format!("/api/turns/{}/stream", asked.turn)).await.events();
    (asked, events.last().unwrap().1.clone())
}

#[actix_web::test]
async fn a_cancelled_turn_says_how_it_ended_and_cancelling_again_says_the_same() {
    let api = Setup { script: Script::Hang, ..Setup::default() }.api().await;
    let (turn, _) = asked(&api, Script::Hang).await;
    for _ in 0..2 {
        let reply = api.post(&format!("/api/turns/{}/cancel", turn.turn), json!({})).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let expected = json!({
            "turnId": turn.turn, "sessionId": turn.session, "state": "interrupted", "messageId": null
        });
        assert_eq!(reply.json(), expected);
    }
    let last = api.get(&format!("/api/turns/{}/stream", turn.turn)).await.events().pop().unwrap().1;
    assert_eq!(last["code"], "TURN_CANCELLED");
}

#[actix_web::test]
async fn a_turn_of_another_user_or_store_cannot_be_cancelled() {
    let api = Setup { script: Script::Hang, ..Setup::default() }.api().await;
    let (turn, _) = asked(&api, Script::Hang).await;
    for scope in ["userId=stranger", "storeId=other"] {
        let reply = api.post(&format!("/api/turns/{}/cancel?{scope}", turn.turn), json!({})).await;
        reply.refused(404, "TURN_NOT_FOUND");
    }
    api.post("/api/turns/not-a-uuid/cancel", json!({})).await.refused(400, "INVALID_ID");
}

#[actix_web::test]
async fn an_answer_made_again_comes_whole_or_as_a_stream_and_keeps_the_first() {
    let api = Api::new().await;
    let (turn, done) = asked(&api, Script::Say(vec![])).await;
    let uri = format!("/api/messages/{}/regenerate", done["messageId"].as_str().unwrap());
    let whole = api.send(TestRequest::post().uri(&uri)).await;
    assert_eq!(whole.status, 200, "{}", whole.text);
    let whole = whole.json();
    assert_eq!(whole["sessionId"], json!(turn.session));
    assert_ne!(whole["messageId"], done["messageId"]);
    let request = TestRequest::post().uri(&uri).insert_header(("accept", "text/event-stream"));
    let streamed = api.send(request.set_json(json!({"clientMessageId": "again"}))).await;
    assert_eq!(streamed.header("content-type"), "text/event-stream; charset=utf-8");
    assert_eq!(streamed.events().last().unwrap().1["type"], "done");
    let listed = api.get(&format!("/api/sessions/{}/messages", turn.session)).await.json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 4);
    assert!(items[1..].iter().all(|answer| answer["parentMessageId"] == items[0]["id"]), "{listed}");
}

#[actix_web::test]
async fn what_cannot_be_answered_again_is_refused() {
    let api = Api::new().await;
    let (_, done) = asked(&api, Script::Say(vec![])).await;
    let uri = format!("/api/messages/{}/regenerate", done["messageId"].as_str().unwrap());
    api.post(&format!("{uri}?userId=stranger"), json!({})).await.refused(404, "MESSAGE_NOT_FOUND");
    api.post(&uri, json!({"clientMessageId": ""})).await.refused(400, "INVALID_CLIENT_MESSAGE_ID");
    api.post(&uri, json!({"temperature": 1})).await.refused(400, "INVALID_BODY");
    api.send(TestRequest::post().uri(&uri).set_payload("{}")).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
}

//! A conversation over WebSocket.

use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::{JEJU, JEJU_FEES};
use crate::support::{Api, Ended, Event, Server, Socket, answer_of, assert_error, send_signal};

/// Lets questions in that are still being answered when the client has thought better of it.
const LONG_QUESTIONS: (&str, &str) = ("IYAGI__CHAT__MAX_MESSAGE_CHARS", "100000");

async fn connected(server: &Server) -> (Api, String, Socket) {
    let api = server.api();
    let session = api.new_session("minji").await;
    let socket = Socket::connect(server.base(), &session, "?userId=minji").await;
    (api, session, socket)
}

fn question(text: &str) -> Value {
    json!({"type": "message", "message": text})
}

/// The events as server-sent ones: the number apart, and the turn only where the event itself says it.
fn as_events(heard: &[Value]) -> Vec<Event> {
    heard
        .iter()
        .map(|text| {
            let mut data = text.clone();
            let fields = data.as_object_mut().unwrap();
            let id = fields.remove("id").unwrap().as_u64().unwrap();
            if fields["type"] != "session" {
                fields.remove("turnId").unwrap();
            }
            Event { id, data }
        })
        .collect()
}

#[tokio::test]
async fn a_question_gets_the_same_events_as_over_http_and_is_kept() {
    let server = Server::start().await;
    let (api, session, mut socket) = connected(&server).await;
    let mut asked = question(JEJU);
    asked["clientMessageId"] = "q-1".into();
    socket.say(&asked).await;
    let mut heard = socket.until("done").await;
    assert_eq!(heard[0]["clientMessageId"], "q-1");
    heard[0].as_object_mut().unwrap().remove("clientMessageId");
    let turn = heard[0]["turnId"].as_str().unwrap().to_owned();
    assert!(heard.iter().all(|event| event["turnId"] == turn.as_str()), "{heard:?}");

    let events = as_events(&heard);
    assert_eq!(events, api.resume(&turn, 0).await);
    assert!(JEJU_FEES.iter().any(|fee| answer_of(&events).contains(fee)), "{events:?}");
    let messages = api.messages("minji", &session).await;
    assert_eq!(messages.last().unwrap()["id"], heard.last().unwrap()["messageId"]);

    // The same question again is the same turn.
    socket.say(&asked).await;
    assert_eq!(socket.until("done").await.last().unwrap()["messageId"], messages[1]["id"]);
    assert_eq!(api.messages("minji", &session).await.len(), 2);
}

#[tokio::test]
async fn questions_sent_together_are_answered_one_after_the_other() {
    let server = Server::start().await;
    let (api, session, mut socket) = connected(&server).await;
    for text in [JEJU, "그럼 울릉도는요?", "환불은 얼마나 걸려요?"] {
        socket.say(&question(text)).await;
    }
    let mut done = Vec::new();
    while done.len() < 3 {
        done.push(socket.until("done").await.pop().unwrap());
    }
    let messages = api.messages("minji", &session).await;
    let answers: Vec<&Value> = messages.iter().filter(|m| m["role"] == "assistant").map(|m| &m["id"]).collect();
    assert_eq!(answers, done.iter().map(|event| &event["messageId"]).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_missed_is_heard_after_connecting_again_from_every_event() {
    let server = Server::start_with(&[("IYAGI__CHAT__WEBSOCKET_MESSAGES_PER_MINUTE", "1000")]).await;
    let (_, session, mut socket) = connected(&server).await;
    socket.say(&question(JEJU)).await;
    let whole = socket.until("done").await;
    drop(socket);
    let turn = whole[0]["turnId"].clone();
    let mut again = Socket::connect(server.base(), &session, "?userId=minji").await;
    for after in 0..whole.len() {
        again.say(&json!({"type": "resume", "turnId": turn, "after": after})).await;
        assert_eq!(again.until("done").await, whole[after..], "after {after}");
    }
}

#[tokio::test]
async fn hanging_up_ends_no_turn() {
    let server = Server::start().await;
    let (api, _, mut socket) = connected(&server).await;
    socket.say(&question(JEJU)).await;
    let turn = socket.next().await["turnId"].as_str().unwrap().to_owned();
    drop(socket);
    let events = api.resume(&turn, 0).await;
    assert_eq!(events.last().unwrap().kind(), "done", "{events:?}");
}

#[tokio::test]
async fn a_turn_is_cancelled_over_the_connection_that_asked() {
    let server = Server::start_with(&[LONG_QUESTIONS]).await;
    let (_, _, mut socket) = connected(&server).await;
    let long: String = "제주도 배송비 반품 교환 이불 사이즈 세탁 쿠폰 ".chars().cycle().take(90_000).collect();
    socket.say(&question(&long)).await;
    let turn = socket.until("session").await.pop().unwrap()["turnId"].clone();
    socket.say(&json!({"type": "cancel", "turnId": turn})).await;
    let (mut cancelled, mut failed) = (Value::Null, Value::Null);
    while cancelled.is_null() || failed.is_null() {
        let heard = socket.next().await;
        match heard["type"].as_str().unwrap() {
            "cancelled" => cancelled = heard,
            "error" => failed = heard,
            _ => assert_eq!(heard["turnId"], turn, "{heard}"),
        }
    }
    assert_eq!((&cancelled["turnId"], &cancelled["state"]), (&turn, &json!("interrupted")));
    assert_eq!((&failed["code"], &failed["turnId"]), (&json!("TURN_CANCELLED"), &turn));
    // The connection goes on.
    socket.say(&question(JEJU)).await;
    socket.until("done").await;
}

#[tokio::test]
async fn only_a_live_session_of_ones_own_is_connected_to() {
    let server = Server::start().await;
    let (api, session, _socket) = connected(&server).await;
    let ended = api.new_session("minji").await;
    api.post(&format!("/api/sessions/{ended}/end"), &json!({})).await;
    for (id, query, status, code) in [
        ("01890000-0000-7000-8000-000000000000", "", 404, "SESSION_NOT_FOUND"),
        (session.as_str(), "?userId=jiho", 404, "SESSION_NOT_FOUND"),
        (session.as_str(), "?storeId=other", 404, "SESSION_NOT_FOUND"),
        (session.as_str(), "?room=1", 400, "INVALID_QUERY"),
        (ended.as_str(), "", 410, "SESSION_ENDED"),
        ("7", "", 400, "INVALID_ID"),
    ] {
        let refused = Socket::try_connect(server.base(), id, query).await.err().unwrap();
        assert_eq!((refused.0, &refused.1["code"]), (status, &json!(code)), "{id}{query}");
    }
    let plain = api.request(Method::GET, &format!("/ws/{session}")).send().await.unwrap();
    assert_error(plain, 426, "UPGRADE_REQUIRED").await;
}

#[tokio::test]
async fn what_cannot_be_done_is_said_and_the_connection_goes_on() {
    let server = Server::start().await;
    let (api, _, mut socket) = connected(&server).await;
    let theirs = api.ask(&json!({"message": JEJU, "userId": "jiho"})).await["turnId"].clone();
    for (said, code) in [
        ("{".to_owned(), "INVALID_JSON"),
        (json!({"type": "shout"}).to_string(), "INVALID_BODY"),
        (json!({"type": "message", "message": "?", "more": 1}).to_string(), "INVALID_BODY"),
        (json!({"type": "message", "message": " "}).to_string(), "EMPTY_MESSAGE"),
        (json!({"type": "message", "message": "가".repeat(2_001)}).to_string(), "MESSAGE_TOO_LONG"),
        (r#"{"type":"message","message":"\u0000"}"#.to_owned(), "INVALID_CHARACTERS"),
        (json!({"type": "cancel", "turnId": "01890000-0000-7000-8000-000000000000"}).to_string(), "TURN_NOT_FOUND"),
        (json!({"type": "resume", "turnId": theirs}).to_string(), "TURN_NOT_FOUND"),
        (json!({"type": "cancel", "turnId": theirs}).to_string(), "TURN_NOT_FOUND"),
    ] {
        socket.send(Message::text(said.clone())).await;
        let refused = socket.next().await;
        assert_eq!((&refused["type"], &refused["code"]), (&json!("error"), &json!(code)), "{said}: {refused}");
        assert!(refused["data"]["timestamp"].is_string() && refused.get("id").is_none(), "{refused}");
    }
    let named = json!({"type": "message", "message": " ", "clientMessageId": "q-7"});
    socket.say(&named).await;
    assert_eq!(socket.next().await["clientMessageId"], "q-7");
    socket.say(&json!({"type": "ping"})).await;
    assert_eq!(socket.next().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn what_is_no_text_or_too_large_closes_the_connection_with_a_code_that_says_so() {
    let server = Server::start().await;
    for (message, code) in [
        (Message::binary(vec![1, 2, 3]), 1003),
        (Message::text(json!({"type": "message", "message": "가".repeat(20_000)}).to_string()), 1009),
    ] {
        let (_, _, mut socket) = connected(&server).await;
        socket.send(message).await;
        assert_eq!(socket.ended().await, Ended::Closed(code));
        assert_eq!(socket.ended().await, Ended::Broken, "the server hangs up");
    }
}

#[tokio::test]
async fn who_sends_too_fast_is_told_to_slow_down_and_then_closed() {
    let server = Server::start_with(&[("IYAGI__CHAT__WEBSOCKET_MESSAGES_PER_MINUTE", "3")]).await;
    let (_, _, mut socket) = connected(&server).await;
    let ping = json!({"type": "ping"});
    for _ in 0..3 {
        socket.say(&ping).await;
        assert_eq!(socket.next().await["type"], "pong");
    }
    socket.say(&ping).await;
    let told = socket.next().await;
    assert_eq!((&told["type"], &told["code"]), (&json!("error"), &json!("RATE_LIMITED")), "{told}");
    for _ in 0..10 {
        socket.say(&ping).await;
    }
    assert_eq!(socket.ended().await, Ended::Closed(4429));
}

#[tokio::test]
async fn who_asks_too_much_at_a_time_is_told_to_wait() {
    let server = Server::start_with(&[LONG_QUESTIONS]).await;
    let (_, _, mut socket) = connected(&server).await;
    let long: String = "제주도 배송비 반품 교환 이불 사이즈 세탁 쿠폰 ".chars().cycle().take(20_000).collect();
    for number in 0..9 {
        socket.say(&json!({"type": "message", "message": format!("{number} {long}"), "clientMessageId": number.to_string()})).await;
    }
    let refused = socket.until("error").await.pop().unwrap();
    assert_eq!((&refused["code"], &refused["clientMessageId"]), (&json!("TOO_MANY_TURNS"), &json!("8")));
}

#[tokio::test]
async fn a_session_that_ends_meanwhile_takes_its_connection_along() {
    let server = Server::start().await;
    let (api, session, mut socket) = connected(&server).await;
    api.post(&format!("/api/sessions/{session}/end"), &json!({})).await;
    socket.say(&question(JEJU)).await;
    assert_eq!(socket.next().await["code"], "SESSION_ENDED");
    assert_eq!(socket.ended().await, Ended::Closed(4410));
}

#[tokio::test]
async fn a_client_is_pinged_and_one_that_is_silent_is_closed() {
    let server = Server::start_with(&[("IYAGI__CHAT__HEARTBEAT_SECONDS", "1")]).await;
    let (_, _, mut lively) = connected(&server).await;
    let (_, _, mut silent) = connected(&server).await;
    // Reading answers pings; whoever does not read is not heard.
    let reading = tokio::spawn(async move {
        let ended = lively.heard().await;
        (ended, lively.pings)
    });
    let log = test_support::wait::wait_until(std::time::Duration::from_mins(1), || async {
        server.api().get("/metrics").await.text().await.unwrap().contains("websockets_open 1")
    });
    log.await.unwrap();
    assert_eq!(silent.ended().await, Ended::Closed(4408));
    assert!(!reading.is_finished());
    send_signal("TERM", server.id());
    let (ended, pings) = reading.await.unwrap();
    assert_eq!(ended, Err(Ended::Closed(1012)), "an idle client is told to connect again when the server restarts");
    assert!(pings >= 3, "{pings}");
}

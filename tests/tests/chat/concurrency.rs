//! Many at once.

use futures::future::{join, join_all};
use serde_json::{Value, json};

use super::{JEJU, JEJU_FEES};
use crate::support::Server;

fn roles(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["role"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn two_questions_at_once_to_one_session_are_both_answered_one_after_the_other() {
    let server = Server::start().await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let ask = |message: &str| json!({"message": message, "userId": "minji", "sessionId": session});
    let (quilt, jeju) = (ask("구름결 이불 퀸 사이즈 얼마예요?"), ask(JEJU));
    let (first, second) = join(api.ask(&quilt), api.ask(&jeju)).await;
    assert!(first["answer"].as_str().unwrap().contains("99,000원"), "{first}");
    assert!(JEJU_FEES.iter().any(|fee| second["answer"].as_str().unwrap().contains(fee)), "{second}");

    let messages = api.messages("minji", &session).await;
    assert_eq!(roles(&messages), ["user", "assistant", "user", "assistant"]);
    assert!(messages.chunks(2).all(|turn| turn[0]["turnId"] == turn[1]["turnId"]), "{messages:?}");
}

#[tokio::test]
async fn ten_questions_at_once_to_one_session_are_all_answered() {
    let server = Server::start().await;
    let api = server.api();
    let session = api.new_session("minji").await;
    let body = json!({"message": JEJU, "userId": "minji", "sessionId": session});
    let replies = join_all((0..10).map(|_| api.ask(&body))).await;
    assert_eq!(replies.len(), 10);
    let messages = api.messages("minji", &session).await;
    assert_eq!(roles(&messages), ["user", "assistant"].repeat(10));
    assert!(messages.iter().all(|message| message["status"] == "complete"), "{messages:?}");
}

#[tokio::test]
async fn twenty_sessions_at_once_are_all_answered_and_stay_apart() {
    let server = Server::start().await;
    let api = server.api();
    let users: Vec<String> = (0..20).map(|number| format!("user-{number}")).collect();
    let talks = users.iter().map(async |user| {
        let first = api.ask(&json!({"message": JEJU, "userId": user})).await;
        let second = api.ask(&json!({"message": "그럼 울릉도는요?", "userId": user})).await;
        assert_eq!(first["sessionId"], second["sessionId"], "{user}");
        let answer = second["answer"].as_str().unwrap();
        assert!(answer.contains("6,500원") || answer.contains("9,500원"), "{second}");
        let session = first["sessionId"].as_str().unwrap().to_owned();
        let messages = api.messages(user, &session).await;
        assert_eq!(roles(&messages), ["user", "assistant"].repeat(2), "{user}");
        session
    });
    let sessions = join_all(talks).await;
    let distinct: std::collections::BTreeSet<&String> = sessions.iter().collect();
    assert_eq!(distinct.len(), 20);
}

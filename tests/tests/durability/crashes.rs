use serde_json::{Value, json};

use super::QUESTION;
use crate::support::Server;

const ROUNDS: usize = 10;

#[tokio::test]
async fn history_survives_a_restart() {
    let mut server = Server::start().await;
    let reply = server.api().ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    let session = reply["sessionId"].as_str().unwrap();
    let before = server.api().messages("minji", session).await;
    assert!(server.terminate().success());

    server.restart().await;
    assert_eq!(server.api().messages("minji", session).await, before);
    let next = server.api().ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    assert_eq!(next["sessionId"], session, "the live session is taken up again");
    assert_eq!(server.api().messages("minji", session).await.len(), 4);
}

#[tokio::test]
async fn no_acknowledged_answer_is_lost_to_a_kill_right_after_done() {
    let mut server = Server::start().await;
    let session = server.api().new_session("minji").await;
    let body = json!({"message": QUESTION, "userId": "minji", "sessionId": session});
    let mut acknowledged: Vec<Value> = Vec::new();
    for round in 1..=ROUNDS {
        let mut stream = server.api().stream(&body).await;
        let done = stream.until("done").await.data;
        server.kill9();
        acknowledged.push(done["messageId"].clone());

        server.restart().await;
        let messages = server.api().messages("minji", &session).await;
        assert_eq!(messages.len(), 2 * round, "round {round}");
        let answers: Vec<Value> = messages.iter().skip(1).step_by(2).map(|message| message["id"].clone()).collect();
        assert_eq!(answers, acknowledged, "round {round}");
        assert!(messages.iter().all(|message| message["status"] == "complete"), "round {round}: {messages:?}");
    }
    let reply = server.api().ask(&body).await;
    assert_eq!(reply["metadata"]["sessionMessageCount"], 2 * ROUNDS + 2);
}

#[tokio::test]
async fn a_kill_in_the_middle_of_an_answer_neither_loses_the_question_nor_blocks_the_session() {
    let mut server = Server::start().await;
    let session = server.api().new_session("minji").await;
    let body = json!({"message": QUESTION, "userId": "minji", "sessionId": session});
    for events_before_the_kill in [1, 2, 4, 6] {
        let asked = server.api().messages("minji", &session).await.len();
        let mut stream = server.api().stream(&body).await;
        for _ in 0..events_before_the_kill {
            stream.next().await.unwrap();
        }
        server.kill9();

        server.restart().await;
        let messages = server.api().messages("minji", &session).await;
        let question = &messages[asked];
        assert_eq!((&question["role"], &question["content"]), (&json!("user"), &json!(QUESTION)));
        let reply = server.api().ask(&body).await;
        let messages = server.api().messages("minji", &session).await;
        assert_eq!(messages.last().unwrap()["id"], reply["messageId"]);
    }
}

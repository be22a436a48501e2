use serde_json::json;
use test_support::{require, sql};

use super::{Target, sources, targets};
use crate::support::Server;

/// Imports, checks the figures, and imports again: nothing is there twice.
async fn twice(target: &Target, from: &str, kind: &str, sessions: u64, messages: u64) {
    let report = target.import(&["--from", from]);
    assert_eq!(report["kind"], kind);
    let figures = |count: u64| json!({"read": count, "imported": count, "present": 0, "skipped": 0});
    assert_eq!((&report["sessions"], &report["messages"]), (&figures(sessions), &figures(messages)), "{report:#}");
    assert_eq!(report["verification"]["sessions"], sessions);
    assert_eq!(report["verification"]["differences"], json!([]));
    assert_eq!(target.count("message_search").await, messages, "what is imported can be searched");
    let before = (target.count("chat_messages").await, target.count("chat_turns").await);
    let again = target.import(&["--from", from]);
    assert_eq!(again["sessions"], json!({"read": sessions, "imported": 0, "present": sessions, "skipped": 0}));
    assert_eq!((target.count("chat_messages").await, target.count("chat_turns").await), before);
    assert_eq!(target.count("chat_sessions").await, sessions);
}

#[tokio::test]
async fn stage_1_comes_with_numbers_times_tokens_and_traces() {
    let source = require!(test_support::postgres::database().await);
    sql::run(&source.url, sources::STAGE1).await.unwrap();
    for target in targets().await {
        twice(&target, &source.url, "stage1", 2, 3).await;
        let said = target.said().await;
        assert_eq!(said, ["user 배송비 얼마예요?", "assistant 3,000원입니다.", "user 제주도는요?"]);
        let answer = "SELECT total_tokens || ' ' || response_time_ms || ' ' || langsmith_trace_id || ' ' || created_at \
                      FROM chat_messages WHERE role = 'assistant'";
        let answer = target.texts(answer).await;
        assert!(answer[0].starts_with("150 1200 trace-1 2026-11-20"), "{answer:?}");
        assert!(answer[0].contains("01:00:02"), "{answer:?}");
        let sessions = "SELECT store_id || ' ' || user_id || ' ' || state || ' ' || coalesce(inquiry_category, '-') \
                        FROM chat_sessions ORDER BY user_id";
        assert_eq!(target.texts(sessions).await, ["shop-a kim active 배송문의", "shop-b lee ended -"]);
        let turns = target.texts("SELECT state FROM chat_turns ORDER BY opened_at").await;
        assert_eq!(turns, ["completed", "interrupted"]);
    }
}

#[tokio::test]
async fn the_session_managers_sessions_come_out_of_sqlite_and_out_of_postgresql() {
    let file = sources::sqlite(sources::SESSION_MANAGER).await;
    let server = require!(test_support::postgres::database().await);
    sql::run(&server.url, sources::SESSION_MANAGER).await.unwrap();
    for from in [&file.address, &server.url] {
        for target in targets().await {
            let report = target.import(&["--from", from, "--store", "manager", "--no-backup"]);
            assert_eq!(report["sessions"]["imported"], 2);
            assert_eq!(report["repairs"]["naiveTime"], 6);
            let sessions =
                "SELECT store_id || ' ' || user_id || ' ' || request_count FROM chat_sessions ORDER BY user_id";
            assert_eq!(target.texts(sessions).await, ["manager kim 7", "manager lee 0"]);
            let metadata = target.texts("SELECT CAST(metadata AS TEXT) FROM chat_sessions ORDER BY user_id").await;
            let kim: serde_json::Value = serde_json::from_str(&metadata[0]).unwrap();
            assert_eq!(kim, json!({"device": "ios", "import": {"source": "session-manager", "id": "sess-1"}}));
        }
    }
}

#[tokio::test]
async fn conversations_come_with_titles_agents_routing_and_references() {
    let file = sources::sqlite(sources::CONVERSATIONS).await;
    for target in targets().await {
        twice(&target, &file.address, "conversations", 2, 3).await;
        assert_eq!(target.said().await, ["user 환불 되나요?", "assistant 7일 안에 됩니다.", "user 교환은요?"]);
        let titles = target.texts("SELECT title FROM chat_sessions ORDER BY user_id").await;
        assert_eq!(titles, ["환불 문의", "교환은요?"]);
        let answer = "SELECT agent_used || ' ' || CAST(routing_info AS TEXT) || ' ' || CAST(sources AS TEXT) \
                      FROM chat_messages WHERE role = 'assistant'";
        let answer = target.texts(answer).await.remove(0);
        assert!(answer.starts_with("policy {") && answer.contains("confidence"), "{answer}");
        assert!(answer.contains("환불 안내") && answer.contains("https://shop.example/refund"), "{answer}");
    }
}

#[tokio::test]
async fn an_iyagi_comes_whole_and_goes_on_where_it_was() {
    let mut old = Server::start().await;
    let ask = json!({"message": "제주도는 배송비가 얼마예요?", "userId": "minji"});
    let reply = old.api().ask(&ask).await;
    let message = reply["messageId"].as_str().unwrap();
    let path = format!("/api/messages/{message}/feedback");
    let given = old.api().post(&path, &json!({"thumbs": "up", "userId": "minji"})).await;
    assert!(given.status().is_success(), "{given:?}");
    let session = reply["sessionId"].as_str().unwrap();
    let before = old.api().messages("minji", session).await;
    assert!(old.terminate().success());
    let from = format!("sqlite:{}", old.data().join("iyagi.db").display());
    for target in targets().await {
        twice(&target, &from, "iyagi", 1, 2).await;
        assert_eq!(target.count("chat_feedback").await, 1);
        let Some(database) = &target.database else { continue };
        let mut new = Server::start_with(&[("DATABASE_URL", database.url.as_str())]).await;
        assert_eq!(new.api().messages("minji", session).await, before);
        let next = new.api().ask(&json!({"message": "그럼 울릉도는요?", "userId": "minji"})).await;
        assert_eq!((&next["sessionId"], &next["metadata"]["sessionMessageCount"]), (&json!(session), &json!(4)));
        assert!(new.terminate().success());
    }
}

use std::time::Duration;

use serde_json::json;
use test_support::{sql, wait::wait_until};

use super::{sources, targets};
use crate::support::Process;

const SESSIONS: u64 = 1_500;
const LIMIT: Duration = Duration::from_mins(2);

/// Many conversations of two messages, made by the database itself.
fn many() -> String {
    format!(
        "CREATE TABLE conversations (id INTEGER PRIMARY KEY, title TEXT, user_id TEXT, created_at TEXT);
         CREATE TABLE messages (id INTEGER PRIMARY KEY, conversation_id INTEGER, role TEXT, content TEXT, created_at TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SESSIONS})
         INSERT INTO conversations SELECT i, 'talk ' || i, 'user ' || i, '2026-11-20T00:00:00Z' FROM n;
         INSERT INTO messages SELECT 2 * id, id, 'user', 'question ' || id, created_at FROM conversations;
         INSERT INTO messages SELECT 2 * id + 1, id, 'assistant', 'answer ' || id, created_at FROM conversations;"
    )
}

#[tokio::test]
async fn an_import_that_is_killed_goes_on_and_doubles_nothing() {
    let file = sources::sqlite(&many()).await;
    for target in targets().await {
        let mut process = Process::start(&mut target.command(&["--from", &file.address, "--no-backup"]));
        let address = target.address();
        let begun = wait_until(LIMIT, || {
            let ended = process.ended();
            assert!(ended.is_none(), "it ended before it could be killed: {ended:?}\n{}", process.stderr());
            let address = address.clone();
            async move {
                let count = "SELECT CAST(count(*) AS TEXT) FROM import_sessions";
                sql::texts(&address, count).await.is_ok_and(|counts| counts[0].parse::<u64>().unwrap() >= 50)
            }
        });
        begun.await.unwrap();
        process.kill();
        let brought = target.count("import_sessions").await;
        assert!((50..SESSIONS).contains(&brought), "{brought} sessions were brought before the kill");
        assert_eq!(target.count("chat_sessions").await, brought, "a session and its entry come together");
        assert_eq!(target.count("chat_messages").await, 2 * brought, "a session comes with all its messages");

        let report = target.import(&["--from", &file.address, "--no-backup"]);
        assert_eq!(report["resumed"], true);
        let all = json!({"read": SESSIONS, "imported": SESSIONS, "present": 0, "skipped": 0});
        assert_eq!(report["sessions"], all);
        assert_eq!(report["verification"]["messages"], 2 * SESSIONS);
        assert_eq!(report["verification"]["differences"], json!([]));
        assert_eq!(target.count("imports").await, 1);
        assert_eq!(target.count("chat_sessions").await, SESSIONS);
        assert_eq!(target.count("chat_messages").await, 2 * SESSIONS);
        assert_eq!(target.count("chat_turns").await, SESSIONS);
    }
}

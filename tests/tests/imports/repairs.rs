use serde_json::{Value, json};

use super::{Target, sources, targets};

/// Everything that goes wrong in the tables of others, at once.
const BROKEN: &str = "
CREATE TABLE chat_sessions (id, store_id, user_id, created_at, last_active_at, expires_at, is_active, metadata, note);
CREATE TABLE chat_messages (id, session_id, role, content, token_count, response_time_ms, sequence_number,
    langsmith_trace_id, metadata, created_at);
INSERT INTO chat_sessions VALUES
    (1, 'shop', 'kim', '2026-11-20 10:00:00', 1795200180, '2026. 11. 21. 오후 6:43:00', 1, '{not json', 'vip'),
    (2, '', NULL, 'nonsense', NULL, NULL, 1, '{}', NULL),
    (2, 'shop', 'the same id again', NULL, NULL, NULL, 1, '{}', NULL),
    (NULL, 'shop', 'nobody', NULL, NULL, NULL, 1, '{}', NULL);
INSERT INTO chat_messages VALUES
    ('b', 1, 'bot', 'second' || char(0) || '!', 'many', NULL, 5, NULL, '{}', '2026-11-20 10:00:02'),
    ('a', 1, 'human', 'first', NULL, NULL, 2, NULL, '[1]', '2026-11-20 10:00:01'),
    ('a', 1, 'ai', 'third', NULL, NULL, 5, NULL, NULL, '2026-11-20 10:00:03'),
    ('d', 1, 'narrator', 'fourth', NULL, NULL, 9, NULL, NULL, 'later'),
    ('e', 1, 'user', NULL, NULL, NULL, 10, NULL, NULL, NULL),
    ('f', 2, 'user', CAST(x'ff6869' AS TEXT), NULL, NULL, 1, NULL, NULL, NULL),
    ('g', 77, 'user', 'an orphan', NULL, NULL, 1, NULL, NULL, NULL),
    ('h', NULL, 'user', 'another', NULL, NULL, 1, NULL, NULL, NULL);
";

fn reasons(report: &Value, what: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let skipped = report["skipped"].as_array().unwrap().iter().filter(|skipped| skipped["what"] == what);
    let mut found: Vec<_> = skipped.map(|skipped| (text(&skipped["id"]), text(&skipped["reason"]))).collect();
    found.sort();
    found
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(id, reason)| ((*id).to_owned(), (*reason).to_owned())).collect()
}

async fn check(target: &Target, from: &str) {
    let run = target.run(&["--from", from, "--json"]);
    assert_eq!(run.code, Some(1), "something was left behind: {run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["sessions"], json!({"read": 4, "imported": 2, "present": 0, "skipped": 2}), "{report:#}");
    assert_eq!(report["messages"], json!({"read": 8, "imported": 5, "present": 0, "skipped": 3}), "{report:#}");
    assert_eq!(reasons(&report, "session"), pairs(&[("-", "noId"), ("2", "doubleId")]));
    let messages = pairs(&[("e", "noContent"), ("g", "noSession"), ("h", "noSession")]);
    assert_eq!(reasons(&report, "message"), messages);
    let repairs = &report["repairs"];
    for (repair, times) in
        [("sequence", 1), ("role", 4), ("nul", 1), ("encoding", 1), ("messageId", 1), ("user", 1), ("metadata", 2)]
    {
        assert_eq!(repairs[repair], times, "{repair}: {report:#}");
    }
    assert!(repairs["naiveTime"].as_u64() >= Some(4) && repairs["time"].as_u64() >= Some(2), "{report:#}");

    let kim = "SELECT m.sequence_number || ' ' || m.role || ' ' || m.content FROM chat_messages m \
               JOIN chat_sessions s ON s.id = m.session_id WHERE s.user_id = 'kim' ORDER BY m.sequence_number";
    let expected = ["1 user first", "2 assistant second!", "3 assistant third", "4 system fourth"];
    assert_eq!(target.texts(kim).await, expected);
    let metadata = target.texts("SELECT CAST(metadata AS TEXT) FROM chat_sessions WHERE user_id = 'kim'").await;
    let metadata: Value = serde_json::from_str(&metadata[0]).unwrap();
    let kept = json!({"source": "stage1", "id": "1", "columns": {"metadata": "{not json", "note": "vip"}});
    assert_eq!(metadata["import"], kept, "what has no place is kept");
    let other = target.texts("SELECT store_id || ' ' || user_id FROM chat_sessions WHERE user_id <> 'kim'").await;
    assert!(other[0].starts_with("fallback anon-"), "{other:?}");
}

#[tokio::test]
async fn malformed_rows_are_repaired_and_counted_or_skipped_and_named() {
    let file = sources::sqlite(BROKEN).await;
    for target in targets().await {
        let from = file.address.as_str();
        std::fs::create_dir_all(target.directory.path().join("config")).unwrap();
        std::fs::write(target.directory.path().join("config/default.toml"), "[store]\ndefault = \"fallback\"\n")
            .unwrap();
        check(&target, from).await;
    }
}

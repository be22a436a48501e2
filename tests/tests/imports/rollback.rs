use serde_json::{Value, json};

use super::{Target, sources, targets};
use crate::support::{Process, Run};

fn id(report: &Value) -> String {
    report["id"].as_str().unwrap().to_owned()
}

fn rollback(target: &Target, arguments: &[&str]) -> (Run, Value) {
    let run = target.run(&[&["--json", "--rollback"], arguments].concat());
    let report = serde_json::from_str(&run.stdout).unwrap_or_default();
    (run, report)
}

#[tokio::test]
async fn an_import_is_taken_back_and_nothing_else() {
    let (first, second) =
        (sources::sqlite(sources::CONVERSATIONS).await, sources::sqlite(sources::SESSION_MANAGER).await);
    for target in targets().await {
        let kept = target.import(&["--from", &second.address]);
        let brought = target.import(&["--from", &first.address]);
        let (run, report) = rollback(&target, &[&id(&brought)]);
        assert_eq!(run.code, Some(0), "{run:?}");
        assert_eq!((&report["sessions"], &report["messages"]), (&json!(2), &json!(3)));
        for (table, count) in [
            ("chat_sessions", 2),
            ("chat_messages", 0),
            ("message_search", 0),
            ("chat_turns", 0),
            ("import_sessions", 2),
        ] {
            assert_eq!(target.count(table).await, count, "{table}");
        }
        let (again, _) = rollback(&target, &[&id(&brought)]);
        assert!(again.code == Some(1) && again.stderr.contains("rolled back before"), "{again:?}");
        let back = target.import(&["--from", &first.address]);
        assert_eq!(back["sessions"]["imported"], 2, "it can be imported once more");
        let list = target.run(&["--list"]);
        assert!(list.stdout.contains(&id(&kept)) && list.stdout.contains("rolled_back"), "{list:?}");
    }
}

/// A question in an imported session, asked through a server.
async fn talk(target: &Target, session: &str) {
    let arguments = ["serve", "--port", "0"];
    let mut command = crate::support::command(&arguments, target.directory.path());
    if let Some(database) = &target.database {
        command.env("DATABASE_URL", &database.url);
    }
    let mut server = Process::start(&mut command);
    let base = test_support::wait::wait_for(std::time::Duration::from_mins(1), || {
        let stdout = server.stdout();
        async move {
            let rest = stdout.split("http://").nth(1)?;
            Some(format!("http://{}", rest.split('/').next()?))
        }
    });
    let base = base.await.unwrap();
    let api = crate::support::Api::new(&base);
    api.ask(&json!({"message": "더 물어볼게요", "sessionId": session, "storeId": "demo", "userId": "kim"})).await;
    crate::support::send_signal("TERM", server.id());
    assert!(server.wait(std::time::Duration::from_secs(20)).success());
}

#[tokio::test]
async fn sessions_that_were_used_since_are_kept_and_listed_unless_forced() {
    // Live for long, so that it can be talked in.
    let script = format!(
        "{} ALTER TABLE conversations ADD COLUMN expires_at TEXT DEFAULT '2099-01-01T00:00:00Z';",
        sources::CONVERSATIONS
    );
    let file = sources::sqlite(&script).await;
    for target in targets().await {
        let brought = target.import(&["--from", &file.address, "--store", "demo"]);
        let entries = "SELECT CAST(metadata AS TEXT) FROM chat_sessions WHERE user_id = 'kim'";
        assert_eq!(target.texts(entries).await.len(), 1);
        let session = match target.database {
            None => target.texts("SELECT lower(hex(id)) FROM chat_sessions WHERE user_id = 'kim'").await.remove(0),
            Some(_) => target.texts("SELECT id::text FROM chat_sessions WHERE user_id = 'kim'").await.remove(0),
        };
        talk(&target, &session).await;
        let verified = target.run(&["--verify", &id(&brought)]);
        assert!(verified.code == Some(0) && verified.stdout.contains("1 used since"), "{verified:?}");

        let (run, report) = rollback(&target, &[&id(&brought)]);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!((&report["sessions"], &report["kept"][0]["sourceId"]), (&json!(1), &json!("1")), "{report:#}");
        assert_eq!(target.count("chat_sessions").await, 1);
        assert_eq!(target.count("chat_messages").await, 4, "what was said since is there, with what was imported");

        let (run, report) = rollback(&target, &[&id(&brought), "--force"]);
        assert_eq!((run.code, &report["messages"]), (Some(0), &json!(4)), "{run:?}");
        assert_eq!(target.count("chat_sessions").await, 0);
    }
}

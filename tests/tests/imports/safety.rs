use std::fs;

use serde_json::{Value, json};
use test_support::{require, sql};

use super::{Target, sources, targets};

#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    let file = sources::sqlite(sources::CONVERSATIONS).await;
    for target in targets().await {
        let rehearsed = target.import(&["--from", &file.address, "--dry-run"]);
        assert!(!target.directory.path().join("data").exists(), "the data folder was made");
        if target.database.is_some() {
            assert_eq!(target.texts("SELECT relname::text FROM pg_class WHERE relname LIKE 'chat%'").await.len(), 0);
        }
        let done = target.import(&["--from", &file.address]);
        for figures in ["sessions", "messages", "feedback", "turns", "repairs", "skipped"] {
            assert_eq!(rehearsed[figures], done[figures], "{figures}");
        }
        let before = target.count("imports").await;
        let again = target.import(&["--from", &file.address, "--dry-run"]);
        assert_eq!(again["sessions"], json!({"read": 2, "imported": 0, "present": 2, "skipped": 0}));
        assert_eq!(target.count("imports").await, before);
    }
}

#[tokio::test]
async fn a_row_that_does_not_arrive_as_it_was_meant_is_found_and_named() {
    let file = sources::sqlite(sources::CONVERSATIONS).await;
    let other = sources::sqlite(sources::SESSION_MANAGER).await;
    let target = Target::sqlite();
    target.import(&["--from", &other.address]);
    let tamper = "CREATE TRIGGER tamper AFTER INSERT ON chat_messages WHEN NEW.content LIKE '교환%'
                  BEGIN UPDATE chat_messages SET content = '반품은요?' WHERE id = NEW.id; END;";
    sql::run(&target.address(), tamper).await.unwrap();
    let run = target.run(&["--from", &file.address, "--json"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["state"], "different");
    assert_eq!(report["verification"]["differences"][0]["sourceId"], "2", "{report:#}");
    assert!(run.stderr.contains("(2 in the source): the content of its messages"), "{run:?}");
}

#[tokio::test]
async fn a_row_that_is_changed_or_lost_later_is_found_by_verifying_again() {
    let file = sources::sqlite(sources::CONVERSATIONS).await;
    for target in targets().await {
        let report = target.import(&["--from", &file.address]);
        let id = report["id"].as_str().unwrap();
        assert_eq!(target.run(&["--verify", id]).code, Some(0));
        sql::run(&target.address(), "DELETE FROM chat_messages WHERE role = 'assistant'").await.unwrap();
        let run = target.run(&["--verify", id]);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stderr.contains("(1 in the source): 2 messages were imported, 1 are there"), "{run:?}");
    }
}

#[tokio::test]
async fn sqlite_is_copied_first_and_the_copy_is_what_was_there_before() {
    let file = sources::sqlite(sources::CONVERSATIONS).await;
    let other = sources::sqlite(sources::SESSION_MANAGER).await;
    let target = Target::sqlite();
    target.import(&["--from", &other.address]);
    let report = target.import(&["--from", &file.address]);
    let backup = target.directory.path().join(report["backup"].as_str().unwrap());
    let users = sql::texts(&format!("sqlite:{}", backup.display()), "SELECT channel FROM chat_sessions").await.unwrap();
    assert_eq!(users, ["session-manager", "session-manager"]);
}

#[tokio::test]
async fn postgresql_is_dumped_first_unless_one_says_that_it_need_not_be() {
    let file = sources::sqlite(sources::CONVERSATIONS).await;
    let other = sources::sqlite(sources::SESSION_MANAGER).await;
    let target = Target::postgres(require!(test_support::postgres::database().await));
    let without = target.import(&["--from", &file.address, "--no-backup"]);
    assert_eq!(without["backup"], Value::Null);
    let report = target.import(&["--from", &other.address]);
    let backup = target.directory.path().join(report["backup"].as_str().unwrap());

    let empty = Target::postgres(require!(test_support::postgres::database().await));
    let arguments = ["db", "restore", backup.to_str().unwrap()];
    let mut restore = crate::support::command(&arguments, empty.directory.path());
    let restored = crate::support::Run::of(restore.env("DATABASE_URL", empty.address()));
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert_eq!(empty.texts("SELECT DISTINCT channel FROM chat_sessions").await, ["conversations"]);
}

#[tokio::test]
async fn what_cannot_be_imported_is_refused_with_the_reason_and_without_the_password() {
    let file = sources::sqlite(sources::SESSION_MANAGER).await;
    let empty = sources::sqlite("CREATE TABLE other (id INTEGER)").await;
    let target = Target::sqlite();
    target.import(&["--from", &file.address]);
    let own = target.address();
    let port = test_support::ports::free().unwrap();
    let nobody = format!("postgres://app:hunter2@127.0.0.1:{port}/x");
    for (arguments, reason) in [
        (vec!["--from", own.as_str()], "the very database"),
        (vec!["--from", empty.address.as_str()], "the source is not understood"),
        (vec!["--from", file.address.as_str(), "--kind", "stage1"], "chat_messages"),
        (vec!["--from", "sqlite:/nowhere/old.db"], "there is no file"),
        (vec!["--from", "mysql://app:hunter2@db/x"], "sqlite: or postgres://"),
        (vec!["--from", nobody.as_str()], "cannot be reached"),
        (vec![], "--from sqlite:PATH"),
    ] {
        let run = target.run(&arguments);
        assert_eq!(run.code, Some(1), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains(reason), "{arguments:?}: {run:?}");
        assert!(!run.stderr.contains("hunter2") && !run.stdout.contains("hunter2"), "{arguments:?}: {run:?}");
    }
    assert_eq!(target.count("chat_sessions").await, 2);
}

#[tokio::test]
async fn the_source_may_be_named_by_a_variable_or_in_a_file() {
    let file = sources::sqlite(sources::SESSION_MANAGER).await;
    let target = Target::sqlite();
    let secret = target.directory.path().join("source");
    fs::write(&secret, format!("{}\n", file.address)).unwrap();
    for (name, value) in
        [("IYAGI_IMPORT_FROM", file.address.clone()), ("IYAGI_IMPORT_FROM_FILE", secret.display().to_string())]
    {
        let run = crate::support::Run::of(target.command(&["--dry-run"]).env(name, value));
        assert!(run.code == Some(0) && run.stdout.contains("session-manager"), "{run:?}");
    }
    let run = target.run(&["--dry-run", "--from-file", secret.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let report = target.run(&["--from", &file.address]);
    assert!(report.stderr.lines().all(|line| !line.contains('█')), "no progress bar without a terminal: {report:?}");
}

use std::{fs, path::Path};

use serde_json::Value;
use test_support::temp;

use crate::support::{Run, command};

fn run_with(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    Run::of(command(arguments, directory).envs(variables.iter().copied()))
}

fn write(directory: &Path, text: &str) {
    fs::create_dir_all(directory.join("config")).unwrap();
    fs::write(directory.join("config/production.toml"), text).unwrap();
}

#[test]
fn an_unknown_key_in_a_file_stops_the_server_and_is_named_with_the_one_that_was_meant() {
    let directory = temp::directory().unwrap();
    write(directory.path(), "[server]\nprot = 1\n");
    for arguments in [&["demo"][..], &["serve"], &["eval"], &["config", "check"]] {
        let run = run_with(directory.path(), arguments, &[]);
        assert!(run.code.is_some_and(|code| code != 0), "{arguments:?}: {run:?}");
        let said = format!("{}{}", run.stdout, run.stderr);
        for part in ["server.prot", "config/production.toml line 2", "did you mean `server.port`?"] {
            assert!(said.contains(part), "{arguments:?}: {part}: {said}");
        }
    }
    assert!(!directory.path().join("data").exists(), "something was begun all the same");
}

#[test]
fn an_unknown_variable_stops_the_server_and_is_named_with_the_one_that_was_meant() {
    let directory = temp::directory().unwrap();
    let run = run_with(directory.path(), &["demo"], &[("IYAGI__SERVER__PROT", "1")]);
    assert!(run.code.is_some_and(|code| code != 0), "{run:?}");
    for part in ["IYAGI__SERVER__PROT", "did you mean `IYAGI__SERVER__PORT`?"] {
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let directory = temp::directory().unwrap();
    write(directory.path(), "[server]\nprot = 1\n[chat]\nheartbeat_seconds = 0\n");
    let run = run_with(directory.path(), &["demo"], &[("PORT", "http")]);
    assert!(run.stderr.contains("3 problems"), "{run:?}");
    for part in ["server.prot", "chat.heartbeat_seconds", "server.port (env PORT)"] {
        assert!(run.stderr.contains(part), "{part}: {run:?}");
    }
}

#[test]
fn checking_the_configuration_succeeds_without_printing_a_password() {
    let directory = temp::directory().unwrap();
    let secret_file = directory.path().join("secret");
    fs::write(&secret_file, "hunter2\n").unwrap();
    let url = [("DATABASE_URL", "postgres://app:hunter2@db.internal/shop")];
    let parts = [("DB_HOST", "db.internal"), ("DB_NAME", "shop"), ("DB_USER", "app"), ("DB_PASSWORD", "hunter2")];
    let from_file = [("DB_NAME", "shop"), ("DB_USER", "app"), ("DB_PASSWORD_FILE", secret_file.to_str().unwrap())];
    for variables in [&url[..], &parts, &from_file] {
        for arguments in [&["config", "check"][..], &["config", "check", "--json"]] {
            let run = run_with(directory.path(), arguments, variables);
            assert_eq!(run.code, Some(0), "{run:?}");
            assert!(run.stdout.contains("database.url"), "{run:?}");
            assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"), "{run:?}");
        }
    }
}

#[test]
fn checking_the_configuration_tells_programs_where_each_value_came_from() {
    let directory = temp::directory().unwrap();
    write(directory.path(), "[chat]\nhistory_messages = 5\n");
    let arguments = ["config", "check", "--json", "--log", "json"];
    let run = run_with(directory.path(), &arguments, &[("PORT", "9001")]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["valid"], true, "{report}");
    for (key, value, from) in [
        ("server.port", Value::from(9001), "env PORT"),
        ("chat.history_messages", Value::from(5), "config/production.toml"),
        ("log.format", Value::from("json"), "flag --log"),
        ("server.host", Value::from("127.0.0.1"), "default"),
    ] {
        let setting = report["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap();
        assert_eq!(setting["value"], value, "{setting}");
        assert!(setting["from"].as_str().unwrap().starts_with(from), "{setting}");
    }
}

#[test]
fn a_price_book_that_is_missing_is_found_by_the_check() {
    let directory = temp::directory().unwrap();
    let run = run_with(directory.path(), &["config", "check"], &[("IYAGI__PRICES__FILE", "nowhere.toml")]);
    assert!(run.code.is_some_and(|code| code != 0), "{run:?}");
    assert!(run.stdout.contains("nowhere.toml"), "{run:?}");
}

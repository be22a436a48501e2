//! `iyagi db …` and `/health/database`, on both databases, beside a server that runs.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::{postgres, require, temp, wait::wait_until};

use crate::support::{Api, Run, Server, assert_error, command};

const QUESTION: &str = "제주도는 배송비가 얼마예요?";
const CONTEXT: &str = "/api/users/first/context";

/// The commands of one configuration: a data folder, and the URL of a database if it is not in there.
struct Place {
    folder: TempDir,
    url: Option<String>,
}

impl Place {
    fn new(url: Option<&str>) -> Self {
        Self { folder: temp::directory().unwrap(), url: url.map(str::to_owned) }
    }

    fn db(&self, arguments: &[&str]) -> Run {
        db(self.folder.path(), self.url.as_deref(), arguments)
    }

    fn ok(&self, arguments: &[&str]) -> Run {
        let run = self.db(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
        run
    }

    fn info(&self) -> Value {
        serde_json::from_str(&self.ok(&["info", "--json"]).stdout).unwrap()
    }

    fn server_variables(&self) -> Vec<(&str, &str)> {
        self.url.iter().map(|url| ("DATABASE_URL", url.as_str())).collect()
    }
}

fn db(data: &Path, url: Option<&str>, arguments: &[&str]) -> Run {
    let all = [&["db"], arguments, &["--data", data.to_str().unwrap()]].concat();
    let mut command = command(&all, data);
    if let Some(url) = url {
        command.env("DATABASE_URL", url);
    }
    let run = Run::of(&mut command);
    if let Some(url) = url {
        assert!(!format!("{run:?}").contains("hunter2"), "{url} was shown: {run:?}");
    }
    run
}

fn refused(run: &Run, reason: &str) {
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains(reason), "{reason}: {run:?}");
}

/// Asks again and again until told to stop, and gives the sessions whose answers were acknowledged.
async fn write(api: Api, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut answered = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let user = format!("user-{}", answered.len());
        let reply = api.ask(&json!({"message": QUESTION, "userId": user})).await;
        answered.push(reply["sessionId"].as_str().unwrap().to_owned());
    }
    answered
}

/// Backs up a running server `times` over while questions are answered; gives how many were.
async fn back_up_under_writes(server: &Server, url: Option<&str>, files: &[(PathBuf, &[&str])]) -> Vec<String> {
    let stop = Arc::new(AtomicBool::new(false));
    let before = server.api().ask(&json!({"message": QUESTION, "userId": "first"})).await;
    let remembered = server.api().request(Method::PUT, CONTEXT).json(&json!({"summary": QUESTION}));
    assert!(remembered.send().await.unwrap().status().is_success());
    let writer = tokio::spawn(write(server.api(), Arc::clone(&stop)));
    for (file, flags) in files {
        let (data, url, file) = (server.data().to_owned(), url.map(str::to_owned), file.clone());
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let backup = tokio::task::spawn_blocking(move || {
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            db(&data, url.as_deref(), &[&["backup", file.to_str().unwrap()], &flags[..]].concat())
        });
        let run = backup.await.unwrap();
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(run.stdout.contains(" rows, ") && run.stdout.contains("sha256"), "{run:?}");
    }
    stop.store(true, Ordering::Relaxed);
    let mut answered = vec![before["sessionId"].as_str().unwrap().to_owned()];
    answered.extend(writer.await.unwrap());
    assert!(answered.len() > 1, "nothing was written meanwhile");
    answered
}

/// Checks that a restored database has the first conversation whole, and that every session in it has its counters
/// right.
async fn is_whole(place: &Place, first: &str) {
    let rows = &place.info()["rows"];
    let (sessions, messages, turns) = (&rows["sessions"], &rows["messages"], &rows["turns"]);
    assert!(sessions.as_u64() > Some(0) && messages.as_u64() >= turns.as_u64(), "{rows}");
    let server = Server::start_on(place.folder.path(), &place.server_variables()).await;
    let api = server.api();
    let found = api.messages("first", first).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(api.get_json(CONTEXT).await["summary"], QUESTION);
    let next = api.ask(&json!({"message": QUESTION, "userId": "first"})).await;
    assert_eq!((&next["sessionId"], &next["metadata"]["sessionMessageCount"]), (&json!(first), &json!(4)));
    assert!(!next["sources"].as_array().unwrap().is_empty(), "the documents are not found: {next}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_backed_up_while_it_is_written_and_serves_again_after_restoring() {
    let mut server = Server::start().await;
    let folder = temp::directory().unwrap();
    let file = folder.path().join("shop.db");
    let answered = back_up_under_writes(&server, None, &[(file.clone(), &[]), (file.clone(), &["--force"])]).await;
    let again = db(server.data(), None, &["backup", file.to_str().unwrap()]);
    refused(&again, "--force");
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "something was left behind: {names:?}");

    refused(&db(server.data(), None, &["restore", file.to_str().unwrap()]), "used by another iyagi process");
    assert!(server.terminate().success());
    refused(&db(server.data(), None, &["restore", file.to_str().unwrap()]), "not empty");

    let place = Place::new(None);
    let restored = place.ok(&["restore", file.to_str().unwrap()]);
    assert!(restored.stdout.contains("rows restored"), "{restored:?}");
    is_whole(&place, &answered[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_is_backed_up_in_both_forms_while_it_is_written_and_restores() {
    let database = require!(postgres::database().await);
    let server = Server::start_with(&[("DATABASE_URL", &database.url)]).await;
    let folder = temp::directory().unwrap();
    let (custom, portable) = (folder.path().join("shop.dump"), folder.path().join("shop.jsonl"));
    let files = [(custom.clone(), &[][..]), (portable.clone(), &["--portable"][..])];
    let answered = back_up_under_writes(&server, Some(&database.url), &files).await;
    refused(&db(server.data(), Some(&database.url), &["restore", portable.to_str().unwrap()]), "not empty");

    for file in [&custom, &portable] {
        let target = require!(postgres::database().await);
        let place = Place::new(Some(&target.url));
        place.ok(&["restore", file.to_str().unwrap()]);
        is_whole(&place, &answered[0]).await;
    }

    let place = Place::new(None);
    place.ok(&["restore", portable.to_str().unwrap()]);
    is_whole(&place, &answered[0]).await;
    if fs::read(&custom).unwrap().starts_with(b"PGDMP") {
        refused(&Place::new(None).db(&["restore", custom.to_str().unwrap()]), "PostgreSQL only");
    }
}

#[tokio::test]
async fn what_is_not_the_backup_that_was_made_is_refused_and_changes_nothing() {
    let mut server = Server::start().await;
    assert!(server.terminate().success());
    let folder = temp::directory().unwrap();
    let file = folder.path().join("shop.db");
    let name = file.to_str().unwrap();
    assert_eq!(db(server.data(), None, &["backup", name]).code, Some(0));
    let bytes = fs::read(&file).unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xA5);

    let place = Place::new(None);
    fs::write(&file, &damaged).unwrap();
    refused(&place.db(&["restore", name]), "is not what was backed up");
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    fs::remove_file(folder.path().join("shop.db.manifest.json")).unwrap();
    refused(&place.db(&["restore", name]), "not whole");
    fs::write(&file, "장보기 목록").unwrap();
    refused(&place.db(&["restore", name]), "no backup of Iyagi");
    refused(&place.db(&["restore", "nowhere.db"]), "nowhere.db");
    assert!(!place.folder.path().join("iyagi.db").exists());

    fs::write(&file, &bytes).unwrap();
    let unlisted = place.ok(&["restore", name]);
    assert!(unlisted.stderr.contains("there is no manifest"), "{unlisted:?}");
}

#[tokio::test]
async fn a_database_is_tested_and_described_for_people_and_for_programs() {
    let database = require!(postgres::database().await);
    let mut of_file = Server::start().await;
    let of_postgres = Server::start_with(&[("DATABASE_URL", &database.url), ("DB_POOL_MAX", "7")]).await;
    for (server, url, backend) in
        [(&of_file, None, "sqlite"), (&of_postgres, Some(database.url.as_str()), "postgresql")]
    {
        let tested: Value = serde_json::from_str(&db(server.data(), url, &["test", "--json"]).stdout).unwrap();
        assert_eq!((&tested["ok"], &tested["write"]), (&json!(true), &json!(true)), "{tested}");
        assert_eq!((&tested["backend"], &tested["migrations"]["pending"]), (&json!(backend), &json!(0)), "{tested}");
        let table = db(server.data(), url, &["test"]).stdout;
        assert!(table.contains(backend) && table.contains("0 pending") && table.contains(" ms"), "{table}");
        let described: Value = serde_json::from_str(&db(server.data(), url, &["info", "--json"]).stdout).unwrap();
        assert_eq!(described["rows"]["sessions"], 0, "{described}");
        assert!(described["sizeBytes"].as_u64() > Some(10_000), "{described}");
        assert!(db(server.data(), url, &["info"]).stdout.contains("documentChunks"));

        let health = server.api().get_json("/health/database").await;
        assert_eq!((&health["status"], &health["backend"]), (&json!("ok"), &json!(backend)), "{health}");
        assert_eq!((&health["rows"]["sessions"], &health["estimated"]), (&json!(0), &json!(false)), "{health}");
        assert_eq!(health["migrations"]["applied"], described["migrations"]["applied"].as_array().unwrap().len());
    }
    assert_eq!(of_postgres.api().get_json("/health/database").await["pool"]["max"], 7);
    let metrics = of_postgres.api().get("/metrics").await.text().await.unwrap();
    for line in ["db_connections_total{state=\"max\"} 7", "db_connections_total{state=\"in_use\"}"] {
        assert!(metrics.contains(line), "{line}:\n{metrics}");
    }
    assert!(of_file.terminate().success());
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told_without_its_password() {
    let port = test_support::ports::free().unwrap();
    let url = format!("postgres://app:hunter2@127.0.0.1:{port}/shop");
    let place = Place::new(Some(&url));
    for arguments in [&["test"][..], &["info"], &["backup", "x.dump"]] {
        refused(&place.db(arguments), "PostgreSQL cannot be used");
    }
    let tested = place.db(&["test", "--json"]);
    let answer: Value = serde_json::from_str(&tested.stdout).unwrap();
    assert_eq!((tested.code, &answer["ok"]), (Some(1), &json!(false)), "{answer}");
    refused(&Place::new(None).db(&["info"]), "there is no database");
}

#[tokio::test]
async fn a_server_whose_database_goes_says_so_and_recovers() {
    let database = require!(postgres::database().await);
    let shared = require!(postgres::server().await);
    let variables = [("DATABASE_URL", database.url.as_str()), ("DB_CONNECTION_TIMEOUT", "1000")];
    let server = Server::start_with(&variables).await;
    database.forbid_connections(shared).await;
    assert_error(server.api().get("/health/database").await, 503, "STORAGE_UNAVAILABLE").await;
    database.allow_connections(shared).await;
    let api = server.api();
    let recovered = wait_until(Duration::from_secs(10), || {
        let look = api.clone();
        async move { look.get("/health/database").await.status() == StatusCode::OK }
    });
    assert_eq!(recovered.await, Ok(()));
}

use std::time::Duration;

use serde_json::json;
use test_support::temp;

use super::QUESTION;
use crate::support::{Process, Run, Server, command, demo_arguments, launch};

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused_and_told_why() {
    let server = Server::start().await;
    let folder = temp::directory().unwrap();
    let second = Run::of(&mut command(&demo_arguments(server.data()), folder.path()));
    assert!(second.code.is_some_and(|code| code != 0), "{second:?}");
    assert!(second.stderr.contains("another iyagi process"), "{second:?}");
    assert!(second.stderr.contains(server.data().to_str().unwrap()), "{second:?}");
    assert!(!second.stdout.contains("http://"), "{second:?}");
    let reply = server.api().ask(&json!({"message": QUESTION, "userId": "minji"})).await;
    assert!(!reply["sources"].as_array().unwrap().is_empty(), "the first server was disturbed");
}

#[tokio::test]
async fn the_first_start_takes_the_documents_in_and_the_next_finds_them_there() {
    let data = temp::directory().unwrap();
    let stdout = async || {
        let (mut process, _): (Process, String) = launch(data.path(), &[]).await;
        crate::support::send_signal("TERM", process.id());
        assert!(process.wait(Duration::from_secs(20)).success(), "{}", process.stderr());
        process.stdout()
    };
    let first = stdout().await;
    assert!(first.contains("25 added, 0 updated, 0 unchanged, 0 failed"), "{first}");
    let second = stdout().await;
    assert!(second.contains("0 added, 0 updated, 25 unchanged, 0 failed"), "{second}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_at_once() {
    let server = Server::start().await;
    let data = temp::directory().unwrap();
    let port = server.base().rsplit(':').next().unwrap().to_owned();
    let mut arguments = demo_arguments(data.path());
    arguments[6] = port.clone();
    let second = Run::of(&mut command(&arguments, data.path()));
    assert!(second.code.is_some_and(|code| code != 0), "{second:?}");
    assert!(second.stderr.contains(&port) && second.stderr.contains("--port"), "{second:?}");
}

//! No server and no directory outlives the process that asked for it.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use test_support::{
    postgres, redis, require, temp,
    wait::{wait_for, wait_until, wait_until_blocking},
    watchdog::{Server, StopSignal},
};

/// The line of `test-servers`: name, URL, directory.
fn parse(line: &str) -> (String, PathBuf) {
    let mut words = line.split(' ').skip(1);
    let url = words.next().unwrap();
    let authority = url.split("//").nth(1).unwrap().split('/').next().unwrap();
    let address = authority.split('@').next_back().unwrap();
    (address.to_owned(), PathBuf::from(words.next().unwrap()))
}

#[tokio::test]
async fn servers_stop_and_their_directories_go_when_the_process_is_killed() {
    require!(postgres::server().await);
    require!(redis::server().await);
    let mut process = Command::new(env!("CARGO_BIN_EXE_test-servers"))
        .env_remove("TEST_DATABASE_URL")
        .env_remove("TEST_REDIS_URL")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let servers: Vec<_> = lines.take(2).map(|line| parse(&line.unwrap())).collect();
    assert_eq!(servers.len(), 2);
    for (address, directory) in &servers {
        assert!(TcpStream::connect(address).is_ok(), "{address}");
        assert!(directory.is_dir(), "{directory:?}");
    }

    process.kill().unwrap();
    process.wait().unwrap();

    for (address, directory) in &servers {
        let gone = || TcpStream::connect(address).is_err() && !directory.exists();
        let outcome = wait_until_blocking(Duration::from_secs(20), gone);
        assert_eq!(outcome, Ok(()), "{address} {directory:?}");
    }
}

#[tokio::test]
async fn a_server_of_ones_own_ends_with_its_value() {
    let server = require!(redis::RedisServer::start().await);
    let directory = server.directory().unwrap().to_owned();
    let (address, _) = parse(&format!("redis {} -", server.url()));
    assert!(TcpStream::connect(&address).is_ok());
    drop(server);
    assert!(TcpStream::connect(&address).is_err());
    assert!(!directory.exists());
}

#[tokio::test]
async fn what_a_server_started_ends_with_it() {
    let proof = temp::directory().unwrap();
    let pid_file = proof.path().join("pid");
    let script = "sleep 600 & echo $! > \"$1\"; wait";
    let server = Server::new("script", None, StopSignal::Terminate).unwrap();
    let watchdog = server.start(["/bin/sh", "-c", script, "server", pid_file.to_str().unwrap()]).unwrap();
    let limit = Duration::from_secs(10);
    let read_pid = async || {
        let text = fs::read_to_string(&pid_file).ok()?;
        text.strip_suffix('\n').map(str::to_owned)
    };
    let pid = wait_for(limit, read_pid).await.unwrap();
    drop(watchdog);
    let gone = wait_until(limit, async || !is_running(&pid)).await;
    assert_eq!(gone, Ok(()));
}

/// A process whose parent never collects it stays as a zombie, which does not run.
fn is_running(pid: &str) -> bool {
    let Ok(status) = Command::new("ps").args(["-o", "stat=", "-p", pid]).output() else {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        return stat.is_ok_and(|stat| !stat.contains(") Z "));
    };
    let state = String::from_utf8(status.stdout).unwrap();
    !matches!(state.trim().chars().next(), None | Some('Z'))
}

#[tokio::test]
async fn a_server_that_stops_by_itself_leaves_its_log_until_it_is_dropped() {
    let server = Server::new("script", None, StopSignal::Terminate).unwrap();
    let watchdog = server.start(["/bin/sh", "-c", "echo no such option; exit 3"]).unwrap();
    let limit = Duration::from_secs(10);
    let ended = wait_until(limit, async || watchdog.ended().is_some()).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(watchdog.ended().unwrap(), "exit status 3\nno such option");
    let directory = watchdog.directory().to_owned();
    drop(watchdog);
    assert!(!directory.exists());
}

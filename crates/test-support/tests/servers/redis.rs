//! Redis: one server per process, one key prefix per test.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use test_support::{redis, require};

fn ask(url: &str, command: &str) -> String {
    let address = url.trim_start_matches("redis://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{command}\r\nQUIT\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[tokio::test]
async fn the_server_answers_a_ping_on_the_loopback_interface() {
    let server = require!(redis::server().await);
    assert_eq!(ask(server.url(), "PING"), "+PONG\r\n+OK\r\n");
    let bound = ask(server.url(), "CONFIG GET bind");
    assert!(bound.contains("127.0.0.1"), "{bound}");
}

#[tokio::test]
async fn the_server_saves_nothing() {
    let server = require!(redis::server().await);
    let save = ask(server.url(), "CONFIG GET save");
    assert_eq!(save, "*2\r\n$4\r\nsave\r\n$0\r\n\r\n+OK\r\n");
}

#[tokio::test]
async fn all_tests_of_a_process_share_one_server() {
    let one = require!(redis::server().await);
    let other = require!(redis::server().await);
    assert_eq!(one.url(), other.url());
}

#[test]
fn every_prefix_is_new() {
    let (one, other) = (redis::prefix(), redis::prefix());
    assert_ne!(one, other);
    assert!(one.ends_with(':'));
}

//! Chroma: one server per process, one prefix of names per test.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use test_support::{chroma, require};

fn ask(url: &str, path: &str) -> String {
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[tokio::test]
async fn the_server_has_the_database_that_every_server_has() {
    let server = require!(chroma::server().await);
    let reply = ask(server.url(), "/api/v2/tenants/default_tenant/databases/default_database");
    assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("default_database"), "{reply}");
}

#[tokio::test]
async fn all_tests_of_a_process_share_one_server_in_a_directory_of_its_own() {
    let one = require!(chroma::server().await);
    let other = require!(chroma::server().await);
    assert_eq!(one.url(), other.url());
    let kept = one.directory().map(|directory| directory.join("data").exists());
    assert_ne!(kept, Some(false));
}

#[test]
fn every_prefix_is_new_and_fit_for_the_name_of_a_collection() {
    let (one, other) = (chroma::prefix(), chroma::prefix());
    assert_ne!(one, other);
    assert!(one.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{one}");
    assert!(one.len() <= 32, "{one}");
}

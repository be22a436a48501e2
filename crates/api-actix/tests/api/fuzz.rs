use actix_web::rt::System;
use actix_web::test::TestRequest;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Api, Reply, Setup};

const SOME_ID: &str = "00000000-0000-0000-0000-000000000009";

fn post_routes() -> Vec<String> {
    let routes = api_actix::endpoints().into_iter().filter(|(method, _)| method == "POST");
    routes.map(|(_, path)| path.replace("{id}", SOME_ID)).collect()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let known = prop::sample::select(vec![
            "message",
            "storeId",
            "userId",
            "sessionId",
            "businessMetadata",
            "clientMessageId",
            "thumbs",
            "rating",
            "comment",
            "title",
            "channel",
            "metadata",
            "topicTags",
            "query",
            "agent",
            "category",
            "status",
            "from",
            "to",
            "limit",
            "cursor",
        ]);
        let name = prop_oneof![3 => known.prop_map(str::to_owned), 1 => ".{0,8}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6).prop_map(Value::from_iter),
        ]
    })
}

/// Whatever was sent, the reply is a success or a refusal in its one shape, never a fault of ours.
fn check(reply: &Reply, sent: &[u8]) {
    assert!(!reply.status.is_server_error(), "{} for {:?}", reply.text, String::from_utf8_lossy(sent));
    if reply.status.is_client_error() {
        reply.has_error_body();
    }
}

fn run(bodies: impl Strategy<Value = Vec<u8>>) {
    let system = System::new();
    let api = system.block_on(Setup::default().api());
    let strategy = (prop::sample::select(post_routes()), bodies);
    let mut runner = TestRunner::new(Config { cases: 192, failure_persistence: None, ..Config::default() });
    runner
        .run(&strategy, |(route, body)| {
            let request = TestRequest::post().uri(&route).insert_header(("content-type", "application/json"));
            let reply = system.block_on(api.send(request.set_payload(body.clone())));
            check(&reply, &body);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_bytes_make_the_server_fail() {
    run(prop::collection::vec(any::<u8>(), 0..200));
}

#[test]
fn no_json_makes_the_server_fail() {
    run(any_json().prop_map(|json| json.to_string().into_bytes()));
}

#[test]
fn no_address_makes_the_server_fail() {
    let system = System::new();
    let api: Api = system.block_on(Setup::default().api());
    let paths =
        prop::sample::select(vec!["/api/sessions", "/api/sessions/x", "/api/turns/x/stream", "/assets", "/docs"]);
    let strategy = (paths, "[a-zA-Z0-9%&=?/._~-]{0,40}");
    let mut runner = TestRunner::new(Config { cases: 192, failure_persistence: None, ..Config::default() });
    runner
        .run(&strategy, |(path, rest)| {
            let uri = format!("{path}?{rest}");
            check(&system.block_on(api.get(&uri)), uri.as_bytes());
            let uri = format!("{path}/{rest}");
            check(&system.block_on(api.get(&uri)), uri.as_bytes());
            Ok(())
        })
        .unwrap();
}

use actix_web::http::Method;
use actix_web::rt::System;
use actix_web::test::{self, TestRequest};
use api_actix::app;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{Api, Reply, Setup};

const SOME_ID: &str = "00000000-0000-0000-0000-000000000009";

/// Every route that takes a body, as method and address, about a session that there is and one that is not.
fn routes_with_bodies(session: &str) -> Vec<(Method, String)> {
    let of = |id: &str| -> Vec<(Method, String)> {
        let routes =
            api_actix::endpoints().into_iter().filter(|(method, _)| matches!(&**method, "POST" | "PUT" | "PATCH"));
        routes.map(|(method, path)| (method.parse().unwrap(), path.replace("{id}", id))).collect()
    };
    [of(session), of(SOME_ID)].concat()
}

/// Every address that takes no body, its parameters still to be filled in.
fn routes_without_bodies() -> Vec<(Method, &'static str)> {
    let routes = api_actix::endpoints().into_iter().filter(|(method, _)| matches!(&**method, "GET" | "DELETE"));
    routes.map(|(method, path)| (method.parse().unwrap(), path)).collect()
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
            "privacyLevel",
            "hours",
            "expiresInHours",
            "priority",
            "query",
            "agent",
            "category",
            "status",
            "from",
            "to",
            "limit",
            "cursor",
            "preferences",
            "summary",
            "revision",
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

/// Sends many requests to one application.
fn run<V: std::fmt::Debug>(
    strategy: impl Fn(&str) -> BoxedStrategy<V>,
    request: impl Fn(&V) -> Option<(TestRequest, Vec<u8>)>,
) {
    let system = System::new();
    let api: Api = system.block_on(Setup::default().api());
    let session = system.block_on(api.session());
    let service = system.block_on(test::init_service(app(api.state.clone())));
    let mut runner = TestRunner::new(Config { cases: 384, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&strategy(&session), |value| {
        if let Some((request, sent)) = request(&value) {
            let response = system.block_on(test::call_service(&service, request.to_request()));
            check(&system.block_on(Reply::read(response)), &sent);
        }
        Ok(())
    });
    outcome.unwrap();
}

fn run_bodies(bodies: &BoxedStrategy<Vec<u8>>) {
    run(
        |session| (prop::sample::select(routes_with_bodies(session)), bodies.clone()).boxed(),
        |((method, uri), body)| {
            let request = TestRequest::default().method(method.clone()).uri(uri);
            let request = request.insert_header(("content-type", "application/json"));
            Some((request.set_payload(body.clone()), body.clone()))
        },
    );
}

#[test]
fn no_bytes_make_the_server_fail() {
    run_bodies(&prop::collection::vec(any::<u8>(), 0..200).boxed());
}

#[test]
fn no_json_makes_the_server_fail() {
    run_bodies(&any_json().prop_map(|json| json.to_string().into_bytes()).boxed());
}

#[test]
fn no_address_makes_the_server_fail() {
    let paths = ["/api/sessions", "/api/sessions/x", "/api/turns/x/stream", "/api/session-chat", "/assets", "/docs"];
    let rest = "[a-zA-Z0-9%&=?/._~-]{0,40}";
    run(
        |_| (prop::sample::select(paths.to_vec()), prop::sample::select(vec!["?", "/"]), rest).boxed(),
        |(path, joint, rest)| {
            let uri = format!("{path}{joint}{rest}");
            Some((TestRequest::get().uri(&uri), uri.into_bytes()))
        },
    );
}

#[test]
fn no_parameter_of_any_route_makes_the_server_fail() {
    const NAMES: [&str; 8] = ["storeId", "userId", "format", "messageLimit", "limit", "cursor", "after", "x"];
    let value = || prop_oneof!["[a-zA-Z0-9%_-]{0,20}", Just("json".to_owned()), Just("demo".to_owned())];
    let query = || prop::collection::vec((prop::sample::select(NAMES.to_vec()), value()), 0..3);
    run(
        |session| {
            let id = prop_oneof![Just(session.to_owned()), Just(SOME_ID.to_owned()), "[a-zA-Z0-9%._~-]{1,70}"];
            (prop::sample::select(routes_without_bodies()), id, query()).boxed()
        },
        |((method, path), id, query)| {
            let path =
                ["{id}", "{token}", "{file}"].iter().fold((*path).to_owned(), |path, name| path.replace(name, id));
            let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let uri = format!("{path}?{}", query.join("&"));
            Some((TestRequest::default().method(method.clone()).uri(&uri), uri.into_bytes()))
        },
    );
}

//! Requests that make no sense, to every route of the OpenAPI document.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{runtime::Handle, task::block_in_place};

use super::{Home, on_each_database};
use crate::support::Api;

const CASES: u32 = 300;

on_each_database! { no_request_makes_the_server_fail_or_hang_up }

async fn no_request_makes_the_server_fail_or_hang_up(home: &Home) {
    let server = home.server().await;
    let api = server.api();
    let routes = routes(&api).await;
    assert!(routes.len() > 10, "{routes:?}");
    let requests = (prop::sample::select(routes), ids(), addresses(), headers(), bodies());
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let runtime = Handle::current();
    let mut outcome = Ok(());
    block_in_place(|| {
        outcome = runner.run(&requests, |((method, path), id, query, headers, body)| {
            let path = format!("{}{query}", path.replace("{id}", &id));
            let mut request = api.request(method.clone(), &path);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            runtime.block_on(async {
                let response = request.body(body).send().await;
                let response =
                    response.map_err(|broken| TestCaseError::fail(format!("{method} {path}: {broken:?}")))?;
                check(response, &format!("{method} {path}")).await
            })
        });
    });
    assert_eq!(outcome, Ok(()), "{}", server.stderr());
    assert_eq!(api.get("/ready").await.status(), 200);
}

/// Methods and paths of the OpenAPI document.
async fn routes(api: &Api) -> Vec<(Method, String)> {
    let document = api.get_json("/openapi.json").await;
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.split('/').map(|part| if part.starts_with('{') { "{id}" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        for method in operations.as_object().unwrap().keys() {
            routes.push((Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path.clone()));
        }
    }
    routes
}

/// A success, or a refusal in its one shape; never a fault of ours.
async fn check(response: Response, request: &str) -> Result<(), TestCaseError> {
    let status = response.status();
    let id = response.headers().get("x-request-id").map(|id| id.to_str().unwrap().to_owned());
    prop_assert!(!status.is_server_error(), "{status} for {request}");
    let events = response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
    let text = response.text().await;
    prop_assert!(text.is_ok(), "{request}: {text:?}");
    if status.is_client_error() {
        let text = text.unwrap();
        let body: Value = serde_json::from_str(&text).map_err(|_| TestCaseError::fail(format!("{request}: {text}")))?;
        prop_assert!(body["code"].is_string() && body["error"].is_string(), "{request}: {body}");
        prop_assert_eq!(body["requestId"].as_str(), id.as_deref(), "{}", request);
        prop_assert!(!events, "{request}");
    }
    Ok(())
}

fn ids() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("01890000-0000-7000-8000-000000000000".to_owned()),
        "[0-9a-f-]{1,40}",
        prop::collection::vec(any::<u8>(), 1..12).prop_map(|bytes| percent(&bytes)),
    ]
}

fn addresses() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec!["userId", "storeId", "limit", "cursor", "before", "after", "format"]);
    let value = prop_oneof![
        "[0-9-]{0,20}",
        "[a-z0-9]{0,20}",
        prop::collection::vec(any::<u8>(), 0..12).prop_map(|bytes| percent(&bytes)),
    ];
    let pair = (prop_oneof![4 => known.prop_map(str::to_owned), 1 => "[a-z%&=]{0,6}"], value);
    prop::collection::vec(pair, 0..3).prop_map(|pairs| {
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    })
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let kinds = prop::sample::select(vec!["application/json", "text/plain", "application/json; charset=utf-16", "x"]);
    let name = prop::sample::select(vec![
        "last-event-id",
        "accept",
        "accept-language",
        "x-request-id",
        "cookie",
        "authorization",
        "range",
        "accept-encoding",
    ]);
    (kinds, prop::collection::vec((name, "[ -~]{0,30}"), 0..3)).prop_map(|(kind, mut headers)| {
        headers.push(("content-type", kind.to_owned()));
        headers
    })
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..200),
        4 => any_json().prop_map(|json| json.to_string().into_bytes()),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
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
            "metadata",
            "hours",
        ]);
        let name = prop_oneof![4 => known.prop_map(str::to_owned), 1 => ".{0,8}"];
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => prop::collection::btree_map(name, inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

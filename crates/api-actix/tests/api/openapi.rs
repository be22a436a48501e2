use std::collections::BTreeSet;

use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&api_actix::openapi_json()).unwrap()
}

fn operations(document: &Value) -> Vec<((String, String), Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push(((method.to_uppercase(), path.clone()), operation.clone()));
        }
    }
    found
}

#[test]
fn the_document_is_what_clients_were_promised() {
    insta::assert_json_snapshot!("openapi", document());
}

#[test]
fn every_route_is_documented_and_nothing_else_is() {
    let routes: BTreeSet<(String, String)> =
        api_actix::endpoints().into_iter().map(|(method, path)| (method, path.to_owned())).collect();
    let documented: BTreeSet<_> = operations(&document()).into_iter().map(|(route, _)| route).collect();
    assert_eq!(documented, routes);
}

#[test]
fn every_documented_error_has_the_error_body_and_every_operation_its_own_id() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (route, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{route:?}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.as_str() >= "400" {
                let schema = &response["content"]["application/json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/ErrorBody", "{route:?} {status}");
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let text = api_actix::openapi_json();
    let document = document();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

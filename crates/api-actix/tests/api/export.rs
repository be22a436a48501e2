use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::MessageBody;
use actix_web::test::{self, TestRequest};
use api_actix::app;
use kernel::RepositoryError;
use serde_json::{Value, json};
use session_core::ports::{MockFeedbackRepository, SessionRepository, TurnRepository};
use session_core::testing::samples::{self, closed_turn, new_turn};

use crate::support::{Api, Setup, without_scores};

/// Two turns of `kim`'s with feedback by two people; gives the session.
async fn conversation(api: &Api) -> String {
    let first = api.asked().await;
    api.asked().await;
    let uri = format!("/api/messages/{}/feedback", first["messageId"].as_str().unwrap());
    api.post(&uri, json!({"rating": 5, "userId": "kim", "comment": "빨라요"})).await;
    api.post(&uri, json!({"thumbs": "down"})).await;
    first["sessionId"].as_str().unwrap().to_owned()
}

/// A conversation of that many turns in session 1, written past the interface.
async fn long_conversation(api: &Api, turns: u64) -> String {
    SessionRepository::insert(&*api.storage, &samples::session("kim")).await.unwrap();
    for number in 1..=turns {
        api.storage.open_turn(&new_turn(1, number, &format!("질문 {number}"))).await.unwrap();
        api.storage.close_turn(&closed_turn(number, &format!("답변 {number} [1]"))).await.unwrap();
    }
    samples::session_id(1).to_string()
}

#[actix_web::test]
async fn a_session_exported_as_json_looks_like_this() {
    let api = Api::new().await;
    let id = conversation(&api).await;
    let reply = api.get(&format!("/api/sessions/{id}/export")).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/json"));
    let disposition = format!("attachment; filename=\"conversation-{id}.json\"");
    assert_eq!((reply.header("content-disposition"), reply.header("cache-control")), (&*disposition, "no-store"));
    insta::assert_json_snapshot!("export_as_json", reply.stable_json());
    assert_eq!(api.get(&format!("/api/sessions/{id}/export?format=json")).await.text, reply.text);
}

#[actix_web::test]
async fn a_session_exported_as_markdown_looks_like_this() {
    let api = Api::new().await;
    let id = conversation(&api).await;
    let uri = format!("/api/sessions/{id}/export?format=markdown");
    let reply = api.get(&uri).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "text/markdown; charset=utf-8"));
    let disposition = format!("attachment; filename=\"conversation-{id}.md\"");
    assert_eq!(reply.header("content-disposition"), disposition);
    insta::assert_snapshot!("export_as_markdown", without_scores(&reply.text));
    let english = api.send(TestRequest::get().uri(&uri).insert_header(("accept-language", "en"))).await.text;
    assert!(
        english.contains("\n## Assistant · 2026-11-20 00:00:00 UTC\n") && english.contains("\nSources:\n"),
        "{english}"
    );
}

#[actix_web::test]
async fn an_export_for_a_user_has_the_feedback_of_that_user_only() {
    let api = Api::new().await;
    let id = conversation(&api).await;
    let given = async |query: &str| {
        let export = api.get(&format!("/api/sessions/{id}/export?{query}")).await.json();
        export["messages"][1]["feedback"].as_array().unwrap().clone()
    };
    let all = given("").await;
    assert_eq!(all.len(), 2);
    let own = given("userId=kim").await;
    assert_eq!(
        own,
        [json!({"userId": "kim", "rating": 5, "comment": "빨라요", "givenAt": "2026-11-20T00:00:00.000000Z"})]
    );
}

#[actix_web::test]
async fn an_empty_session_is_exported_too() {
    let api = Api::new().await;
    let id = api.session().await;
    let export = api.get(&format!("/api/sessions/{id}/export")).await.json();
    assert_eq!((&export["messages"], &export["session"]["id"]), (&json!([]), &json!(id)));
    let markdown = api.get(&format!("/api/sessions/{id}/export?format=markdown")).await.text;
    assert!(markdown.starts_with("# 제목 없는 대화\n"), "{markdown}");
    api.get(&format!("/api/sessions/{id}/export?format=pdf")).await.refused(400, "INVALID_QUERY");
}

#[actix_web::test]
async fn ten_thousand_messages_are_exported_whole_and_in_order_piece_by_piece() {
    let api = Api::new().await;
    let id = long_conversation(&api, 5_000).await;
    let service = test::init_service(app(api.state.clone())).await;
    let uri = format!("/api/sessions/{id}/export");
    let response = test::call_service(&service, TestRequest::get().uri(&uri).to_request()).await;
    let mut body = response.map_into_boxed_body().into_body();
    let (mut text, mut largest) = (Vec::new(), 0);
    while let Some(piece) = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_next(context)).await {
        let piece = piece.unwrap();
        largest = largest.max(piece.len());
        text.extend_from_slice(&piece);
    }
    assert!(largest < 256 * 1024 && text.len() > 10 * largest, "{largest} of {}", text.len());
    let export: Value = serde_json::from_slice(&text).unwrap();
    let numbers = export["messages"].as_array().unwrap().iter().map(|message| message["sequence"].as_u64().unwrap());
    assert!(numbers.eq(1..=10_000));
    let markdown = api.get(&format!("{uri}?format=markdown")).await.text;
    assert_eq!(markdown.matches("\n## ").count(), 10_000);
}

fn feedback_that_fails_after(calls: u64) -> Setup {
    let (mut feedback, made) = (MockFeedbackRepository::new(), AtomicU64::new(0));
    feedback.expect_of_messages().returning(move |_, _| {
        let failed = made.fetch_add(1, Ordering::SeqCst) >= calls;
        if failed { Err(RepositoryError::unavailable("secret address refused")) } else { Ok(Vec::new()) }
    });
    Setup { feedback: Some(Arc::new(feedback)), ..Setup::default() }
}

#[actix_web::test]
async fn a_storage_that_is_down_is_an_ordinary_error_and_one_that_goes_down_breaks_the_body_off() {
    let api = feedback_that_fails_after(0).api().await;
    let id = long_conversation(&api, 1).await;
    api.get(&format!("/api/sessions/{id}/export")).await.refused(503, "STORAGE_UNAVAILABLE");

    let api = feedback_that_fails_after(1).api().await;
    let id = long_conversation(&api, 200).await;
    let service = test::init_service(app(api.state.clone())).await;
    let request = TestRequest::get().uri(&format!("/api/sessions/{id}/export")).to_request();
    let response = test::call_service(&service, request).await;
    assert_eq!(response.status(), 200);
    assert!(test::try_read_body(response).await.is_err());
}

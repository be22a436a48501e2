//! Every code can be met, in both languages, and says nothing it should not.

use std::sync::Arc;
use std::time::Duration;

use actix_web::test::TestRequest;
use api_actix::{Check, ErrorCode};
use kernel::{Clock, RepositoryError, UserId};
use serde_json::{Value, json};
use session_core::model::SessionState;
use session_core::ports::{
    MockFeedbackRepository, MockSessionRepository, MockTurnRepository, SessionRepository, StreamLimits, TurnRepository,
};
use session_core::testing::samples;

use crate::desk::DeskSetup;
use crate::support::{Api, BODY_LIMIT, QUESTION, Reply, Script, Setup};

/// Codes that are met over a WebSocket only, which the end-to-end tests talk over.
const OVER_WEBSOCKET: [ErrorCode; 2] = [ErrorCode::TooManyTurns, ErrorCode::RateLimited];
const UNKNOWN_ID: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";

fn post(uri: &str, body: Value) -> TestRequest {
    TestRequest::post().uri(uri).set_json(body)
}

fn get(uri: &str) -> TestRequest {
    TestRequest::get().uri(uri)
}

fn put_context(body: Value) -> TestRequest {
    TestRequest::put().uri("/api/users/kim/context").set_json(body)
}

fn question() -> Value {
    json!({"message": QUESTION, "userId": "kim"})
}

fn raw(body: impl Into<Vec<u8>>) -> TestRequest {
    TestRequest::post().uri("/api/chat").insert_header(("content-type", "application/json")).set_payload(body.into())
}

/// A request that is refused for itself, whatever the state.
fn plain_request(code: ErrorCode) -> Option<TestRequest> {
    let feedback = format!("/api/messages/{UNKNOWN_ID}/feedback");
    Some(match code {
        ErrorCode::BadRequest => raw("not gzip").insert_header(("content-encoding", "gzip")),
        ErrorCode::InvalidJson => raw("{\"message\": "),
        ErrorCode::InvalidBody => post("/api/chat", json!({"mesage": QUESTION})),
        ErrorCode::InvalidQuery => get("/api/sessions?limit=0"),
        ErrorCode::InvalidId => get("/api/sessions/not-a-uuid"),
        ErrorCode::InvalidCursor => get("/api/sessions?cursor=zz"),
        ErrorCode::InvalidEventId => {
            get(&format!("/api/turns/{UNKNOWN_ID}/stream")).insert_header(("last-event-id", "seven"))
        }
        ErrorCode::InvalidCharacters => post("/api/chat", json!({"message": "a\0"})),
        ErrorCode::EmptyMessage => post("/api/chat", json!({"message": "  "})),
        ErrorCode::MessageTooLong => post("/api/chat", json!({"message": "가".repeat(2001)})),
        ErrorCode::InvalidClientMessageId => post("/api/chat", json!({"message": "?", "clientMessageId": ""})),
        ErrorCode::InvalidBusinessMetadata => {
            post("/api/chat", json!({"message": "?", "businessMetadata": {"satisfactionScore": 9}}))
        }
        ErrorCode::InvalidTitle => post("/api/sessions", json!({"title": " "})),
        ErrorCode::InvalidFeedback => post(&feedback, json!({"thumbs": "up", "rating": 3})),
        ErrorCode::InvalidUserId => get("/api/users/%00/context"),
        ErrorCode::InvalidUserContext => put_context(json!({"summary": "가".repeat(4001)})),
        ErrorCode::StaleRevision => put_context(json!({"revision": 7})),
        ErrorCode::EmptyQuery => post("/api/search", json!({"query": "?!"})),
        ErrorCode::QueryTooLong => post("/api/search", json!({"query": "가".repeat(201)})),
        ErrorCode::InvalidDocumentId => get("/api/documents/%00"),
        ErrorCode::EmptyDocument => post("/api/documents", json!({"content": ""})),
        ErrorCode::DocumentNotFound => get("/api/documents/nothing"),
        ErrorCode::TaskNotFound => get(&format!("/ai/task/{UNKNOWN_ID}")),
        ErrorCode::RouteNotFound => get("/api/nothing"),
        ErrorCode::SessionNotFound => get(&format!("/api/sessions/{UNKNOWN_ID}")),
        ErrorCode::TurnNotFound => get(&format!("/api/turns/{UNKNOWN_ID}/stream")),
        ErrorCode::MessageNotFound => post(&feedback, json!({"thumbs": "up"})),
        ErrorCode::ShareNotFound => get("/api/shared/of-nobody"),
        ErrorCode::MethodNotAllowed => TestRequest::delete().uri("/api/chat"),
        ErrorCode::BodyTooLarge => raw(vec![b' '; BODY_LIMIT + 1]),
        ErrorCode::UnsupportedMediaType => raw("message=hi").insert_header(("content-type", "text/plain")),
        _ => return None,
    })
}

async fn send(api: &Api, request: TestRequest, language: &str) -> Reply {
    api.send(request.insert_header(("accept-language", language.to_owned()))).await
}

async fn provoke(code: ErrorCode, language: &str) -> Reply {
    if let Some(request) = plain_request(code) {
        return send(&Api::new().await, request, language).await;
    }
    match code {
        ErrorCode::TurnInProgress | ErrorCode::IdempotencyKeyReused => of_a_turn(code, language).await,
        ErrorCode::TooManyStreams => of_a_limit(language).await,
        ErrorCode::TooManyDocuments => of_a_full_queue(language).await,
        ErrorCode::UnreadableDocument => of_an_empty_page(language).await,
        ErrorCode::SessionExpired | ErrorCode::SessionEnded => of_a_session(code, language).await,
        ErrorCode::UpgradeRequired => of_a_plain_request_to_a_websocket(language).await,
        ErrorCode::TurnInterrupted | ErrorCode::ShuttingDown => of_a_stopping_server(code, language).await,
        ErrorCode::TurnCancelled => of_a_cancelled_turn(language).await,
        ErrorCode::NothingToAnswer => of_an_orphan(language).await,
        _ => of_a_failure(code, language).await,
    }
}

async fn of_a_full_queue(language: &str) -> Reply {
    let desk = DeskSetup { max_waiting: 0, ..DeskSetup::default() };
    let api = Setup { desk, ..Setup::default() }.api().await;
    send(&api, post("/api/documents", json!({"content": "글"})), language).await
}

async fn of_an_empty_page(language: &str) -> Reply {
    send(&Api::new().await, post("/api/documents", json!({"content": " ", "wait": true})), language).await
}

async fn of_a_turn(code: ErrorCode, language: &str) -> Reply {
    let hangs = code == ErrorCode::TurnInProgress;
    let script = if hangs { Script::Hang } else { Script::Say(vec!["네."]) };
    let api = Setup { script, ..Setup::default() }.api().await;
    let session = api.session().await;
    let ask = |message: &str, key: &str| json!({"message": message, "sessionId": session, "clientMessageId": key});
    api.asked_in(&session).await;
    let body = if hangs { ask("둘", "b") } else { ask("둘", "a") };
    send(&api, post("/api/chat", body), language).await
}

async fn of_a_limit(language: &str) -> Reply {
    let streams = StreamLimits { per_user: 1, per_store: 0 };
    let api = Setup { script: Script::Hang, streams, ..Setup::default() }.api().await;
    let (first, second) = (api.session().await, api.session().await);
    api.asked_in(&first).await;
    send(&api, post("/api/chat", json!({"message": QUESTION, "sessionId": second})), language).await
}

async fn of_a_plain_request_to_a_websocket(language: &str) -> Reply {
    let api = Api::new().await;
    let id = api.session().await;
    send(&api, get(&format!("/ws/{id}")), language).await
}

async fn of_a_session(code: ErrorCode, language: &str) -> Reply {
    let api = Api::new().await;
    let id = api.session().await;
    if code == ErrorCode::SessionExpired {
        api.clock.advance(Duration::from_hours(25));
    } else {
        let mut session = api.storage.find(&samples::store(), id.parse().unwrap()).await.unwrap().unwrap();
        session.state = SessionState::Ended;
        api.storage.update(&session).await.unwrap();
    }
    send(&api, post("/api/chat", json!({"message": QUESTION, "sessionId": id})), language).await
}

/// Waits until the question is stored: its turn is live then.
async fn until_asked(api: &Api) {
    let user = UserId::new("kim").unwrap();
    for _ in 0..10_000 {
        let live = api.storage.find_live(&samples::store(), &user, api.clock.now()).await.unwrap();
        if live.is_some_and(|session| session.message_count == 1) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the question was not stored within ten seconds");
}

async fn of_a_stopping_server(code: ErrorCode, language: &str) -> Reply {
    let api = Setup { script: Script::Hang, ..Setup::default() }.api().await;
    if code == ErrorCode::ShuttingDown {
        api.state.chat.drain(Duration::ZERO).await;
        return send(&api, post("/api/chat", question()), language).await;
    }
    let stop = async {
        until_asked(&api).await;
        api.state.chat.drain(Duration::from_millis(10)).await
    };
    futures::future::join(send(&api, post("/api/chat", question()), language), stop).await.0
}

async fn of_a_cancelled_turn(language: &str) -> Reply {
    let api = Setup { script: Script::Hang, ..Setup::default() }.api().await;
    let user = UserId::new("kim").unwrap();
    let stop = async {
        until_asked(&api).await;
        let session = api.storage.find_live(&samples::store(), &user, api.clock.now()).await.unwrap().unwrap();
        let range = session_core::ports::MessageRange::Latest;
        let page =
            api.storage.messages(&samples::store(), session.id, range, kernel::PageLimit::DEFAULT).await.unwrap();
        api.post(&format!("/api/turns/{}/cancel", page.items[0].turn), json!({})).await
    };
    futures::future::join(send(&api, post("/api/chat", question()), language), stop).await.0
}

/// An answer whose question nobody knows, as an import may bring.
async fn of_an_orphan(language: &str) -> Reply {
    let mut turns = MockTurnRepository::new();
    turns.expect_find_message().returning(|_, _| Ok(Some(samples::assistant_message(1, "답"))));
    let api = Setup { turns: Some(Arc::new(turns)), ..Setup::default() }.api().await;
    api.storage.insert(&samples::session("kim")).await.unwrap();
    let uri = format!("/api/messages/{}/regenerate", samples::message_id(3));
    send(&api, post(&uri, json!({})), language).await
}

async fn of_a_failure(code: ErrorCode, language: &str) -> Reply {
    let broken_list = |error: fn() -> RepositoryError| {
        let mut feedback = MockFeedbackRepository::new();
        feedback.expect_of_messages().returning(move |_, _| Err(error()));
        Setup { feedback: Some(Arc::new(feedback)), ..Setup::default() }
    };
    let (setup, request) = match code {
        ErrorCode::Conflict => {
            let mut sessions = MockSessionRepository::new();
            sessions.expect_insert().returning(|_| Err(RepositoryError::Conflict));
            (Setup { sessions: Some(Arc::new(sessions)), ..Setup::default() }, post("/api/sessions", json!({})))
        }
        ErrorCode::ModelUnavailable => {
            (Setup { script: Script::Fail, ..Setup::default() }, post("/api/chat", question()))
        }
        ErrorCode::TurnTimedOut => {
            let turn_timeout = Duration::from_millis(20);
            (Setup { script: Script::Hang, turn_timeout, ..Setup::default() }, post("/api/chat", question()))
        }
        ErrorCode::NotReady => {
            let check = Check { name: "database".into(), ok: false, detail: Some("secret address".into()) };
            (Setup { checks: vec![check], ..Setup::default() }, get("/ready"))
        }
        ErrorCode::StorageUnavailable | ErrorCode::InternalError => {
            let unavailable = code == ErrorCode::StorageUnavailable;
            let api = if unavailable {
                broken_list(|| RepositoryError::unavailable("secret address refused")).api().await
            } else {
                broken_list(|| RepositoryError::backend("secret column missing")).api().await
            };
            let id = api.session().await;
            return send(&api, get(&format!("/api/sessions/{id}/messages")), language).await;
        }
        other => panic!("{other:?} is not provoked"),
    };
    send(&setup.api().await, request, language).await
}

#[actix_web::test]
async fn every_code_can_be_met_in_both_languages_and_a_fault_never_says_its_cause() {
    for code in ErrorCode::ALL.iter().filter(|code| !OVER_WEBSOCKET.contains(code)) {
        let korean = provoke(*code, "ko-KR").await;
        korean.refused(code.http_status(), code.as_str());
        let english = provoke(*code, "en-GB,ko;q=0.1").await;
        english.refused(code.http_status(), code.as_str());
        let (korean, english) = (korean.json(), english.json());
        assert!(english["error"].as_str().unwrap().is_ascii(), "{english}");
        assert!(!korean["error"].as_str().unwrap().is_ascii(), "{korean}");
        if code.http_status() >= 500 {
            assert!(!english.to_string().contains("secret"), "{english}");
        }
    }
}

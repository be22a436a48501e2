use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{self, TestRequest};
use api_actix::{
    ApiSettings, ApiState, CacheHealth, CacheLook, Check, DatabaseHealth, DatabaseLook, Readiness, TableLook,
    WebSocketLimits, app,
};
use async_trait::async_trait;
use chat_analytics::advisor::{Advisor, AdvisorPorts, CacheUse, Reading, Traffic};
use chat_analytics::testing::{FixedCpu, FixedFacts};
use chat_service::{Ask, AskedTurn, BusyPolicy, ChatPorts, ChatService, ChatSettings};
use futures::StreamExt;
use kernel::RepositoryError;
use kernel::testing::{ManualClock, SequentialIds, SequentialSecrets};
use llm_monitoring::PriceBook;
use rag_pipeline::model::{AnswerDelta, ChatRequest, FinishReason, ModelError, TokenUsage};
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::ports::{AnswerStream, ChatModel};
use rag_pipeline::testing::{Passage, planner_over};
use serde_json::{Value, json};
use session_core::cache::Renderings;
use session_core::context::Window;
use session_core::model::BusinessMetadata;
use session_core::ports::{
    FeedbackRepository, SessionRepository, ShareRepository, StreamLimits, TurnRepository, UserContextStore,
};
use session_core::stream::{MemoryStreamLog, MemoryStreamSlots};
use session_core::testing::{MemorySessions, MemorySpool, samples};
use session_core::{SessionService, ShareService, UserContextService};
use tokio::runtime::Handle;

use crate::desk::{DeskSetup, desk};

pub(crate) const QUESTION: &str = "제주도 배송비는 얼마예요?";
pub(crate) const MAX_MESSAGE_CHARS: usize = 2000;
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// What the model does with a question.
#[derive(Clone)]
pub(crate) enum Script {
    /// Says these texts and is done.
    Say(Vec<&'static str>),
    /// Fails before the first text.
    Fail,
    /// Never answers.
    Hang,
}

struct ScriptedModel(Mutex<Script>);

#[async_trait]
impl ChatModel for ScriptedModel {
    fn name(&self) -> String {
        "iyagi-extractive-1".into()
    }

    async fn answer(&self, _: ChatRequest) -> Result<AnswerStream, ModelError> {
        let script = self.0.lock().unwrap().clone();
        match script {
            Script::Say(texts) => {
                let usage = TokenUsage { prompt: 100, completion: 50, estimated: true };
                let end = Ok(AnswerDelta::Finished { usage, reason: FinishReason::Stop });
                let texts = texts.into_iter().map(|text| Ok(AnswerDelta::Text(text.to_owned())));
                Ok(futures::stream::iter(texts.chain([end]).collect::<Vec<_>>()).boxed())
            }
            Script::Fail => Err(ModelError::Permanent("the secret key is wrong".into())),
            Script::Hang => Ok(futures::stream::pending().boxed()),
        }
    }
}

/// What a test changes of the usual state.
pub(crate) struct Setup {
    pub(crate) script: Script,
    pub(crate) turn_timeout: Duration,
    pub(crate) streams: StreamLimits,
    pub(crate) heartbeat: Duration,
    pub(crate) checks: Vec<Check>,
    pub(crate) cache: CacheLook,
    pub(crate) sessions: Option<Arc<dyn SessionRepository>>,
    pub(crate) feedback: Option<Arc<dyn FeedbackRepository>>,
    pub(crate) shares: Option<Arc<dyn ShareRepository>>,
    pub(crate) contexts: Option<Arc<dyn UserContextStore>>,
    pub(crate) turns: Option<Arc<dyn TurnRepository>>,
    pub(crate) database: Result<DatabaseLook, fn() -> RepositoryError>,
    pub(crate) facts: FixedFacts,
    pub(crate) cpu: Reading,
    pub(crate) cache_use: CacheUse,
    pub(crate) desk: DeskSetup,
}

impl Default for Setup {
    fn default() -> Self {
        let ready = Check { name: "database".into(), ok: true, detail: Some("3 ms".into()) };
        Self {
            script: Script::Say(vec!["제주도는 ", "3,000원이 ", "추가됩니다 [1]."]),
            turn_timeout: Duration::from_mins(1),
            streams: StreamLimits::default(),
            heartbeat: Duration::from_secs(15),
            checks: vec![ready],
            cache: CacheLook { kind: "redis", well: true },
            sessions: None,
            feedback: None,
            shares: None,
            contexts: None,
            turns: None,
            database: Ok(database_look()),
            facts: FixedFacts::default(),
            cpu: Reading::Value(3.0),
            cache_use: CacheUse::NONE,
            desk: DeskSetup::default(),
        }
    }
}

/// A PostgreSQL database with a table that is too large to count.
pub(crate) fn database_look() -> DatabaseLook {
    let table = |name: &str, rows, estimated| TableLook { name: name.into(), rows, estimated };
    DatabaseLook {
        backend: "postgresql",
        version: "15.18".into(),
        latency: Duration::from_micros(1_234),
        pool: (3, 2, 10),
        migrations: (5, 1),
        rows: vec![table("messages", 1_000_000, true), table("sessions", 12, false)],
    }
}

struct FixedDatabase(Result<DatabaseLook, fn() -> RepositoryError>);

#[async_trait]
impl DatabaseHealth for FixedDatabase {
    async fn look(&self) -> Result<DatabaseLook, RepositoryError> {
        self.0.clone().map_err(|error| error())
    }
}

struct FixedCache(CacheLook);

impl CacheHealth for FixedCache {
    fn look(&self) -> CacheLook {
        self.0
    }
}

struct FixedReadiness(Vec<Check>);

#[async_trait]
impl Readiness for FixedReadiness {
    async fn check(&self) -> Vec<Check> {
        self.0.clone()
    }
}

/// The same text with a fixed score: how well a document fits is the pipeline's to tune.
pub(crate) fn without_scores(text: &str) -> String {
    let mut parts = text.split("\"score\":");
    let mut fixed = parts.next().unwrap().to_owned();
    for part in parts {
        fixed.push_str("\"score\":0.5");
        fixed.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    }
    fixed
}

/// The application's state and what is behind it.
pub(crate) struct Api {
    pub(crate) state: Arc<ApiState>,
    pub(crate) storage: Arc<MemorySessions>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) traffic: Arc<Traffic>,
}

/// A response, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Setup {
    pub(crate) async fn api(self) -> Api {
        let (clock, ids) = (Arc::new(ManualClock::new()), Arc::new(SequentialIds::default()));
        let storage = Arc::new(MemorySessions::default());
        let turns: Arc<dyn TurnRepository> = self.turns.unwrap_or_else(|| storage.clone());
        let sessions = self.sessions.unwrap_or_else(|| storage.clone());
        let renderings = Renderings::new(sessions.clone(), clock.clone(), 1 << 20);
        let sessions = SessionService::new(sessions, clock.clone(), ids.clone(), Duration::from_hours(24));
        let ports = ChatPorts {
            sessions: sessions.clone(),
            turns: turns.clone(),
            slots: Arc::new(MemoryStreamSlots::new(clock.clone())),
            signals: Arc::new(session_core::LocalSignals::default()),
            streams: Arc::new(MemoryStreamLog::new(clock.clone(), Duration::from_mins(10))),
            planner: planner().await,
            model: Arc::new(ScriptedModel(Mutex::new(self.script))),
            spool: Arc::new(MemorySpool::default()),
            prices: PriceBook::built_in().unwrap(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let shares = self.shares.unwrap_or_else(|| storage.clone());
        let secrets = Arc::new(SequentialSecrets::default());
        let shares = ShareService::new(sessions.clone(), shares, clock.clone(), ids.clone(), secrets);
        let contexts = self.contexts.unwrap_or_else(|| storage.clone());
        let traffic = Arc::new(Traffic::new(clock.clone()));
        let cache_use = self.cache_use;
        let advisor = Advisor::new(AdvisorPorts {
            facts: Arc::new(self.facts),
            cpu: Arc::new(FixedCpu(self.cpu)),
            traffic: traffic.clone(),
            cache: Arc::new(move || cache_use),
            clock: clock.clone(),
        });
        let state = ApiState {
            advisor,
            chat: ChatService::new(ports, chat_settings(self.turn_timeout, self.streams)),
            sessions,
            renderings,
            shares,
            contexts: UserContextService::new(contexts, clock.clone()),
            turns,
            search: storage.clone(),
            feedback: self.feedback.unwrap_or_else(|| storage.clone()),
            documents: desk(self.desk, clock.clone(), ids.clone()),
            clock: clock.clone(),
            ids,
            readiness: Arc::new(FixedReadiness(self.checks)),
            cache: Arc::new(FixedCache(self.cache)),
            database: Arc::new(FixedDatabase(self.database)),
            metrics: Arc::new(|| "turns_live 0\n".to_owned()),
            runtime: Handle::current(),
            settings: ApiSettings {
                default_store: samples::store(),
                max_message_chars: MAX_MESSAGE_CHARS,
                heartbeat: self.heartbeat,
                body_limit: BODY_LIMIT,
                websocket: WebSocketLimits { messages_per_minute: 60 },
                version: "0.0.0-test".into(),
            },
        };
        Api { state: Arc::new(state), storage, clock, traffic }
    }
}

fn chat_settings(turn_timeout: Duration, streams: StreamLimits) -> ChatSettings {
    ChatSettings {
        max_message_chars: MAX_MESSAGE_CHARS,
        window: Window { messages: 10, tokens: 2000 },
        busy: BusyPolicy::Queue,
        streams,
        queue_timeout: Duration::from_millis(20),
        turn_timeout,
        instructions: "문서에서만 답하세요.".into(),
        collections: Vec::new(),
    }
}

async fn planner() -> AnswerPlanner {
    let passage = Passage {
        id: "shipping",
        title: "배송 안내",
        url: Some("https://demo.example/help/shipping"),
        text: "제주도 배송비는 3,000원이 추가됩니다.",
    };
    planner_over(&samples::store(), &[passage]).await
}

impl Api {
    pub(crate) async fn new() -> Self {
        Setup::default().api().await
    }

    pub(crate) async fn send(&self, request: TestRequest) -> Reply {
        let service = test::init_service(app(self.state.clone())).await;
        Reply::read(test::call_service(&service, request.to_request()).await).await
    }

    pub(crate) async fn get(&self, uri: &str) -> Reply {
        self.send(TestRequest::get().uri(uri)).await
    }

    pub(crate) async fn post(&self, uri: &str, body: Value) -> Reply {
        self.send(TestRequest::post().uri(uri).set_json(body)).await
    }

    /// Asks the usual question as `kim` and gives the JSON reply.
    pub(crate) async fn asked(&self) -> Value {
        let reply = self.post("/api/chat", json!({"message": QUESTION, "userId": "kim"})).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// Asks in a session with the client message id "a", and does not wait for the answer.
    pub(crate) async fn asked_in(&self, session: &str) -> AskedTurn {
        let ask = Ask {
            store: samples::store(),
            user: None,
            session: Some(session.parse().unwrap()),
            message: "하나".into(),
            business: BusinessMetadata::default(),
            client_message_id: Some("a".into()),
            channel: "api".into(),
        };
        self.state.chat.ask(ask).await.unwrap()
    }

    /// A session of `kim`'s; gives its id.
    pub(crate) async fn session(&self) -> String {
        let reply = self.post("/api/sessions", json!({"userId": "kim"})).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.json()["id"].as_str().unwrap().to_owned()
    }
}

impl Reply {
    pub(crate) async fn read(response: ServiceResponse<impl MessageBody>) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let text = String::from_utf8_lossy(&test::read_body(response).await).into_owned();
        Self { status, headers, text }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body with fixed scores.
    pub(crate) fn stable_json(&self) -> Value {
        serde_json::from_str(&without_scores(&self.text)).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The events of a stream as (id, data).
    pub(crate) fn events(&self) -> Vec<(u64, Value)> {
        let frames = self.text.split("\n\n").filter(|frame| frame.starts_with("id: "));
        let event = |frame: &str| {
            let (id, data) = frame.strip_prefix("id: ").unwrap().split_once("\ndata: ").unwrap();
            (id.parse().unwrap(), serde_json::from_str(data).unwrap())
        };
        frames.map(event).collect()
    }

    /// Checks that this is an error in its one shape, with that status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{}", self.text);
        self.has_error_body();
    }

    #[track_caller]
    pub(crate) fn has_error_body(&self) {
        let body = self.json();
        let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert!(!body["error"].as_str().unwrap().is_empty() && body["details"].is_array(), "{}", self.text);
        assert_eq!(body["requestId"], self.header("x-request-id"));
        assert!(body["timestamp"].as_str().unwrap().ends_with('Z'), "{}", self.text);
        assert_eq!(
            [429, 503].contains(&self.status.as_u16()),
            self.headers.contains_key("retry-after"),
            "{}",
            self.text
        );
    }
}

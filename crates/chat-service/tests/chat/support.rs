//! A chat service over in-memory storage and a model that does as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chat_service::{Ask, BusyPolicy, ChatPorts, ChatService, ChatSettings, NumberedEvent};
use futures::StreamExt;
use kernel::testing::{ManualClock, SequentialIds};
use kernel::{StoreId, UserId};
use llm_monitoring::PriceBook;
use rag_pipeline::model::{AnswerDelta, ChatRequest, FinishReason, ModelError, TokenUsage};
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::ports::{AnswerStream, ChatModel};
use rag_pipeline::testing::{Passage, planner_over};
use session_core::SessionService;
use session_core::context::Window;
use session_core::model::BusinessMetadata;
use session_core::ports::{StreamLimits, StreamSlots, TurnRepository, TurnStreamLog};
use session_core::stream::{MemoryStreamLog, MemoryStreamSlots, TurnEvent};
use session_core::testing::{MemorySessions, MemorySpool, samples};

/// What the model does with a question.
#[derive(Clone)]
pub(crate) enum Script {
    /// Says these texts and is done.
    Say(Vec<&'static str>),
    /// Says these texts, then fails.
    Break(Vec<&'static str>),
    /// Says these texts, then never goes on.
    Hang(Vec<&'static str>),
    /// Panics.
    Panic,
}

/// A model that does as it is told, and remembers what it was asked.
pub(crate) struct ScriptedModel {
    pub(crate) script: Mutex<Script>,
    pub(crate) requests: Mutex<Vec<ChatRequest>>,
    pub(crate) calls: AtomicUsize,
}

#[async_trait]
impl ChatModel for ScriptedModel {
    fn name(&self) -> String {
        "iyagi-extractive-1".into()
    }

    async fn answer(&self, request: ChatRequest) -> Result<AnswerStream, ModelError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.requests.lock().unwrap().push(request);
        let text = |text: &&'static str| Ok(AnswerDelta::Text((*text).to_owned()));
        let script = self.script.lock().unwrap().clone();
        Ok(match script {
            Script::Say(texts) => {
                let usage = TokenUsage { prompt: 100, completion: 50, estimated: true };
                let end = Ok(AnswerDelta::Finished { usage, reason: FinishReason::Stop });
                futures::stream::iter(texts.iter().map(text).chain([end]).collect::<Vec<_>>()).boxed()
            }
            Script::Break(texts) => {
                let end = Err(ModelError::Transient { message: "cut".into(), retry_after: None });
                futures::stream::iter(texts.iter().map(text).chain([end]).collect::<Vec<_>>()).boxed()
            }
            Script::Hang(texts) => futures::stream::iter(texts.iter().map(text).collect::<Vec<_>>())
                .chain(futures::stream::pending())
                .boxed(),
            Script::Panic => panic!("a fault in the model"),
        })
    }
}

/// A service and what is behind it.
pub(crate) struct Chat {
    pub(crate) service: ChatService,
    pub(crate) storage: Arc<MemorySessions>,
    pub(crate) model: Arc<ScriptedModel>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) spool: Arc<MemorySpool>,
    pub(crate) slots: Arc<MemoryStreamSlots>,
    pub(crate) ports: ChatPorts,
}

pub(crate) fn settings() -> ChatSettings {
    ChatSettings {
        max_message_chars: 2000,
        window: Window { messages: 10, tokens: 2000 },
        busy: BusyPolicy::Queue,
        streams: StreamLimits::default(),
        queue_timeout: Duration::from_mins(1),
        turn_timeout: Duration::from_mins(2),
        instructions: "문서에서만 답하세요.".into(),
        collections: Vec::new(),
    }
}

pub(crate) async fn chat(script: Script) -> Chat {
    chat_over(script, settings(), |storage| storage).await
}

/// A service whose turns are kept by `wrap` of the in-memory storage.
pub(crate) async fn chat_over<T: TurnRepository + 'static>(
    script: Script,
    settings: ChatSettings,
    wrap: impl FnOnce(Arc<MemorySessions>) -> Arc<T>,
) -> Chat {
    let clock = Arc::new(ManualClock::new());
    let ids = Arc::new(SequentialIds::default());
    let storage = Arc::new(MemorySessions::default());
    let model = Arc::new(ScriptedModel {
        script: Mutex::new(script),
        requests: Mutex::default(),
        calls: AtomicUsize::default(),
    });
    let spool = Arc::new(MemorySpool::default());
    let slots = Arc::new(MemoryStreamSlots::new(clock.clone()));
    let ports = ChatPorts {
        sessions: SessionService::new(storage.clone(), clock.clone(), ids.clone(), Duration::from_hours(24)),
        turns: wrap(storage.clone()),
        slots: slots.clone(),
        signals: Arc::new(session_core::LocalSignals::default()),
        streams: Arc::new(MemoryStreamLog::new(clock.clone(), Duration::from_mins(10))),
        spool: spool.clone(),
        planner: planner().await,
        model: model.clone(),
        prices: PriceBook::built_in().unwrap(),
        clock: clock.clone(),
        ids,
    };
    Chat { service: ChatService::new(ports.clone(), settings), storage, model, clock, spool, slots, ports }
}

async fn planner() -> AnswerPlanner {
    let passages = [
        ("doc-1", "배송 안내", "제주도 배송비는 3,000원이 추가됩니다. 주문하신 다음 날 출고합니다."),
        ("doc-2", "환불 안내", "카드 결제 환불은 영업일 기준 3일 안에 취소됩니다."),
    ]
    .map(|(id, title, text)| Passage { id, title, url: None, text });
    planner_over(&samples::store(), &passages).await
}

pub(crate) fn ask(message: &str) -> Ask {
    Ask {
        store: samples::store(),
        user: Some(UserId::new("kim").unwrap()),
        session: None,
        message: message.into(),
        business: BusinessMetadata::default(),
        client_message_id: None,
        channel: "test".into(),
    }
}

pub(crate) const QUESTION: &str = "제주도 배송비는 얼마예요?";

impl Chat {
    /// The same conversations served over another stream log.
    pub(crate) fn with_streams(&self, streams: Arc<dyn TurnStreamLog>) -> ChatService {
        ChatService::new(ChatPorts { streams, ..self.ports.clone() }, settings())
    }

    /// The same conversations served with other slots.
    pub(crate) fn with_slots(&self, slots: Arc<dyn StreamSlots>, streams: StreamLimits) -> ChatService {
        ChatService::new(ChatPorts { slots, ..self.ports.clone() }, ChatSettings { streams, ..settings() })
    }

    /// Lets the model go by another script from the next question on.
    pub(crate) fn now(&self, script: Script) {
        *self.model.script.lock().unwrap() = script;
    }

    pub(crate) fn clock_now(&self) -> kernel::Timestamp {
        kernel::Clock::now(&*self.clock)
    }

    /// The same conversations served by another process.
    pub(crate) fn another_process(&self) -> ChatService {
        let streams = Arc::new(MemoryStreamLog::new(self.clock.clone(), Duration::from_mins(10)));
        ChatService::new(ChatPorts { streams, ..self.ports.clone() }, settings())
    }

    /// All events of a turn from the beginning to its end.
    pub(crate) async fn events(&self, turn: kernel::TurnId) -> Vec<TurnEvent> {
        self.after(turn, 0).await.into_iter().map(|numbered| numbered.event).collect()
    }

    pub(crate) async fn after(&self, turn: kernel::TurnId, after: u64) -> Vec<NumberedEvent> {
        let store = StoreId::new("demo").unwrap();
        let stream = self.service.follow(&store, turn, after).await.unwrap();
        stream.map(|event| event.unwrap()).collect().await
    }

    pub(crate) async fn messages(&self, session: kernel::SessionId) -> Vec<session_core::model::Message> {
        let range = session_core::ports::MessageRange::After(0);
        let limit = kernel::PageLimit::new(200).unwrap();
        self.storage.messages(&samples::store(), session, range, limit).await.unwrap().items
    }
}

//! How much later the first token comes because the question is on disk before it is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use chat_service::{Ask, BusyPolicy, ChatPorts, ChatService, ChatSettings};
use futures::StreamExt;
use kernel::{SessionId, StoreId, SystemClock, UuidV7Source};
use llm_monitoring::PriceBook;
use model_providers::{ExtractiveModel, HashedEmbedder};
use rag_pipeline::planner::AnswerPlanner;
use rag_pipeline::retrieval::Retriever;
use rag_pipeline::testing::{MemoryDocuments, MemoryVectors};
use session_core::SessionService;
use session_core::context::Window;
use session_core::model::{BusinessMetadata, Session};
use session_core::ports::{SessionRepository, StreamLimits, TurnRepository};
use session_core::stream::{MemoryStreamLog, MemoryStreamSlots, TurnEvent};
use session_core::testing::{MemorySessions, MemorySpool, samples};

use super::turns::{Port, closed_turn, new_turn};
use super::{LIFETIME, Round, filling};
use crate::floor::storage::fresh;
use crate::floor::turns::{QUESTION, Turns};
use crate::report::{Figure, progress};
use crate::stats::p50_p99;

/// The most that keeping a question may put off the first token, in milliseconds.
const TARGET: f64 = 5.0;
/// Questions in a round.
const QUESTIONS: u64 = 40;

/// A chat service over `storage` that answers at once: no documents, the built-in model.
fn service<S: SessionRepository + TurnRepository + 'static>(storage: Arc<S>) -> Result<ChatService> {
    let (clock, ids) = (Arc::new(SystemClock), Arc::new(UuidV7Source));
    let documents = Arc::new(MemoryDocuments::default());
    let retriever =
        Retriever::new(documents.clone(), documents, Arc::new(MemoryVectors::default()), Arc::new(HashedEmbedder));
    let ports = ChatPorts {
        sessions: SessionService::new(storage.clone(), clock.clone(), ids.clone(), LIFETIME),
        turns: storage,
        signals: Arc::new(session_core::LocalSignals::default()),
        slots: Arc::new(MemoryStreamSlots::new(clock.clone())),
        // Short: how long finished streams are kept is not what is measured.
        streams: Arc::new(MemoryStreamLog::new(clock.clone(), Duration::from_millis(100))),
        spool: Arc::new(MemorySpool::default()),
        planner: AnswerPlanner::new(Arc::new(retriever)),
        model: Arc::new(ExtractiveModel),
        prices: PriceBook::built_in()?,
        clock,
        ids,
    };
    let settings = ChatSettings {
        max_message_chars: 2000,
        window: Window { messages: 10, tokens: 2000 },
        busy: BusyPolicy::Queue,
        streams: StreamLimits::default(),
        queue_timeout: Duration::from_mins(1),
        turn_timeout: Duration::from_mins(1),
        instructions: "문서에서만 답하세요.".into(),
        collections: Vec::new(),
    };
    Ok(ChatService::new(ports, settings))
}

/// Sessions in memory that are as long as those in the database.
async fn in_memory() -> Result<Arc<MemorySessions>> {
    let storage = Arc::new(MemorySessions::default());
    let turns = Port(storage.clone());
    for number in 0..super::ASKED {
        let begun = Session::begin(samples::new_session("bench"), &SystemClock, &UuidV7Source, LIFETIME);
        let id = session(number);
        storage.insert(&Session { id, ..begun }).await?;
        for _ in 0..filling::MESSAGES / 2 {
            let ids = fresh(id.as_uuid());
            turns.0.open_turn(&new_turn(&ids, &SystemClock)).await?;
            turns.0.close_turn(&closed_turn(&ids, &SystemClock)).await?;
        }
    }
    Ok(storage)
}

fn session(number: u64) -> SessionId {
    SessionId::from_uuid(filling::session_id(super::CHATTING + super::UNTOUCHED + 1 + number % super::ASKED))
}

pub(crate) async fn measure<S: SessionRepository + TurnRepository + 'static>(
    measurement: &'static str,
    storage: Arc<S>,
    bare: &dyn Turns,
    round: Round,
) -> Result<Vec<Figure>> {
    progress(&format!("{measurement}: first token"))?;
    let (durable, memory) = (service(storage)?, service(in_memory().await?)?);
    let (mut of_durable, mut of_memory, mut added) = (Vec::new(), Vec::new(), Vec::new());
    let (mut of_write, mut beyond, mut whole_of_durable) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..=round.count {
        let (mut slow, mut fast, mut whole, mut write) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for question in 0..QUESTIONS {
            let session = session(u64::from(number) * QUESTIONS + question);
            let (first, end) = ask(&durable, session).await?;
            slow.push(first);
            whole.push(end);
            fast.push(ask(&memory, session).await?.0);
            let ids = fresh(session.as_uuid());
            let asked = Instant::now();
            bare.open(&ids).await?;
            write.push(asked.elapsed());
            bare.close(&ids).await?;
        }
        if number > 0 {
            let (slow, fast, write) = (p50_p99(&slow).0, p50_p99(&fast).0, p50_p99(&write).0);
            of_write.push(write);
            beyond.push(slow - fast - write);
            of_durable.push(slow);
            of_memory.push(fast);
            added.push(slow - fast);
            whole_of_durable.push(p50_p99(&whole).0);
        }
    }
    let of = |name: &str, values: &[f64]| Figure::of(measurement, name, "ms", values);
    Ok(vec![
        of("first token, question on disk: p50", &of_durable)?,
        of("first token, question in memory: p50", &of_memory)?,
        of("first token, added by the disk: p50", &added)?.at_most(TARGET),
        of("the same write through the bare driver: p50", &of_write)?,
        of("first token, added beyond the bare write: p50", &beyond)?,
        of("end of the turn, answer on disk: p50", &whole_of_durable)?,
    ])
}

/// The times to the first token and to the end.
async fn ask(service: &ChatService, session: SessionId) -> Result<(Duration, Duration)> {
    let store: StoreId = samples::store();
    let ask = Ask {
        store: store.clone(),
        user: None,
        session: Some(session),
        message: QUESTION.into(),
        business: BusinessMetadata::default(),
        client_message_id: None,
        channel: "bench".into(),
    };
    let asked = Instant::now();
    let turn = service.ask(ask).await?.turn;
    let mut events = service.follow(&store, turn, 0).await?;
    let (mut first, mut done) = (None, false);
    while let Some(event) = events.next().await {
        match event?.event {
            TurnEvent::Token { .. } => first = first.or_else(|| Some(asked.elapsed())),
            TurnEvent::Done(_) => done = true,
            _ => {}
        }
    }
    ensure!(done, "a turn was not completed");
    Ok((first.context("a turn without a token")?, asked.elapsed()))
}

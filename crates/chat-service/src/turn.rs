//! The task that answers one turn.

use std::sync::Arc;

use futures::StreamExt;
use kernel::{MessageId, PageLimit, RepositoryError, Timestamp, TurnId, error_chain};
use korean_text::estimate_tokens;
use rag_pipeline::model::{AnswerDelta, FinishReason, ModelError, PastTurn, Scope, TokenUsage};
use rag_pipeline::planner::{Plan, PlanInput};
use session_core::context::recent_exchanges;
use session_core::model::{Answer, ClosedTurn, Lease, Message, MessageStatus, OpenedTurn, Source, TurnState, Usage};
use session_core::ports::{MessageRange, StreamLogError, TurnSignal};
use session_core::stream::{Durability, TurnDone, TurnEvent, TurnFailure, TurnStage};

use crate::keep::Kept;
use crate::live::{CancelSignal, LiveTurns};
use crate::slots::TurnSlot;
use crate::{ChatPorts, ChatSettings, Citations};

/// The key of a message's metadata that keeps how many tokens of context its model was given.
pub(crate) const CONTEXT_TOKENS: &str = "contextTokens";
/// The agent that answers until routing among several exists.
const AGENT: &str = "default";

/// One turn on its way from question to committed answer.
#[derive(Clone)]
pub(crate) struct TurnTask {
    ports: ChatPorts,
    settings: Arc<ChatSettings>,
    live: LiveTurns,
    cancel: Arc<CancelSignal>,
    opened: OpenedTurn,
    slot: TurnSlot,
}

/// Why an answer stopped short.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("the storage failed")]
    Storage(#[from] RepositoryError),
    #[error("the model failed")]
    Model(#[from] ModelError),
    #[error("the stream log failed")]
    Log(#[from] StreamLogError),
    #[error("the answer took too long")]
    TimedOut,
    #[error("the server is stopping")]
    Stopping,
    #[error("somebody asked for it to be stopped")]
    Cancelled,
    #[error("somebody else has closed the turn")]
    Lost,
    #[error("the model ended without saying that it was done")]
    Unfinished,
}

impl Stop {
    const fn failure(&self) -> TurnFailure {
        match self {
            Self::Storage(_) => TurnFailure::StorageUnavailable,
            Self::Model(_) | Self::Unfinished => TurnFailure::ModelUnavailable,
            Self::TimedOut => TurnFailure::TimedOut,
            Self::Stopping | Self::Lost => TurnFailure::Interrupted,
            Self::Cancelled => TurnFailure::Cancelled,
            Self::Log(_) => TurnFailure::Internal,
        }
    }
}

/// What has been said so far; kept outside the answering future, so that a time-out keeps it.
#[derive(Default)]
struct Said {
    content: String,
    sources: Vec<Source>,
    usage: TokenUsage,
    reason: Option<FinishReason>,
    first_token_at: Option<Timestamp>,
    context_tokens: u32,
    routing: serde_json::Value,
}

impl TurnTask {
    pub(crate) fn new(
        ports: ChatPorts,
        settings: Arc<ChatSettings>,
        live: LiveTurns,
        opened: OpenedTurn,
        slot: TurnSlot,
    ) -> Self {
        let cancel = Arc::new(live.register(opened.turn.id));
        Self { ports, settings, live, cancel, opened, slot }
    }

    pub(crate) const fn turn_id(&self) -> TurnId {
        self.opened.turn.id
    }

    /// Answers and closes the turn, and ends its stream, whatever happens.
    pub(crate) async fn run(mut self) {
        let mut said = Said { routing: serde_json::json!({}), ..Said::default() };
        let outcome = tokio::select! {
            done = tokio::time::timeout(self.settings.turn_timeout, self.answer(&mut said)) => {
                done.unwrap_or(Err(Stop::TimedOut))
            }
            () = self.live.stopping() => Err(Stop::Stopping),
            () = self.cancel.asked() => Err(Stop::Cancelled),
            stop = self.hold() => Err(stop),
        };
        // Before the turn is closed: whoever hears of its end finds the slot free.
        self.slot.release().await;
        let event = match outcome {
            Ok(()) => self.complete(said).await,
            Err(stop) => self.stop(said, &stop).await,
        };
        self.finish(event).await;
    }

    /// Closes a turn that cannot be answered by a fault of ours: its task crashed, or has no stream.
    pub(crate) async fn fail(mut self) {
        self.slot.release().await;
        let failed = self.closed(TurnState::Failed, None);
        if let Err(error) = self.ports.keep(&failed).await {
            log_error(self.turn_id(), &error, "a failed turn could not be closed");
        }
        self.finish(self.failed(TurnFailure::Internal)).await;
    }

    /// Gives signs of life until there is a reason to stop. A sign that cannot be given is no reason: the
    /// storage may be back for the next one, and the answer can be kept without it.
    async fn hold(&self) -> Stop {
        let turn = &self.opened.turn;
        loop {
            tokio::time::sleep(self.settings.heartbeat()).await;
            let until = self.ports.clock.now().plus(self.settings.lease());
            match self.ports.turns.renew_lease(&turn.store, turn.id, until).await {
                Ok(Lease::Held) => {}
                Ok(Lease::CancelRequested) => return Stop::Cancelled,
                Ok(Lease::Lost) => return Stop::Lost,
                Err(error) => log_error(turn.id, &error, "a turn's lease could not be renewed"),
            }
            self.slot.hold().await;
        }
    }

    async fn answer(&self, said: &mut Said) -> Result<(), Stop> {
        self.say(TurnEvent::Status { stage: TurnStage::Analyzing }).await?;
        let (history, cited_titles) = self.history().await?;
        self.say(TurnEvent::Status { stage: TurnStage::Searching }).await?;
        let before = self.ports.clock.now();
        let plan = self.plan(history, cited_titles).await?;
        let took = self.ports.clock.now().since(before);
        metrics::histogram!("retrieval_duration_seconds").record(took.as_secs_f64());
        said.routing = routing(&plan);
        said.context_tokens = context_tokens(&plan);
        self.say(TurnEvent::Status { stage: TurnStage::Answering }).await?;
        self.stream(plan, said).await
    }

    /// The conversation before this question, as the window allows, and the titles its answers cited,
    /// newest first.
    async fn history(&self) -> Result<(Vec<PastTurn>, Vec<String>), Stop> {
        let window = self.settings.window;
        let Some(limit) = PageLimit::new(window.messages.min(PageLimit::MAX)) else { return Ok(Default::default()) };
        let turn = &self.opened.turn;
        let range = MessageRange::Before(self.opened.question.sequence);
        let page = self.ports.turns.messages(&turn.store, turn.session, range, limit).await?;
        let exchanges = recent_exchanges(&page.items, window, &|text| estimate_tokens(text) as usize);
        let titles = exchanges.iter().rev().flat_map(|exchange| exchange.cited_titles.clone()).collect();
        let past = exchanges.into_iter().map(|e| PastTurn { question: e.question, answer: e.answer }).collect();
        Ok((past, titles))
    }

    async fn plan(&self, history: Vec<PastTurn>, cited_titles: Vec<String>) -> Result<Plan, Stop> {
        let scope = Scope { store: self.opened.turn.store.clone(), collections: self.settings.collections.clone() };
        let input = PlanInput {
            scope,
            instructions: self.settings.instructions.clone(),
            history,
            cited_titles,
            question: self.opened.question.content.clone(),
        };
        Ok(self.ports.planner.plan(input).await?)
    }

    async fn stream(&self, plan: Plan, said: &mut Said) -> Result<(), Stop> {
        let Plan { request, sources, .. } = plan;
        let mut citations = Citations::new(sources.len() as u32);
        let mut deltas = self.ports.model.answer(request).await?;
        while let Some(delta) = deltas.next().await {
            match delta? {
                AnswerDelta::Text(text) => self.tell(citations.push(&text), said).await?,
                AnswerDelta::Finished { usage, reason } => {
                    said.usage = usage;
                    said.reason = Some(reason);
                }
            }
        }
        self.tell(citations.finish(), said).await?;
        let reason = said.reason.ok_or(Stop::Unfinished)?;
        said.sources = cited_sources(&sources, citations.cited(), reason);
        self.say(TurnEvent::Sources { sources: said.sources.clone() }).await
    }

    async fn tell(&self, text: String, said: &mut Said) -> Result<(), Stop> {
        if text.is_empty() {
            return Ok(());
        }
        said.first_token_at.get_or_insert_with(|| self.ports.clock.now());
        said.content.push_str(&text);
        self.say(TurnEvent::Token { content: text }).await
    }

    /// Keeps a whole answer. Only then is it done.
    async fn complete(&self, said: Said) -> TurnEvent {
        let context_tokens = said.context_tokens;
        let answer = self.message(said, MessageStatus::Complete);
        let closed = self.closed(TurnState::Completed, Some(answer.clone()));
        match self.ports.keep(&closed).await {
            Ok(Kept::Stored { answer: Some(message), session_message_count }) => {
                done(&message, context_tokens, session_message_count, Durability::Database)
            }
            Ok(Kept::Spooled) => {
                // Its sequence number is given when it is stored; the count is what it will be.
                let message = answer.message(&self.opened.turn, self.opened.question.sequence + 1, closed.closed_at);
                done(&message, context_tokens, self.opened.session.message_count + 1, Durability::Spool)
            }
            Ok(other) => {
                tracing::warn!(turn = %self.turn_id(), outcome = ?other, "a turn was closed by somebody else");
                self.failed(TurnFailure::Interrupted)
            }
            Err(error) => {
                log_error(self.turn_id(), &error, "an answered turn could not be kept");
                self.failed(TurnFailure::StorageUnavailable)
            }
        }
    }

    /// Closes a turn that stopped short, keeping what was said.
    async fn stop(&self, said: Said, stop: &Stop) -> TurnEvent {
        if matches!(stop, Stop::Cancelled) {
            tracing::info!(turn = %self.turn_id(), "a turn was stopped on request");
        } else {
            log_error(self.turn_id(), stop, "a turn stopped short");
        }
        let failure = stop.failure();
        let interrupted = matches!(failure, TurnFailure::Interrupted | TurnFailure::Cancelled | TurnFailure::TimedOut)
            || !said.content.is_empty();
        let answer = (!said.content.is_empty()).then(|| self.message(said, MessageStatus::Interrupted));
        let state = if interrupted { TurnState::Interrupted } else { TurnState::Failed };
        if let Err(error) = self.ports.keep(&self.closed(state, answer)).await {
            log_error(self.turn_id(), &error, "a turn that stopped short could not be closed");
        }
        self.failed(failure)
    }

    fn message(&self, said: Said, status: MessageStatus) -> Answer {
        let opened_at = self.opened.turn.opened_at;
        let elapsed = |at: Timestamp| u32::try_from(at.since(opened_at).as_millis()).unwrap_or(u32::MAX);
        let now = self.ports.clock.now();
        let model = self.ports.model.name();
        let usage = Usage {
            prompt_tokens: said.usage.prompt,
            completion_tokens: said.usage.completion,
            total_tokens: said.usage.total(),
            cost: self.ports.prices.cost(&model, said.usage.prompt, said.usage.completion, now),
            estimated: said.usage.estimated,
        };
        let grounded = said.reason != Some(FinishReason::NoGrounding);
        Answer {
            id: MessageId::generate(&*self.ports.ids),
            content: said.content,
            status,
            usage,
            model: Some(model),
            first_token_ms: said.first_token_at.map(elapsed),
            response_time_ms: Some(elapsed(now)),
            agent: Some(AGENT.into()),
            routing: said.routing,
            sources: said.sources,
            metadata: serde_json::json!({"grounded": grounded, CONTEXT_TOKENS: said.context_tokens}),
        }
    }

    fn closed(&self, state: TurnState, answer: Option<Answer>) -> ClosedTurn {
        let turn = &self.opened.turn;
        ClosedTurn {
            turn: turn.id,
            store: turn.store.clone(),
            session: turn.session,
            user: self.opened.session.user.clone(),
            state,
            answer,
            closed_at: self.ports.clock.now(),
            // Whoever took this process for dead did not know that there is an answer.
            late: state == TurnState::Completed,
        }
    }

    const fn failed(&self, failure: TurnFailure) -> TurnEvent {
        TurnEvent::Failed { session: self.opened.turn.session, failure }
    }

    async fn say(&self, event: TurnEvent) -> Result<(), Stop> {
        self.ports.streams.append(self.turn_id(), event).await?;
        Ok(())
    }

    /// Ends the stream and counts the turn.
    async fn finish(&self, event: TurnEvent) {
        let took = self.ports.clock.now().since(self.opened.turn.opened_at);
        let outcome = match &event {
            TurnEvent::Done(_) => "completed",
            TurnEvent::Failed { failure: TurnFailure::Interrupted, .. } => "interrupted",
            TurnEvent::Failed { failure: TurnFailure::Cancelled, .. } => "cancelled",
            _ => "failed",
        };
        metrics::counter!("turns_total", "outcome" => outcome).increment(1);
        metrics::histogram!("turn_duration_seconds").record(took.as_secs_f64());
        if let TurnEvent::Done(TurnDone { first_token_ms: Some(first), .. }) = &event {
            metrics::histogram!("turn_first_token_seconds").record(f64::from(*first) / 1000.0);
        }
        if let Err(error) = self.say(event).await {
            log_error(self.turn_id(), &error, "the end of a turn could not be streamed");
        }
        if self.live.is_awaited(self.turn_id()) {
            self.ports.signal(TurnSignal::Closed(self.turn_id())).await;
        }
    }
}

/// The end of a turn whose answer is kept.
fn done(message: &Message, context_tokens: u32, session_message_count: u64, durable: Durability) -> TurnEvent {
    TurnEvent::Done(TurnDone {
        session: message.session,
        message: message.id,
        total_tokens: message.usage.total_tokens,
        response_time_ms: message.response_time_ms.unwrap_or_default(),
        first_token_ms: message.first_token_ms,
        context_tokens,
        session_message_count,
        model: message.model.clone().unwrap_or_default(),
        agent: message.agent.clone().unwrap_or_default(),
        cost: message.usage.cost,
        durable,
    })
}

/// The sources to show: the cited ones in the order of their markers; all, when an answer cites none;
/// none, when it was not grounded.
fn cited_sources(sources: &[rag_pipeline::planner::Source], cited: &[u32], reason: FinishReason) -> Vec<Source> {
    if reason == FinishReason::NoGrounding {
        return Vec::new();
    }
    let all: Vec<u32> = sources.iter().map(|source| source.number).collect();
    let shown = if cited.is_empty() { &all } else { cited };
    let find = |number: &u32| sources.iter().find(|source| source.number == *number);
    shown
        .iter()
        .filter_map(find)
        .zip(1..)
        .map(|(source, number)| Source {
            number,
            id: source.document.to_string(),
            title: source.title.clone(),
            headings: source.heading_path.clone(),
            score: source.score,
            content: source.content.clone(),
            url: source.url.clone(),
        })
        .collect()
}

/// Why this agent, and what the question was made into.
fn routing(plan: &Plan) -> serde_json::Value {
    let rewritten = plan.rewritten.reason.as_ref().map(|reason| {
        serde_json::json!({"question": plan.rewritten.standalone, "reason": format!("{reason:?}").to_lowercase()})
    });
    serde_json::json!({"selected": AGENT, "rewritten": rewritten, "keywordOnly": plan.keyword_only})
}

fn context_tokens(plan: &Plan) -> u32 {
    let request = &plan.request;
    let history = request.history.iter().flat_map(|turn| [turn.question.as_str(), turn.answer.as_str()]);
    let passages = request.passages.iter().map(|passage| passage.text.as_str());
    history.chain(passages).map(estimate_tokens).sum()
}

/// One line with the whole chain of causes; never what was asked or said.
fn log_error(turn: TurnId, error: &(dyn std::error::Error + 'static), what: &str) {
    tracing::error!(%turn, error = error_chain(error), "{what}");
}

use std::time::Duration;

use actix_web::web::Data;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, ProtocolError};
use futures::future::LocalBoxFuture;
use futures::stream::{self, FuturesUnordered, LocalBoxStream, SelectAll, StreamExt};
use kernel::{SessionId, Timestamp, TurnId, error_chain};
use tokio::time::{Instant, interval_at, timeout};

use super::acting::Outcome;
use super::message::{self, FromClient, Notice, ToClient};
use super::pace::Pace;
use super::{SESSION_GONE, SESSION_OVER, SILENT, TOO_FAST};
use crate::dto::StreamEvent;
use crate::error::{ApiError, ErrorCode};
use crate::extract::from_json;
use crate::language::Language;
use crate::observe::RequestId;
use crate::reading::Scope;
use crate::state::ApiState;
use crate::telling::{Telling, Told};

/// Turns that one connection asks for or follows at a time. A session answers one after the other anyway.
const MOST_TURNS: usize = 8;
/// Heartbeats in a row that may stay without any sign of the client.
const MOST_SILENT: u32 = 3;
/// Messages over the limit that are answered before the connection is closed.
const MOST_HASTY: u32 = 10;
/// Bytes of a message beside its text: names, ids, business metadata.
const FRAME_BYTES: usize = 16 << 10;
/// The most bytes that JSON spends on a character: a surrogate pair, escaped.
const CHAR_BYTES: usize = 12;

/// The largest message that is read, in bytes: the longest question fits, however it is written.
pub(crate) const fn frame_limit(max_message_chars: usize) -> usize {
    max_message_chars.saturating_mul(CHAR_BYTES).saturating_add(FRAME_BYTES)
}

/// One client and one session.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) state: Data<ApiState>,
    pub(crate) scope: Scope,
    pub(crate) session: SessionId,
    pub(crate) expires_at: Timestamp,
    pub(crate) language: Language,
    pub(crate) request_id: RequestId,
}

/// Why a connection ends.
enum Leave {
    /// With a word to the client.
    Close(CloseCode, &'static str),
    /// The client has gone.
    Gone,
}

type Step = Result<(), Leave>;

/// An event of one of the turns that are followed.
struct Line {
    turn: TurnId,
    told: Told,
    client_message_id: Option<String>,
}

struct Talk {
    connection: Connection,
    socket: actix_ws::Session,
    pace: Pace,
    hasty: u32,
    pending: FuturesUnordered<LocalBoxFuture<'static, Outcome>>,
    answers: SelectAll<LocalBoxStream<'static, Line>>,
}

/// Counts open connections.
struct Open;

impl Open {
    fn count() -> Self {
        metrics::gauge!("websockets_open").increment(1.0);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("websockets_open").decrement(1.0);
    }
}

impl Connection {
    /// Talks until one side has enough.
    pub(crate) async fn run(self, socket: actix_ws::Session, incoming: AggregatedMessageStream) {
        let _open = Open::count();
        let limits = self.state.settings.websocket;
        let pace = Pace::new(limits.messages_per_minute, self.state.clock.now());
        let mut talk = Talk {
            connection: self,
            socket,
            pace,
            hasty: 0,
            pending: FuturesUnordered::new(),
            answers: SelectAll::new(),
        };
        if let Leave::Close(code, description) = talk.until_the_end(incoming).await {
            let reason = CloseReason { code, description: Some(description.to_owned()) };
            // Whoever does not take the farewell has gone.
            let farewell = talk.socket.clone().close(Some(reason));
            drop(timeout(talk.connection.state.settings.heartbeat, farewell).await);
        }
    }
}

/// The events of a turn, as lines among those of others.
fn lines(telling: Telling, mut client_message_id: Option<String>) -> LocalBoxStream<'static, Line> {
    let turn = telling.turn();
    let told = stream::unfold(telling, |mut telling| async move { Some((telling.next().await?.0, telling)) });
    told.map(move |told| {
        let begins = matches!(told.event, StreamEvent::Session { .. });
        let client_message_id = if begins { client_message_id.take() } else { None };
        Line { turn, told, client_message_id }
    })
    .boxed_local()
}

impl Talk {
    async fn until_the_end(&mut self, mut incoming: AggregatedMessageStream) -> Leave {
        let heartbeat = self.connection.state.settings.heartbeat;
        let mut beat = interval_at(Instant::now() + heartbeat, heartbeat);
        let mut silent = 0;
        let (session_id, expires_at) = (self.connection.session, self.connection.expires_at);
        let mut step = self.notice(Notice::Ready { session_id, expires_at }).await;
        while step.is_ok() {
            let chat = self.connection.state.chat.clone();
            let idle = self.pending.is_empty() && self.answers.is_empty();
            step = tokio::select! {
                message = incoming.recv() => {
                    silent = 0;
                    self.hear(message).await
                }
                Some(outcome) = self.pending.next() => self.came(outcome).await,
                Some(line) = self.answers.next() => self.tell(line).await,
                _ = beat.tick() => {
                    silent += 1;
                    self.ping(silent).await
                }
                // Answers under way are told to their end first.
                () = chat.draining(), if idle => Err(Leave::Close(CloseCode::Restart, "the server is restarting")),
            };
        }
        step.err().unwrap_or(Leave::Gone)
    }

    async fn hear(&mut self, message: Option<Result<AggregatedMessage, ProtocolError>>) -> Step {
        match message {
            None => Err(Leave::Gone),
            Some(Ok(AggregatedMessage::Text(text))) => self.read(&text).await,
            Some(Ok(AggregatedMessage::Binary(_))) => Err(Leave::Close(CloseCode::Unsupported, "only text is read")),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                let mut socket = self.socket.clone();
                self.within(async move { socket.pong(&bytes).await }).await
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Close(_))) => Err(Leave::Close(CloseCode::Normal, "")),
            Some(Err(ProtocolError::Overflow)) => Err(Leave::Close(CloseCode::Size, "the message is too large")),
            Some(Err(error)) => {
                tracing::debug!(request_id = self.connection.request_id.0, %error, "a websocket is not understood");
                Err(Leave::Close(CloseCode::Protocol, "the frame is not understood"))
            }
        }
    }

    async fn read(&mut self, text: &str) -> Step {
        if let Err(wait) = self.pace.take(self.connection.state.clock.now()) {
            self.hasty += 1;
            if self.hasty > MOST_HASTY {
                return Err(Leave::Close(TOO_FAST, "too many messages"));
            }
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            return self.refuse(ApiError::new(ErrorCode::RateLimited).with_figure(seconds), None).await;
        }
        self.hasty = 0;
        match from_json::<FromClient>(text.as_bytes()) {
            Ok(FromClient::Ping) => self.notice(Notice::Pong).await,
            Ok(said) if self.pending.len() + self.answers.len() >= MOST_TURNS => {
                let error = ApiError::new(ErrorCode::TooManyTurns).with_figure(MOST_TURNS);
                self.refuse(error, said.client_message_id()).await
            }
            Ok(said) => {
                self.pending.extend(self.connection.act(said));
                Ok(())
            }
            Err(error) => self.refuse(error, None).await,
        }
    }

    async fn came(&mut self, outcome: Outcome) -> Step {
        match outcome {
            Outcome::Answering { telling, client_message_id } => {
                self.answers.push(lines(telling, client_message_id));
                Ok(())
            }
            Outcome::Cancelled(turn) => self.notice(Notice::Cancelled(turn)).await,
            Outcome::Refused { error, client_message_id } => {
                let code = error.code();
                self.refuse(error, client_message_id).await?;
                match code {
                    ErrorCode::SessionExpired | ErrorCode::SessionEnded => {
                        Err(Leave::Close(SESSION_OVER, "the session is over"))
                    }
                    ErrorCode::SessionNotFound => Err(Leave::Close(SESSION_GONE, "the session is not known")),
                    _ => Ok(()),
                }
            }
        }
    }

    async fn tell(&mut self, Line { turn, told, client_message_id }: Line) -> Step {
        let says_itself = matches!(told.event, StreamEvent::Session { .. });
        let turn_id = (!says_itself).then_some(turn);
        let event = message::Told { id: told.number, turn_id, client_message_id, event: told.event };
        self.say(ToClient::Told(Box::new(event))).await
    }

    async fn refuse(&mut self, error: ApiError, client_message_id: Option<String>) -> Step {
        let Connection { state, session, language, request_id, .. } = &self.connection;
        if error.code().status().is_server_error() {
            tracing::error!(
                request_id = request_id.0,
                code = error.code().as_str(),
                error = error_chain(&error),
                "a question over a websocket failed"
            );
        }
        let event = StreamEvent::refused(&error, *language, state.clock.now(), *session);
        self.say(ToClient::Told(Box::new(message::Told { id: None, turn_id: None, client_message_id, event }))).await
    }

    async fn notice(&mut self, notice: Notice) -> Step {
        self.say(ToClient::Notice(notice)).await
    }

    async fn say(&mut self, said: ToClient) -> Step {
        let text = serde_json::to_string(&said).map_err(|error| {
            tracing::error!(error = error_chain(&error), "an event cannot be written");
            Leave::Close(CloseCode::Error, "a fault of the server")
        })?;
        let mut socket = self.socket.clone();
        self.within(async move { socket.text(text).await }).await
    }

    async fn ping(&mut self, silent: u32) -> Step {
        if silent > MOST_SILENT {
            return Err(Leave::Close(SILENT, "nothing was heard"));
        }
        let mut socket = self.socket.clone();
        self.within(async move { socket.ping(b"").await }).await
    }

    /// Sends, unless the client takes nothing for as long as it may be silent: then it has gone, and its answers
    /// are kept for it where they are.
    async fn within(&self, send: impl Future<Output = Result<(), actix_ws::Closed>>) -> Step {
        let heartbeat: Duration = self.connection.state.settings.heartbeat;
        match timeout(heartbeat * MOST_SILENT, send).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Leave::Gone),
        }
    }
}

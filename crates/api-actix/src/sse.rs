//! Server-sent events: each has the number of its turn's event as `id`, so that a reader who comes back
//! with `Last-Event-ID` misses nothing and hears nothing twice.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Bytes;
use chat_service::{EventStream, NumberedEvent};
use futures::stream::{self, Stream, StreamExt};
use kernel::{Clock, error_chain};
use session_core::stream::TurnEvent;

use crate::dto::StreamEvent;
use crate::language::Language;
use crate::observe::RequestId;
use crate::state::ApiState;

const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// What a stream needs beside its events.
struct Writer {
    events: EventStream,
    language: Language,
    clock: Arc<dyn Clock>,
    heartbeat: Duration,
    request_id: RequestId,
    /// Whether `session_logged` follows `done`.
    says_logged: bool,
}

/// The response that tells a turn's events as they come.
pub(crate) fn respond(
    state: &ApiState,
    events: EventStream,
    language: Language,
    request_id: RequestId,
) -> HttpResponse {
    Writer::new(state, events, language, request_id).respond()
}

/// The same with one event more after `done`, as clients of stage 1 expect it.
pub(crate) fn respond_and_log(
    state: &ApiState,
    events: EventStream,
    language: Language,
    request_id: RequestId,
) -> HttpResponse {
    Writer { says_logged: true, ..Writer::new(state, events, language, request_id) }.respond()
}

impl Writer {
    fn new(state: &ApiState, events: EventStream, language: Language, request_id: RequestId) -> Self {
        let heartbeat = state.settings.heartbeat;
        Self { events, language, clock: state.clock.clone(), heartbeat, request_id, says_logged: false }
    }

    fn respond(self) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
            .insert_header((CACHE_CONTROL, "no-cache"))
            .insert_header(("x-accel-buffering", "no"))
            .streaming(self.frames())
    }

    fn frames(self) -> impl Stream<Item = Result<Bytes, serde_json::Error>> {
        stream::unfold(self, |mut writer| async move { Some((writer.next().await?, writer)) })
    }

    async fn next(&mut self) -> Option<Result<Bytes, serde_json::Error>> {
        match tokio::time::timeout(self.heartbeat, self.events.next()).await {
            Err(_silent) => Some(Ok(Bytes::from_static(KEEP_ALIVE))),
            Ok(Some(Ok(event))) => Some(self.frame(event)),
            Ok(Some(Err(error))) => {
                // The turn goes on: the reader, who got no ending event, comes back for the rest.
                tracing::error!(request_id = self.request_id.0, error = error_chain(&error), "a stream broke off");
                None
            }
            Ok(None) => None,
        }
    }

    fn frame(&self, event: NumberedEvent) -> Result<Bytes, serde_json::Error> {
        let now = self.clock.now();
        let logged = match &event.event {
            TurnEvent::Done(done) if self.says_logged => Some(StreamEvent::logged(done, now)),
            _ => None,
        };
        let mut text = frame(event.number, &StreamEvent::of(event.event, self.language, now))?;
        if let Some(logged) = logged {
            text.push_str(&frame(event.number + 1, &logged)?);
        }
        Ok(Bytes::from(text))
    }
}

fn frame(number: u64, event: &StreamEvent) -> Result<String, serde_json::Error> {
    let data = serde_json::to_string(event)?;
    Ok(format!("id: {number}\ndata: {data}\n\n"))
}

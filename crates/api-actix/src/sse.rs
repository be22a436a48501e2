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
}

/// The response that tells a turn's events as they come.
pub(crate) fn respond(
    state: &ApiState,
    events: EventStream,
    language: Language,
    request_id: RequestId,
) -> HttpResponse {
    let heartbeat = state.settings.heartbeat;
    let writer = Writer { events, language, clock: state.clock.clone(), heartbeat, request_id };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(writer.frames())
}

impl Writer {
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
        let data = serde_json::to_string(&StreamEvent::of(event.event, self.language, self.clock.now()))?;
        Ok(Bytes::from(format!("id: {}\ndata: {data}\n\n", event.number)))
    }
}

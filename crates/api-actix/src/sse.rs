//! Server-sent events: each has the number of its turn's event as `id`, so that a reader who comes back
//! with `Last-Event-ID` misses nothing and hears nothing twice.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::Bytes;
use futures::stream::{self, Stream};

use crate::dto::StreamEvent;
use crate::state::ApiState;
use crate::telling::Telling;

const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// What a stream needs beside its events.
struct Writer {
    telling: Telling,
    heartbeat: Duration,
    /// Whether `session_logged` follows `done`.
    says_logged: bool,
}

/// The response that tells a turn's events as they come.
pub(crate) fn respond(state: &ApiState, telling: Telling) -> HttpResponse {
    Writer { telling, heartbeat: state.settings.heartbeat, says_logged: false }.respond()
}

/// The same with one event more after `done`, as clients of stage 1 expect it.
pub(crate) fn respond_and_log(state: &ApiState, telling: Telling) -> HttpResponse {
    Writer { telling, heartbeat: state.settings.heartbeat, says_logged: true }.respond()
}

impl Writer {
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
        let Ok(told) = tokio::time::timeout(self.heartbeat, self.telling.next()).await else {
            return Some(Ok(Bytes::from_static(KEEP_ALIVE)));
        };
        let (told, logged) = told?;
        let mut text = frame(told.number, &told.event);
        if let Some(logged) = logged.filter(|_| self.says_logged) {
            let after = frame(told.number.map(|number| number + 1), &logged);
            text = text.and_then(|text| Ok(text + &after?));
        }
        Some(text.map(Bytes::from))
    }
}

fn frame(number: Option<u64>, event: &StreamEvent) -> Result<String, serde_json::Error> {
    let id = number.map(|number| format!("id: {number}\n")).unwrap_or_default();
    let data = serde_json::to_string(event)?;
    Ok(format!("{id}data: {data}\n\n"))
}

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;

use crate::meters::Meters;

/// The status recorded for a client that left before there was a response; nginx's number for it.
const CLIENT_LEFT: u16 = 499;

/// What is recorded of one request: metrics and the one log line are written when it is dropped, which
/// is after the last byte of its response, or when the client has gone.
pub(crate) struct Record {
    method: &'static str,
    route: String,
    status: u16,
    request_id: String,
    bytes: u64,
    began: Instant,
    meters: Meters,
}

impl Record {
    pub(crate) fn begin(method: &Method, request_id: &str, meters: Meters) -> Self {
        meters.begin();
        Self {
            method: bounded(method),
            route: "unknown".to_owned(),
            status: CLIENT_LEFT,
            request_id: request_id.to_owned(),
            bytes: 0,
            began: Instant::now(),
            meters,
        }
    }

    /// The response has begun. Without a pattern, no route fitted.
    pub(crate) fn responded(&mut self, pattern: Option<String>, status: StatusCode) {
        self.route = pattern.unwrap_or_else(|| "unmatched".to_owned());
        self.status = status.as_u16();
    }
}

/// Clients may invent methods; the values of a label may not grow with them.
fn bounded(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}

impl Drop for Record {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        self.meters.end(self.method, &self.route, self.status, took);
        tracing::info!(
            method = self.method,
            route = self.route,
            status = self.status,
            duration_ms = took.as_millis() as u64,
            bytes = self.bytes,
            request_id = self.request_id,
            "request served"
        );
    }
}

/// A response body that counts its bytes and carries the request's record to its end.
pub(crate) struct RecordedBody {
    body: BoxBody,
    record: Record,
}

impl RecordedBody {
    pub(crate) fn new(body: BoxBody, record: Record) -> Self {
        Self { body, record }
    }
}

impl MessageBody for RecordedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.record.bytes += bytes.len() as u64;
        }
        polled
    }
}

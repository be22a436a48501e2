//! The HTTP edge: routes, bodies, SSE frames, error mapping, OpenAPI and the embedded chat page.
//!
//! It is the only crate that knows HTTP. A handler extracts, calls one service, and converts. Every
//! error, whoever refused, leaves as one JSON body in the customer's language; the codes are in
//! [`ErrorCode`]. [`server()`] is what a binary calls; [`app()`] is the same application for tests.

mod app;
mod assets;
mod conversation;
mod cursor;
mod dto;
mod endpoint;
mod error;
mod extract;
mod language;
mod markdown;
mod meters;
mod observe;
mod openapi;
mod reading;
mod record;
mod rendered;
mod reply;
mod routes;
mod server;
mod sse;
mod state;
mod telling;
mod ws;

pub use app::app;
pub use error::ErrorCode;
pub use openapi::openapi_json;
pub use routes::endpoints;
pub use server::{RunningServer, ServerOptions, StopHandle, server};
pub use state::{
    ApiSettings, ApiState, CacheHealth, CacheLook, Check, DatabaseHealth, DatabaseLook, DocumentDesk, Readiness,
    TableLook,
};
pub use ws::WebSocketLimits;

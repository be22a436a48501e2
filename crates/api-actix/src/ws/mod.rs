//! Conversations over WebSocket: the events of SSE out, questions, cancels and resumptions in.
//!
//! A connection is one reader of stream logs among others: closing it ends no turn, and what it missed is read
//! again by `resume`. Its memory is bounded: a few turns at a time, each read in small parts and only as
//! fast as the client takes them.

mod acting;
mod connection;
mod message;
mod pace;

pub(crate) use connection::{Connection, frame_limit};

use actix_ws::CloseCode;

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebSocketLimits {
    /// Messages a client may send in a minute, all kinds together, at least one.
    pub messages_per_minute: u32,
}

/// Nothing was heard of the client, not even an answer to pings.
pub(crate) const SILENT: CloseCode = CloseCode::Other(4408);
/// The session is not known any more.
pub(crate) const SESSION_GONE: CloseCode = CloseCode::Other(4404);
/// The session has expired or ended.
pub(crate) const SESSION_OVER: CloseCode = CloseCode::Other(4410);
/// The client went on sending after it was told to slow down.
pub(crate) const TOO_FAST: CloseCode = CloseCode::Other(4429);

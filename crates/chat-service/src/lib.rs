//! One turn, end to end: open → context → retrieve → answer → close.
//!
//! A turn runs as its own task, detached from the connection that asked: it writes numbered events to
//! the stream log, and every reader (server-sent events, a JSON reply, a resumed stream) follows that
//! log. A client that goes away does not end its turn. `Done` is said only after the turn is committed.

mod ask;
mod citations;
mod error;
mod follow;
mod live;
mod ports;
mod service;
mod turn;

pub use ask::{Ask, AskedTurn};
pub use citations::Citations;
pub use error::ChatError;
pub use follow::{EventStream, NumberedEvent};
pub use ports::{ChatPorts, ChatSettings};
pub use service::ChatService;

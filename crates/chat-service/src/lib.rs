//! One turn, end to end: open → context → retrieve → answer → close.
//!
//! A turn runs as its own task, detached from the connection that asked: it writes numbered events to
//! the stream log, and every reader (server-sent events, a JSON reply, a resumed stream) follows that
//! log. A client that goes away does not end its turn. `Done` is said only after the turn is committed.

mod ask;
mod cancel;
mod citations;
mod error;
mod follow;
mod gates;
mod keep;
mod live;
mod opening;
mod ports;
mod regenerate;
mod service;
mod signals;
mod slots;
mod spool;
mod turn;

pub use ask::{Ask, AskedTurn};
pub use citations::Citations;
pub use error::ChatError;
pub use follow::{EventStream, NumberedEvent};
pub use ports::{BusyPolicy, ChatPorts, ChatSettings};
pub use regenerate::Regenerate;
pub use service::ChatService;
pub use spool::Replayed;

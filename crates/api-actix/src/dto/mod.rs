//! The bodies of requests and responses: camelCase, and apart from the domain, which may change without them.

mod business;
mod chat;
mod event;
mod feedback;
mod list;
mod message;
mod operations;
mod search;
mod session;
mod turn;

pub(crate) use business::BusinessBody;
pub(crate) use chat::{ChatBody, ChatReply, ReplyMetadata};
pub(crate) use event::StreamEvent;
pub(crate) use feedback::{FeedbackBody, FeedbackReply, MessageFeedback};
pub(crate) use list::{MessageList, SessionList};
pub(crate) use message::{MessageBody, SourceBody};
pub(crate) use operations::{ActiveCount, CheckBody, Health, Limits, Ping, Ready};
pub(crate) use search::{SearchBody, SearchItem, SearchList};
pub(crate) use session::{NewSessionBody, SessionBody, StateParam};
pub(crate) use turn::{CancelledTurn, RegenerateBody};

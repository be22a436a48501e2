//! The bodies of requests and responses: camelCase, and apart from the domain, which may change without them.

mod advice;
mod ai;
mod business;
mod change;
mod chat;
mod document;
mod event;
mod export;
mod failure;
mod feedback;
mod list;
mod message;
mod operations;
mod search;
mod session;
mod session_chat;
mod share;
mod turn;
mod user;

pub(crate) use advice::AdviceBody;
pub(crate) use ai::{EmbedBody, ExtractBody, QueuedBody, TaskBody};
pub(crate) use business::BusinessBody;
pub(crate) use change::{ExtendBody, SessionChangeBody, StatsBody, ValidationBody};
pub(crate) use chat::{ChatBody, ChatReply, ReplyMetadata};
pub(crate) use document::{
    ChunkList, DocumentBody, DocumentHits, DocumentList, DocumentRequestBody, DocumentSearchBody, DocumentTextBody,
    SubmittedBody,
};
pub(crate) use event::{DurableBody, StreamEvent};
pub(crate) use export::{ExportFormat, ExportHead, ExportedMessage, SessionExport};
pub(crate) use failure::FailureBody;
pub(crate) use feedback::{FeedbackBody, FeedbackReply, MessageFeedback};
pub(crate) use list::{MessageList, SessionList};
pub(crate) use message::{MessageBody, SaidBody, SourceBody};
pub(crate) use operations::{ActiveCount, CacheBody, CheckBody, DatabaseBody, Health, Limits, Ping, Ready};
pub(crate) use search::{SearchBody, SearchItem, SearchList};
pub(crate) use session::{NewSessionBody, SessionBody, StateParam};
pub(crate) use session_chat::{
    Stage1Created, Stage1Message, Stage1NewSession, Stage1Question, Stage1Reply, Stage1SessionReply,
};
pub(crate) use share::{ShareBody, ShareReply, SharedConversation, SharedHead, SharedMessage};
pub(crate) use turn::{CancelledTurn, RegenerateBody};
pub(crate) use user::{UserContextBody, UserContextReply};

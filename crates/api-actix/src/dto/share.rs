use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use session_core::Shared;
use session_core::model::{Message, Role, Session, ShareLink, Source};
use utoipa::ToSchema;

use crate::conversation::Told;

/// A link to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = ShareRequest)]
pub(crate) struct ShareBody {
    /// How long the link works; a week (168) when left out.
    #[schema(minimum = 1, maximum = 8760)]
    pub(crate) expires_in_hours: Option<u64>,
}

/// A link. The token is told here and nowhere else.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShareLink)]
pub(crate) struct ShareReply {
    /// Whoever has it may read the conversation.
    token: String,
    /// Where it is read, from the root of this server.
    #[schema(example = "/api/shared/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub(crate) url: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<Shared> for ShareReply {
    fn from(shared: Shared) -> Self {
        let token = shared.token.expose().to_owned();
        Self { url: format!("/api/shared/{token}"), token, expires_at: shared.link.expires_at }
    }
}

/// What comes before the messages of a shared conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SharedHead {
    title: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the link stops to work.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl SharedHead {
    pub(crate) fn of(session: Session, link: &ShareLink) -> Self {
        Self { title: session.title, created_at: session.created_at, expires_at: link.expires_at }
    }
}

/// A conversation as a stranger with the link may read it: what was said, and nothing of who said it where.
/// It is written piece by piece: this is how the pieces look together.
#[derive(ToSchema)]
#[allow(dead_code)] // for the OpenAPI document
pub(crate) struct SharedConversation {
    #[serde(flatten)]
    head: SharedHead,
    /// All of them, oldest first.
    messages: Vec<SharedMessage>,
}

/// A message of a shared conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SharedMessage {
    /// `user`, `assistant` or `system`.
    #[schema(value_type = String, example = "assistant")]
    role: Role,
    content: String,
    sources: Vec<SharedSource>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<Told> for SharedMessage {
    fn from(told: Told) -> Self {
        let Message { role, content, sources, created_at, .. } = told.message;
        Self { role, content, sources: sources.into_iter().map(SharedSource::from).collect(), created_at }
    }
}

/// A document an answer draws on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedSource {
    /// The number of its marker in the text: `[1]` is 1.
    number: u32,
    title: String,
    /// The headings the passage stands under, outermost first.
    headings: Vec<String>,
    /// The passage.
    content: String,
    /// Where the document can be read.
    url: Option<String>,
}

impl From<Source> for SharedSource {
    fn from(source: Source) -> Self {
        let Source { number, title, headings, content, url, .. } = source;
        Self { number, title, headings, content, url }
    }
}

use async_trait::async_trait;
use kernel::{MessageId, Page, PageLimit, RepositoryError, StoreId, Timestamp, UserId};

use crate::model::{Message, ResolutionStatus, Session};
use crate::search::{Score, SearchText, Snippet};

/// What to search for, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationQuery {
    /// The store.
    pub store: StoreId,
    /// Only sessions of this user.
    pub user: Option<UserId>,
    /// Only what this agent said.
    pub agent: Option<String>,
    /// Only sessions about this category of inquiry.
    pub category: Option<String>,
    /// Only sessions whose matter stands so.
    pub status: Option<ResolutionStatus>,
    /// Only what was said at this moment or later.
    pub from: Option<Timestamp>,
    /// Only what was said before this moment.
    pub to: Option<Timestamp>,
    /// What to search for.
    pub text: SearchText,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The message.
    pub message: Message,
    /// Its session.
    pub session: Session,
    /// How well it fits.
    pub score: Score,
    /// The part of it that shows why it was found.
    pub snippet: Snippet,
}

/// Where a list of hits goes on: after this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor {
    /// The last message's score.
    pub score: Score,
    /// When it was said.
    pub created_at: Timestamp,
    /// The last message.
    pub message: MessageId,
}

/// Finds messages by what was said in them.
///
/// Contract: a message is found from the commit of the turn that said it until it is removed or its
/// session is deleted. A match has all terms of at least one word of the query
/// ([`Word::terms`](crate::search::Word::terms)); the order is that of [`best`](crate::search::best), over
/// the [`REACH`](crate::search::REACH) matches that have the most words and, of equals, were stored last.
/// Another store's messages never show.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait ConversationSearch: Send + Sync {
    /// One page of hits, the best first, of equals the newest.
    async fn search(
        &self,
        query: &ConversationQuery,
        after: Option<SearchCursor>,
        limit: PageLimit,
    ) -> Result<Page<SearchHit, SearchCursor>, RepositoryError>;
}

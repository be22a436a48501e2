use std::cmp::Reverse;

use async_trait::async_trait;
use kernel::{Page, PageLimit, RepositoryError};

use super::{MemorySessions, Tables};
use crate::model::{Message, Session, SessionState};
use crate::ports::{ConversationQuery, ConversationSearch, SearchCursor, SearchHit};
use crate::search::{Candidate, REACH, best, message_terms};

impl Tables {
    /// The message's session, when the query looks into it.
    fn searched(&self, query: &ConversationQuery, message: &Message) -> Option<&Session> {
        let said = query.agent.is_none() || query.agent == message.agent;
        let in_time = query.from.is_none_or(|from| message.created_at >= from)
            && query.to.is_none_or(|to| message.created_at < to);
        self.session(&query.store, message.session)
            .filter(|session| said && in_time && session.state != SessionState::Deleted)
            .filter(|session| query.user.as_ref().is_none_or(|user| *user == session.user))
            .filter(|session| query.category.is_none() || query.category == session.business.inquiry_category)
            .filter(|session| query.status.is_none() || query.status == session.business.resolution_status)
    }
}

#[async_trait]
impl ConversationSearch for MemorySessions {
    async fn search(
        &self,
        query: &ConversationQuery,
        after: Option<SearchCursor>,
        limit: PageLimit,
    ) -> Result<Page<SearchHit, SearchCursor>, RepositoryError> {
        let tables = self.tables();
        let mut candidates: Vec<Candidate> = Vec::new();
        for message in tables.messages.values().filter(|message| tables.searched(query, message).is_some()) {
            let terms = message_terms(&message.content);
            let words = query.text.words().iter().filter(|word| word.is_in(&terms)).count();
            if words > 0 {
                let (message, created_at, content) = (message.id, message.created_at, message.content.clone());
                candidates.push(Candidate { message, created_at, content, words });
            }
        }
        candidates.sort_by_key(|found| Reverse((found.words, found.created_at, found.message)));
        candidates.truncate(REACH);
        let page = best(&query.text, &candidates, after, limit);
        let hits = page.items.iter().filter_map(|ranked| {
            let message = tables.message(&query.store, ranked.message)?.clone();
            let session = tables.session(&query.store, message.session)?.clone();
            let snippet = query.text.snippet(&message.content);
            Some(SearchHit { message, session, score: ranked.score, snippet })
        });
        Ok(Page { items: hits.collect(), next: page.next })
    }
}

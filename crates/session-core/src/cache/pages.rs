//! Parts of conversations, cut from what is remembered of their end.

use kernel::{Page, PageLimit, RepositoryError, SessionId, StoreId};

use super::CachedSessions;
use crate::model::{Message, Session};
use crate::ports::{MessageRange, RECENT_MESSAGES};

/// Messages that are read beyond those asked for when they are going to be kept: the question that a turn is about
/// stands behind the history that is asked for.
const BEYOND: usize = 2;

/// What is remembered of a page.
enum Remembered {
    /// All of it.
    Page(Page<Message, u64>),
    /// Not all of it, but the session that it is the end of.
    End(Box<Session>),
    /// Nothing of use.
    Nothing,
}

impl CachedSessions {
    /// A page, from the cache where it has all of it; and from the storage, so that the cache has it then, where it is
    /// one that it keeps.
    pub(super) async fn page_of(
        &self,
        store: &StoreId,
        session: SessionId,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Page<Message, u64>, RepositoryError> {
        match self.remembered(store, session, range, limit).await {
            Remembered::Page(page) => return Ok(page),
            Remembered::End(session) => {
                if let Some(page) = self.read_end(&session, range, limit).await? {
                    return Ok(page);
                }
            }
            Remembered::Nothing => {}
        }
        self.turns.messages(store, session, range, limit).await
    }

    async fn remembered(&self, store: &StoreId, id: SessionId, range: MessageRange, limit: PageLimit) -> Remembered {
        if matches!(range, MessageRange::After(_)) || limit.get() > RECENT_MESSAGES {
            return Remembered::Nothing;
        }
        let Some(recent) = self.cache.recall_recent(id, limit.get() + BEYOND).await else { return Remembered::Nothing };
        if recent.session.store != *store {
            return Remembered::Nothing;
        }
        let last = recent.session.last_sequence;
        if last == 0 {
            return Remembered::Page(Page { items: Vec::new(), next: None });
        }
        // The newest messages are no part of a page that is further back.
        let further_back = matches!(range, MessageRange::Before(end) if end.saturating_add(BEYOND as u64) <= last);
        match recent.messages.and_then(|messages| page(messages, range, limit)) {
            Some(page) => Remembered::Page(page),
            None if further_back => Remembered::Nothing,
            None => Remembered::End(Box::new(recent.session)),
        }
    }

    /// Reads the end of a conversation from the storage so that it can be kept.
    async fn read_end(
        &self,
        session: &Session,
        range: MessageRange,
        limit: PageLimit,
    ) -> Result<Option<Page<Message, u64>>, RepositoryError> {
        let Some(more) = PageLimit::new(limit.get() + BEYOND) else { return Ok(None) };
        let latest = self.turns.messages(&session.store, session.id, MessageRange::Latest, more).await?.items;
        self.cache.keep_recent(session.id, session.revision, Some(&latest), None).await;
        Ok(page(latest, range, limit))
    }
}

/// The page that these newest messages hold, if they hold all of it.
fn page(mut messages: Vec<Message>, range: MessageRange, limit: PageLimit) -> Option<Page<Message, u64>> {
    if let MessageRange::Before(end) = range {
        messages.retain(|message| message.sequence < end);
    }
    let from_the_beginning = messages.first().is_some_and(|first| first.sequence == 1);
    let nothing_before = matches!(range, MessageRange::Before(end) if end <= 1);
    if messages.len() < limit.get() && !from_the_beginning && !nothing_before {
        return None;
    }
    let items = messages.split_off(messages.len().saturating_sub(limit.get()));
    let next = items.first().map(|first| first.sequence).filter(|first| *first > 1);
    Some(Page { items, next })
}

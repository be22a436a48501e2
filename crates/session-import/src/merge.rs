//! Brings together the rows of one session, out of tables that are each ordered by session.

use std::collections::VecDeque;

use crate::ports::{CursorId, Query, Source, SourceRow};
use crate::{ImportError, Row};

/// Everything that has one key.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) key: Option<String>,
    pub(crate) sessions: Vec<Result<Row, String>>,
    pub(crate) messages: Vec<Result<Row, String>>,
    pub(crate) turns: Vec<Result<Row, String>>,
    pub(crate) feedback: Vec<Result<Row, String>>,
}

/// One table being read.
pub(crate) struct Feed {
    table: String,
    cursor: CursorId,
    buffer: VecDeque<SourceRow>,
    last: Option<String>,
    ended: bool,
}

impl Feed {
    pub(crate) async fn open(source: &mut dyn Source, query: &Query) -> Result<Self, ImportError> {
        let cursor = source.open(query).await.map_err(ImportError::Source)?;
        Ok(Self { table: query.table.clone(), cursor, buffer: VecDeque::new(), last: None, ended: false })
    }

    /// The key of the next row; `None` at the end.
    async fn peek(&mut self, source: &mut dyn Source) -> Result<Option<Option<String>>, ImportError> {
        if self.buffer.is_empty() && !self.ended {
            self.buffer = source.fetch(self.cursor).await.map_err(ImportError::Source)?.into();
            self.ended = self.buffer.is_empty();
        }
        Ok(self.buffer.front().map(|row| row.key.clone()))
    }

    /// All rows with a key, which is that of the next row or a smaller one.
    async fn take(
        &mut self,
        source: &mut dyn Source,
        key: Option<&String>,
    ) -> Result<Vec<Result<Row, String>>, ImportError> {
        let mut rows = Vec::new();
        while let Some(next) = self.peek(source).await? {
            if next < self.last {
                return Err(ImportError::Unsorted { table: self.table.clone() });
            }
            if next.as_ref() != key {
                break;
            }
            self.last = next;
            rows.extend(self.buffer.pop_front().map(|row| row.row));
        }
        Ok(rows)
    }
}

/// The tables of a source: what has no session of its own comes with an empty list of sessions.
pub(crate) struct Merge {
    pub(crate) sessions: Feed,
    pub(crate) messages: Option<Feed>,
    pub(crate) turns: Option<Feed>,
    pub(crate) feedback: Option<Feed>,
}

impl Merge {
    /// What has the smallest key that is left; rows without a key come first.
    pub(crate) async fn next(&mut self, source: &mut dyn Source) -> Result<Option<Group>, ImportError> {
        let mut smallest: Option<Option<String>> = None;
        let others = [&mut self.messages, &mut self.turns, &mut self.feedback];
        for feed in [&mut self.sessions].into_iter().chain(others.into_iter().flatten()) {
            let Some(key) = feed.peek(source).await? else { continue };
            smallest = Some(smallest.map_or_else(|| key.clone(), |least| least.min(key.clone())));
        }
        let Some(key) = smallest else { return Ok(None) };
        let wanted = key.as_ref();
        let sessions = self.sessions.take(source, wanted).await?;
        let messages = take(self.messages.as_mut(), source, wanted).await?;
        let turns = take(self.turns.as_mut(), source, wanted).await?;
        let feedback = take(self.feedback.as_mut(), source, wanted).await?;
        Ok(Some(Group { key, sessions, messages, turns, feedback }))
    }
}

async fn take(
    feed: Option<&mut Feed>,
    source: &mut dyn Source,
    key: Option<&String>,
) -> Result<Vec<Result<Row, String>>, ImportError> {
    match feed {
        Some(feed) => feed.take(source, key).await,
        None => Ok(Vec::new()),
    }
}

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use kernel::{MessageId, RepositoryError, SessionId};
use session_core::testing::{MemorySessions, WholeSession};

use crate::ports::{ImportLedger, ImportTarget, Removal, Standing};
use crate::{Conversation, Entry, Import, ImportId, SourceKind};

/// Imports into sessions in memory.
#[derive(Default)]
pub struct MemoryImports {
    sessions: Arc<MemorySessions>,
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    imports: BTreeMap<ImportId, Import>,
    entries: BTreeMap<SessionId, Entry>,
    traces: BTreeMap<SessionId, BTreeMap<MessageId, String>>,
}

impl MemoryImports {
    /// Imports into these.
    pub fn into_sessions(sessions: Arc<MemorySessions>) -> Self {
        Self { sessions, tables: Mutex::default() }
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn used_since(whole: &WholeSession, entry: &Entry) -> bool {
    whole.turns.len() as u64 > entry.turns || whole.feedback.len() as u64 > entry.feedback
}

#[async_trait]
impl ImportTarget for MemoryImports {
    async fn identity(&self) -> Result<String, RepositoryError> {
        Ok(format!("memory {:p}", Arc::as_ptr(&self.sessions)))
    }

    async fn standing(&self, session: SessionId) -> Result<Standing, RepositoryError> {
        let there = self.sessions.whole(session).is_some();
        Ok(match (self.tables().entries.get(&session).cloned(), there) {
            (Some(entry), true) => Standing::Imported(entry),
            (Some(entry), false) => Standing::Removed(entry),
            (None, true) => Standing::Taken,
            (None, false) => Standing::Free,
        })
    }

    async fn store(&self, conversation: &Conversation, entry: &Entry) -> Result<(), RepositoryError> {
        let mut tables = self.tables();
        if tables.entries.contains_key(&entry.session) {
            return Err(RepositoryError::Conflict);
        }
        let Conversation { session, turns, messages, traces, feedback } = conversation.clone();
        let id = session.id;
        self.sessions.put_whole(&WholeSession { session, turns, messages, feedback })?;
        tables.traces.insert(id, traces);
        tables.entries.insert(entry.session, entry.clone());
        Ok(())
    }

    async fn read(&self, session: SessionId) -> Result<Option<Conversation>, RepositoryError> {
        let traces = self.tables().traces.get(&session).cloned().unwrap_or_default();
        let whole = self.sessions.whole(session);
        Ok(whole.map(|WholeSession { session, turns, messages, feedback }| Conversation {
            session,
            turns,
            messages,
            traces,
            feedback,
        }))
    }

    async fn remove(&self, entry: &Entry, force: bool) -> Result<Removal, RepositoryError> {
        let mut tables = self.tables();
        let whole = self.sessions.whole(entry.session);
        if !force && whole.as_ref().is_some_and(|whole| used_since(whole, entry)) {
            return Ok(Removal::Used);
        }
        tables.entries.remove(&entry.session);
        tables.traces.remove(&entry.session);
        Ok(match self.sessions.remove_whole(entry.session) {
            Some(whole) => Removal::Removed { messages: whole.messages.len() as u64 },
            None => Removal::Gone,
        })
    }
}

#[async_trait]
impl ImportLedger for MemoryImports {
    async fn save(&self, import: &Import) -> Result<(), RepositoryError> {
        let mut tables = self.tables();
        let kept = tables.imports.entry(import.id).or_insert_with(|| import.clone());
        kept.state = import.state;
        kept.backup.clone_from(&import.backup);
        kept.report.clone_from(&import.report);
        kept.finished_at = import.finished_at;
        Ok(())
    }

    async fn find(&self, id: ImportId) -> Result<Option<Import>, RepositoryError> {
        Ok(self.tables().imports.get(&id).cloned())
    }

    async fn unfinished(&self, kind: SourceKind, origin: &str) -> Result<Option<Import>, RepositoryError> {
        let all = self.list().await?;
        let unfinished = |import: &Import| {
            import.state == crate::ImportState::Running && import.kind == kind && import.origin == origin
        };
        Ok(all.into_iter().find(unfinished))
    }

    async fn list(&self) -> Result<Vec<Import>, RepositoryError> {
        let mut all: Vec<Import> = self.tables().imports.values().cloned().collect();
        all.sort_by_key(|import| std::cmp::Reverse((import.started_at, import.id)));
        Ok(all)
    }

    async fn entries(
        &self,
        import: ImportId,
        after: Option<SessionId>,
        limit: u64,
    ) -> Result<Vec<Entry>, RepositoryError> {
        let tables = self.tables();
        let wanted = tables.entries.values().filter(|entry| entry.import == import);
        let wanted = wanted.filter(|entry| after.is_none_or(|after| entry.session > after));
        Ok(wanted.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }
}

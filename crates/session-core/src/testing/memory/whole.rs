//! Sessions stored and removed whole, as imports do.

use kernel::{RepositoryError, SessionId};

use super::MemorySessions;
use crate::model::{Feedback, Message, Session, Turn};

/// A session with all that is its own.
#[derive(Debug, Clone, PartialEq)]
pub struct WholeSession {
    /// The session.
    pub session: Session,
    /// Its turns, the oldest first.
    pub turns: Vec<Turn>,
    /// Its messages by sequence number.
    pub messages: Vec<Message>,
    /// What users think of its messages.
    pub feedback: Vec<Feedback>,
}

impl MemorySessions {
    /// Stores a session with all that is its own, or nothing of it.
    ///
    /// # Errors
    /// [`RepositoryError::Conflict`] when one of its ids is taken.
    pub fn put_whole(&self, whole: &WholeSession) -> Result<(), RepositoryError> {
        let mut tables = self.tables();
        let session = whole.session.id;
        let known = |message: &Message| tables.messages.values().any(|other| other.id == message.id);
        let taken = tables.sessions.contains_key(&session)
            || whole.turns.iter().any(|turn| tables.turns.contains_key(&turn.id))
            || whole.messages.iter().any(known);
        if taken {
            return Err(RepositoryError::Conflict);
        }
        tables.sessions.insert(session, whole.session.clone());
        tables.turns.extend(whole.turns.iter().map(|turn| (turn.id, turn.clone())));
        tables.messages.extend(whole.messages.iter().map(|message| ((session, message.sequence), message.clone())));
        let feedback = whole.feedback.iter().map(|said| ((said.message, said.user.clone()), said.clone()));
        tables.feedback.extend(feedback);
        Ok(())
    }

    /// A session of any store with all that is its own.
    pub fn whole(&self, id: SessionId) -> Option<WholeSession> {
        let tables = self.tables();
        let session = tables.sessions.get(&id)?.clone();
        let mut turns: Vec<Turn> = tables.turns.values().filter(|turn| turn.session == id).cloned().collect();
        turns.sort_by_key(|turn| turn.opened_at);
        let messages: Vec<Message> =
            tables.messages.values().filter(|message| message.session == id).cloned().collect();
        let of_session = |said: &&Feedback| messages.iter().any(|message| message.id == said.message);
        let feedback = tables.feedback.values().filter(of_session).cloned().collect();
        Some(WholeSession { session, turns, messages, feedback })
    }

    /// Removes a session of any store with all that is its own.
    pub fn remove_whole(&self, id: SessionId) -> Option<WholeSession> {
        let whole = self.whole(id)?;
        let mut tables = self.tables();
        tables.sessions.remove(&id);
        tables.turns.retain(|_, turn| turn.session != id);
        tables.messages.retain(|(session, _), _| *session != id);
        tables.feedback.retain(|(message, _), _| !whole.messages.iter().any(|gone| gone.id == *message));
        tables.remove_shares(id);
        Some(whole)
    }
}

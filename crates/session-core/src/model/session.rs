use std::time::Duration;

use kernel::{Clock, IdSource, SessionId, StoreId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::{Answer, BusinessMetadata, Message, NewTurn};
use crate::SessionError;

/// Where a session is in its life: active → ended or expired → deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// It can be talked in, until it expires.
    Active,
    /// Somebody ended it.
    Ended,
    /// Its time ran out.
    Expired,
    /// It is hidden, and will be removed for good.
    Deleted,
}

/// Who within the store may read a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrivacyLevel {
    /// Its user only.
    #[default]
    Private,
    /// The support team.
    Team,
    /// The whole store.
    Store,
}

/// What a new session is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSession {
    /// The store.
    pub store: StoreId,
    /// The user.
    pub user: UserId,
    /// A title, when the caller has one; otherwise the first question becomes it.
    pub title: Option<String>,
    /// Where it comes from: `web`, `api`, `terminal` …
    pub channel: String,
    /// Free metadata: a JSON object.
    pub metadata: serde_json::Value,
}

/// What to change of a session; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SessionChange {
    /// The title; `Some(None)` takes it away, so that the next question becomes it.
    pub title: Option<Option<String>>,
    /// The metadata, whole: a JSON object.
    pub metadata: Option<serde_json::Value>,
    /// Business fields, merged into those known.
    pub business: BusinessMetadata,
    /// Who may read it.
    pub privacy: Option<PrivacyLevel>,
}

/// Figures of a session's messages, deleted ones left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionStats {
    /// Messages.
    pub messages: u64,
    /// Tokens of all answers.
    pub total_tokens: u64,
    /// Answers whose time is known.
    pub timed_answers: u64,
    /// Milliseconds those took together.
    pub response_ms: u64,
}

impl SessionStats {
    /// Mean time to answer in milliseconds; `None` before the first answer.
    pub fn mean_response_ms(&self) -> Option<f64> {
        (self.timed_answers > 0).then(|| self.response_ms as f64 / self.timed_answers as f64)
    }

    /// Adds a message. A user's message has no tokens and no time.
    pub fn count(&mut self, message: &Message) {
        self.messages += 1;
        self.total_tokens += u64::from(message.usage.total_tokens);
        self.timed_answers += u64::from(message.response_time_ms.is_some());
        self.response_ms += u64::from(message.response_time_ms.unwrap_or_default());
    }
}

/// A conversation of one user with one store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The store: every look-up names it.
    pub store: StoreId,
    /// The user.
    pub user: UserId,
    /// Its title.
    pub title: Option<String>,
    /// Where it comes from.
    pub channel: String,
    /// Free metadata: a JSON object.
    pub metadata: serde_json::Value,
    /// What the business wants to know of it.
    pub business: BusinessMetadata,
    /// Who may read it.
    pub privacy: PrivacyLevel,
    /// The stored state; ask [`Session::state_at`] for the true one, since expiry needs no write.
    pub state: SessionState,
    /// Turns asked for.
    pub request_count: u64,
    /// Messages in it.
    pub message_count: u64,
    /// The last message's sequence number; 0 when there is none.
    pub last_sequence: u64,
    /// The agent of the last answer.
    pub last_agent: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_active_at: Timestamp,
    /// When it expires, unless it is used before.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Goes up with every write; an update against another revision is stale.
    pub revision: u64,
}

impl Session {
    /// The longest title, in characters.
    pub const MAX_TITLE_CHARS: usize = 200;
    /// How much of the first question becomes the title, in characters.
    const QUESTION_TITLE_CHARS: usize = 40;

    /// Begins a session that lives for `ttl` from now.
    pub fn begin(new: NewSession, clock: &dyn Clock, ids: &dyn IdSource, ttl: Duration) -> Self {
        let now = clock.now();
        Self {
            id: SessionId::generate(ids),
            store: new.store,
            user: new.user,
            title: new.title,
            channel: new.channel,
            metadata: new.metadata,
            business: BusinessMetadata::default(),
            privacy: PrivacyLevel::default(),
            state: SessionState::Active,
            request_count: 0,
            message_count: 0,
            last_sequence: 0,
            last_agent: None,
            created_at: now,
            last_active_at: now,
            expires_at: now.plus(ttl),
            ended_at: None,
            deleted_at: None,
            revision: 0,
        }
    }

    /// The state at a moment: an active session whose time is over is expired, written or not.
    pub fn state_at(&self, now: Timestamp) -> SessionState {
        if self.state == SessionState::Active && self.expires_at <= now { SessionState::Expired } else { self.state }
    }

    /// Refuses a session that cannot be talked in.
    ///
    /// # Errors
    /// [`SessionError::Expired`], [`SessionError::Ended`], or [`SessionError::NotFound`] when it is deleted.
    pub fn require_live(&self, now: Timestamp) -> Result<(), SessionError> {
        match self.state_at(now) {
            SessionState::Active => Ok(()),
            SessionState::Ended => Err(SessionError::Ended),
            SessionState::Expired => Err(SessionError::Expired),
            SessionState::Deleted => Err(SessionError::NotFound),
        }
    }

    /// What using a session does to it: it is counted and lives on.
    pub fn touch(&mut self, now: Timestamp, expires_at: Timestamp) {
        self.request_count += 1;
        self.last_active_at = self.last_active_at.max(now);
        self.expires_at = self.expires_at.max(expires_at);
        self.revision += 1;
    }

    /// What opening a turn does to its session: a new question takes the next sequence number.
    pub fn take_question(&mut self, turn: &NewTurn) {
        self.request_count += 1;
        if turn.again.is_none() {
            self.message_count += 1;
            self.last_sequence += 1;
        }
        self.title.get_or_insert_with(|| turn.title.clone());
        self.business = self.business.merged(&turn.business);
        self.last_active_at = self.last_active_at.max(turn.opened_at);
        self.expires_at = self.expires_at.max(turn.expires_at);
        self.revision += 1;
    }

    /// What closing a turn with an answer does to its session: the answer takes the next sequence number.
    pub fn take_answer(&mut self, answer: &Answer, at: Timestamp) {
        self.message_count += 1;
        self.last_sequence += 1;
        self.last_agent.clone_from(&answer.agent);
        self.last_active_at = self.last_active_at.max(at);
        self.revision += 1;
    }

    /// Refuses a title that is blank, too long or has control characters.
    ///
    /// # Errors
    /// [`SessionError::InvalidTitle`].
    pub fn check_title(title: &str) -> Result<(), SessionError> {
        let fits = !title.trim().is_empty() && title.chars().count() <= Self::MAX_TITLE_CHARS;
        if fits && !title.chars().any(char::is_control) { Ok(()) } else { Err(SessionError::InvalidTitle) }
    }

    /// Applies a change.
    ///
    /// # Errors
    /// [`SessionError::InvalidTitle`], [`SessionError::InvalidBusiness`]; nothing is changed then.
    pub fn apply(&mut self, change: &SessionChange) -> Result<(), SessionError> {
        if let Some(Some(title)) = &change.title {
            Self::check_title(title)?;
        }
        change.business.validate()?;
        let business = self.business.merged(&change.business);
        business.validate()?;
        self.business = business;
        if let Some(title) = &change.title {
            self.title.clone_from(title);
        }
        if let Some(metadata) = &change.metadata {
            self.metadata.clone_from(metadata);
        }
        self.privacy = change.privacy.unwrap_or(self.privacy);
        Ok(())
    }

    /// A title made from a question: its first line, cut at a word where that is possible.
    pub fn title_from(question: &str) -> String {
        let line = question.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        if line.chars().count() <= Self::QUESTION_TITLE_CHARS {
            return line.to_owned();
        }
        let cut: String = line.chars().take(Self::QUESTION_TITLE_CHARS).collect();
        let whole_words = cut.rsplit_once(char::is_whitespace).map_or(cut.as_str(), |(head, _)| head);
        format!("{}…", whole_words.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::{ManualClock, SequentialIds};

    use super::*;

    fn session(clock: &ManualClock) -> Session {
        let new = NewSession {
            store: StoreId::new("demo").unwrap(),
            user: UserId::new("kim").unwrap(),
            title: None,
            channel: "web".into(),
            metadata: serde_json::json!({}),
        };
        Session::begin(new, clock, &SequentialIds::default(), Duration::from_hours(1))
    }

    #[test]
    fn a_session_expires_at_the_very_end_of_its_time() {
        let clock = ManualClock::new();
        let session = session(&clock);
        clock.advance(Duration::from_hours(1) - Duration::from_micros(1));
        assert!(session.require_live(clock.now()).is_ok());
        clock.advance(Duration::from_micros(1));
        assert!(matches!(session.require_live(clock.now()), Err(SessionError::Expired)));
    }

    #[test]
    fn an_ended_session_stays_ended_after_its_time() {
        let clock = ManualClock::new();
        let mut session = session(&clock);
        session.state = SessionState::Ended;
        clock.advance(Duration::from_hours(2));
        assert!(matches!(session.require_live(clock.now()), Err(SessionError::Ended)));
    }

    #[test]
    fn a_long_question_becomes_a_title_of_whole_words() {
        assert_eq!(Session::title_from("\n  배송비 얼마예요?  \n자세히"), "배송비 얼마예요?");
        let title = Session::title_from(&"제주도 배송은 ".repeat(10));
        assert!(title.ends_with("배송은…") || title.ends_with("제주도…"), "{title}");
        assert!(title.chars().count() <= 41);
        assert_eq!(Session::title_from(&"가".repeat(100)).chars().count(), 41);
    }
}

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Conversation, Entry, Import, Verification};

/// What had to be put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Repair {
    /// A time without a zone was taken as UTC.
    NaiveTime,
    /// A time that is missing or unreadable was taken from its neighbours.
    Time,
    /// A user that is missing became an anonymous one; an unusable name was cut.
    User,
    /// A store that is missing or unusable became the one that was told.
    Store,
    /// A role by another name.
    Role,
    /// Sequence numbers that were missing, double or gappy were given anew.
    Sequence,
    /// Metadata that is no JSON object was kept as text.
    Metadata,
    /// A value that is not what its column means was kept as it was, in the metadata.
    Value,
    /// A title that is too long, or has control characters, was cut.
    Title,
    /// NUL characters were taken out.
    Nul,
    /// Text that is not UTF-8 was replaced where it is not.
    Encoding,
    /// A message whose id another one has got an id of its own.
    MessageId,
    /// A message it answers is not there.
    Parent,
    /// Turns that do not fit the messages were made anew.
    Turns,
    /// A turn that was open was closed as interrupted.
    OpenTurn,
    /// A message that was deleted at the source was left out.
    DeletedMessage,
}

impl Repair {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NaiveTime => "times without a zone, taken as UTC",
            Self::Time => "times missing or unreadable, taken from their neighbours",
            Self::User => "users missing or unusable, made anonymous or cut",
            Self::Store => "stores missing or unusable, replaced by the one given",
            Self::Role => "roles by other names, translated",
            Self::Sequence => "sessions with missing, double or gappy numbers, numbered anew",
            Self::Metadata => "metadata that is no JSON, kept as text",
            Self::Value => "values that their column cannot hold, kept in the metadata",
            Self::Title => "titles too long or with control characters, cut",
            Self::Nul => "texts with NUL characters, taken out",
            Self::Encoding => "rows that are not UTF-8, replaced where they are not",
            Self::MessageId => "double message ids, given anew",
            Self::Parent => "links to messages that are not there, dropped",
            Self::Turns => "sessions whose turns do not fit, paired anew",
            Self::OpenTurn => "open turns, closed as interrupted",
            Self::DeletedMessage => "messages deleted at the source, left out",
        }
    }
}

/// Why something was not brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SkipReason {
    /// Its row cannot be read.
    Unreadable,
    /// It has no id.
    NoId,
    /// Another row has the same id.
    DoubleId,
    /// Its session is not in the source.
    NoSession,
    /// It has no content.
    NoContent,
    /// A verdict that is none, or on a message that is not there.
    NoVerdict,
    /// Something here has its id already.
    IdTaken,
    /// It was imported before and is another one at the source now.
    ChangedSince,
    /// It was imported before and has been removed here.
    RemovedHere,
}

impl SkipReason {
    /// For people.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unreadable => "its row cannot be read",
            Self::NoId => "it has no id",
            Self::DoubleId => "another row has its id",
            Self::NoSession => "its session is not in the source",
            Self::NoContent => "it has no content",
            Self::NoVerdict => "it is no verdict on a message that was imported",
            Self::IdTaken => "something here has its id, and another content",
            Self::ChangedSince => "it was imported before and has changed at the source since",
            Self::RemovedHere => "it was imported before and has been removed here",
        }
    }
}

/// Something that was not brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// `session`, `message`, `turn` or `feedback`.
    pub what: &'static str,
    /// Its id in the source, when it has one.
    pub id: Option<String>,
    /// The session's id in the source, when that is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Why.
    pub reason: SkipReason,
    /// How many messages stay behind with a whole session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What was repaired and skipped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Notes {
    /// How often what was put right.
    pub repairs: BTreeMap<Repair, u64>,
    /// Everything that was not brought.
    pub skipped: Vec<Skipped>,
}

impl Notes {
    /// Counts a repair.
    pub(crate) fn repaired(&mut self, repair: Repair) {
        *self.repairs.entry(repair).or_default() += 1;
    }

    /// How often a repair was made.
    pub fn times(&self, repair: Repair) -> u64 {
        self.repairs.get(&repair).copied().unwrap_or_default()
    }

    /// Names something that is not brought.
    pub(crate) fn skip(&mut self, what: &'static str, id: Option<String>, session: Option<&str>, reason: SkipReason) {
        let session = session.map(str::to_owned);
        self.skipped.push(Skipped { what, id, session, reason, messages: None, detail: None });
    }

    /// Names a whole conversation that is not brought.
    pub(crate) fn skip_all(&mut self, conversation: &Conversation, entry: &Entry, reason: SkipReason) {
        self.skip("session", Some(entry.source_id.clone()), None, reason);
        if let Some(last) = self.skipped.last_mut() {
            last.messages = Some(conversation.messages.len() as u64);
        }
    }

    /// How many rows of a kind were skipped on their own, not with a whole conversation.
    pub(crate) fn single(&self, what: &str) -> u64 {
        self.skipped.iter().filter(|skipped| skipped.what == what && skipped.messages.is_none()).count() as u64
    }
}

/// What became of rows of one kind. `read` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Rows of the source.
    pub read: u64,
    /// Brought by this import, in this run or one that was killed.
    pub imported: u64,
    /// There already, just the same.
    pub present: u64,
    /// Not brought, each with its reason.
    pub skipped: u64,
}

/// What an import brought, or would bring.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The import; of a dry run, one that is written down nowhere.
    #[serde(flatten)]
    pub import: Import,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Whether it went on with an import that was killed.
    pub resumed: bool,
    /// Sessions.
    pub sessions: Tally,
    /// Messages.
    pub messages: Tally,
    /// Turns that were made for them.
    pub turns: u64,
    /// Verdicts on messages.
    pub feedback: Tally,
    /// What was repaired and skipped.
    #[serde(flatten)]
    pub notes: Notes,
    /// What the comparison after the copy found; none in a dry run.
    pub verification: Option<Verification>,
}

/// What is remembered of an import: figures, and no ids.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Summary<'a> {
    sessions: Tally,
    messages: Tally,
    turns: u64,
    feedback: Tally,
    repairs: &'a BTreeMap<Repair, u64>,
    skipped: BTreeMap<SkipReason, u64>,
    differences: usize,
}

impl Report {
    /// The figures of the report.
    pub(crate) fn summary(&self) -> Summary<'_> {
        let mut skipped = BTreeMap::new();
        for found in &self.notes.skipped {
            *skipped.entry(found.reason).or_default() += 1;
        }
        Summary {
            sessions: self.sessions,
            messages: self.messages,
            turns: self.turns,
            feedback: self.feedback,
            repairs: &self.notes.repairs,
            skipped,
            differences: self.verification.as_ref().map_or(0, |found| found.differences.len()),
        }
    }

    /// Whether everything of the source is here now, just as it was meant.
    pub fn is_whole(&self) -> bool {
        self.notes.skipped.is_empty() && self.verification.as_ref().is_none_or(|found| found.differences.is_empty())
    }
}

//! Every key that is used in Redis, in one place.

use kernel::{SessionId, TurnId};

/// Names keys; all begin with the same prefix, so that several installations can share a server.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
}

impl Keys {
    pub(crate) fn new(prefix: String) -> Self {
        Self { prefix }
    }

    /// What is remembered was written since this changed last.
    pub(crate) fn epoch(&self) -> String {
        format!("{}epoch", self.prefix)
    }

    /// A session: a hash.
    pub(crate) fn session(&self, id: SessionId) -> String {
        format!("{}session:{id}", self.prefix)
    }

    /// What was said last in a session: a list of messages, the newest last.
    pub(crate) fn chat(&self, id: SessionId) -> String {
        format!("{}chat:{id}", self.prefix)
    }

    /// The events of a turn: a stream. Also the channel on which its readers are told of news.
    pub(crate) fn stream(&self, turn: TurnId) -> String {
        format!("{}stream:{turn}", self.prefix)
    }
}

//! What can go wrong behind a storage port, classified by what the caller should do.

use std::error::Error as StdError;

type Cause = Box<dyn StdError + Send + Sync>;

/// An error of a storage port. `Display` never repeats its source: log the whole chain at the edge.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The record exists already, or a unique rule would be broken. Do not retry unchanged.
    #[error("the record conflicts with one that exists")]
    Conflict,
    /// The record was changed since it was read. Read again, decide again.
    #[error("the record was changed meanwhile")]
    Stale,
    /// The storage cannot be reached or is too busy. Retrying later may help.
    #[error("the storage is unavailable")]
    Unavailable(#[source] Cause),
    /// What is stored cannot be understood: a bug, or a foreign hand.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// The storage refused for another reason.
    #[error("the storage failed")]
    Backend(#[source] Cause),
}

/// An error with all its causes in one line, for the log: `cause of the cause` comes last.
pub fn error_chain(error: &(dyn StdError + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

impl RepositoryError {
    /// Wraps a driver's error that says the storage is out of reach.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable(cause.into())
    }

    /// Wraps a driver's error of any other kind.
    pub fn backend(cause: impl Into<Cause>) -> Self {
        Self::Backend(cause.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_every_cause_once() {
        let error = RepositoryError::unavailable("connection refused");
        assert_eq!(error_chain(&error), "the storage is unavailable: connection refused");
    }
}

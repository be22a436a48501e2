use kernel::{MessageId, Timestamp, UserId};

/// A customer's verdict on an answer, in one of two scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Thumb up.
    Up,
    /// Thumb down.
    Down,
    /// 1 (bad) to 5 (good).
    Rating(u8),
}

/// Feedback that cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFeedback {
    /// A rating outside 1 to 5.
    #[error("a rating is 1 to 5")]
    Rating,
    /// A comment over [`Feedback::MAX_COMMENT_CHARS`].
    #[error("a comment has at most 2000 characters")]
    Comment,
}

/// Feedback on one message by one user; a later one replaces an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The answer it is about.
    pub message: MessageId,
    /// Who gave it; `None` when the caller did not say.
    pub user: Option<UserId>,
    /// The verdict.
    pub verdict: Verdict,
    /// In the customer's own words.
    pub comment: Option<String>,
    /// When it was last given.
    pub given_at: Timestamp,
}

impl Feedback {
    /// The longest comment, in characters.
    pub const MAX_COMMENT_CHARS: usize = 2000;

    /// Checks rating and comment.
    pub fn validate(&self) -> Result<(), InvalidFeedback> {
        if matches!(self.verdict, Verdict::Rating(rating) if !(1..=5).contains(&rating)) {
            return Err(InvalidFeedback::Rating);
        }
        let comment = self.comment.as_deref().unwrap_or_default();
        if comment.chars().count() > Self::MAX_COMMENT_CHARS { Err(InvalidFeedback::Comment) } else { Ok(()) }
    }
}

impl Verdict {
    /// As (scale, value) for storage: thumbs are 1 and 0.
    pub const fn to_parts(self) -> (&'static str, i16) {
        match self {
            Self::Up => ("thumbs", 1),
            Self::Down => ("thumbs", 0),
            Self::Rating(rating) => ("rating", rating as i16),
        }
    }

    /// Back from storage; `None` when the parts are not a verdict.
    pub fn from_parts(scale: &str, value: i16) -> Option<Self> {
        match (scale, value) {
            ("thumbs", 1) => Some(Self::Up),
            ("thumbs", 0) => Some(Self::Down),
            ("rating", 1..=5) => u8::try_from(value).ok().map(Self::Rating),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_survives_storage_and_nonsense_does_not() {
        for verdict in [Verdict::Up, Verdict::Down, Verdict::Rating(1), Verdict::Rating(5)] {
            let (scale, value) = verdict.to_parts();
            assert_eq!(Verdict::from_parts(scale, value), Some(verdict));
        }
        assert_eq!(Verdict::from_parts("rating", 6), None);
        assert_eq!(Verdict::from_parts("stars", 3), None);
    }
}

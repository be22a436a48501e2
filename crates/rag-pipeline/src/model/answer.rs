//! What a model is asked, and what it answers.

use std::time::Duration;

use super::{Concept, TermWeight};

/// A passage the answer may draw on and cite by its number.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// The number of its marker: `[1]` is 1.
    pub number: u32,
    /// The document's title.
    pub title: String,
    /// The headings above the text.
    pub heading_path: Vec<String>,
    /// The text. It is data: nothing in it is an instruction.
    pub text: String,
    /// The fused retrieval score, 0 to 1.
    pub score: f32,
}

/// One earlier exchange, oldest first in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastTurn {
    /// What the customer asked.
    pub question: String,
    /// What was answered; empty when nothing was.
    pub answer: String,
}

/// A question with everything needed to answer it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ChatRequest {
    /// The store's instructions for its assistant.
    pub instructions: String,
    /// The conversation so far.
    pub history: Vec<PastTurn>,
    /// What the customer wrote.
    pub question: String,
    /// The question made to stand alone; equal to `question` when it already did.
    pub standalone: String,
    /// The passages found, best first; empty when nothing relevant was found.
    pub passages: Vec<Passage>,
    /// The standalone question's terms and their weights.
    pub terms: Vec<TermWeight>,
    /// What the standalone question is about: its content words with spellings, synonyms and weights.
    pub concepts: Vec<Concept>,
}

/// Tokens as the model counted them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TokenUsage {
    /// Tokens of the prompt, cached ones included.
    pub prompt: u32,
    /// Tokens of the answer.
    pub completion: u32,
    /// Whether the numbers are an estimate of ours rather than the provider's count.
    pub estimated: bool,
}

impl TokenUsage {
    /// Prompt and completion together.
    pub const fn total(self) -> u32 {
        self.prompt.saturating_add(self.completion)
    }
}

/// Why the model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// It had said everything.
    Stop,
    /// It reached its limit of tokens.
    Length,
    /// It found nothing to answer from and said so.
    NoGrounding,
}

/// A step of a streamed answer. A stream ends with exactly one `Finished`, or with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerDelta {
    /// More text.
    Text(String),
    /// The end.
    Finished {
        /// What it used.
        usage: TokenUsage,
        /// Why it ended.
        reason: FinishReason,
    },
}

/// A model's error, by what the caller should do.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Try again, not sooner than told.
    #[error("the model is unavailable for now: {message}")]
    Transient {
        /// What happened, without secrets.
        message: String,
        /// How long the provider asked to wait.
        retry_after: Option<Duration>,
    },
    /// Do not try again: a wrong key, an unknown model.
    #[error("the model cannot be used: {0}")]
    Permanent(String),
    /// Shorten the context, then try once more.
    #[error("the context is too long for the model")]
    ContextTooLong,
    /// The provider refused to answer this.
    #[error("the model refused: {0}")]
    Refused(String),
}

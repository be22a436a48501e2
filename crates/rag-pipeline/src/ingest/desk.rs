//! Where an ingestion tells how far it is, and lays down what it has done so far.

use async_trait::async_trait;
use kernel::RepositoryError;

use crate::model::{Claim, TaskProgress};

/// What is done to a document, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Its bytes are got.
    Fetch,
    /// Text is made of them.
    Read,
    /// The text of scans is recognised, page by page.
    Ocr,
    /// The text is cleaned and cut.
    Chunk,
    /// The chunks are embedded, batch by batch.
    Embed,
    /// Chunks, terms and vectors are stored.
    Index,
}

impl Stage {
    /// Its name, as tasks tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Read => "read",
            Self::Ocr => "ocr",
            Self::Chunk => "chunk",
            Self::Embed => "embed",
            Self::Index => "index",
        }
    }

    /// The percentage at which it begins. Scans and embedding by a service take the most time by far.
    const fn begins_at(self) -> u32 {
        match self {
            Self::Fetch => 0,
            Self::Read => 5,
            Self::Ocr => 15,
            Self::Chunk => 60,
            Self::Embed => 65,
            Self::Index => 95,
        }
    }

    const fn ends_at(self) -> u32 {
        match self {
            Self::Fetch => Self::Read.begins_at(),
            Self::Read => Self::Ocr.begins_at(),
            Self::Ocr => Self::Chunk.begins_at(),
            Self::Chunk => Self::Embed.begins_at(),
            Self::Embed => Self::Index.begins_at(),
            Self::Index => 99,
        }
    }

    /// How far a task is when `done` of `of` parts of this stage are done.
    pub fn progress(self, done: u32, of: u32) -> TaskProgress {
        let span = self.ends_at() - self.begins_at();
        let percent = self.begins_at() + span * done.min(of) / of.max(1);
        TaskProgress { percent: percent as u8, stage: self.name().to_owned() }
    }
}

/// What a desk keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The recognised text of a page; numbered by it.
    Page,
    /// The vectors of a batch of chunks.
    Batch,
}

impl Part {
    /// The name that the part is kept under.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Batch => "batch",
        }
    }
}

/// Where one ingestion tells how far it is, and lays down what it has done so far.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Tells how far it is. What cannot be told is no reason to stop.
    async fn progress(&self, stage: Stage, done: u32, of: u32);

    /// What an earlier attempt laid down.
    async fn kept(&self, part: Part, number: u32) -> Result<Option<Vec<u8>>, RepositoryError>;

    /// Lays something down for a later attempt.
    async fn keep(&self, part: Part, number: u32, bytes: &[u8]) -> Result<(), RepositoryError>;

    /// The hold on the task that is completed with the document; `None` when there is no task.
    fn claim(&self) -> Option<&Claim>;
}

/// No desk: nothing is told or kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDesk;

#[async_trait]
impl Desk for NoDesk {
    async fn progress(&self, _: Stage, _: u32, _: u32) {}

    async fn kept(&self, _: Part, _: u32) -> Result<Option<Vec<u8>>, RepositoryError> {
        Ok(None)
    }

    async fn keep(&self, _: Part, _: u32, _: &[u8]) -> Result<(), RepositoryError> {
        Ok(())
    }

    fn claim(&self) -> Option<&Claim> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_rises_from_stage_to_stage_and_ends_below_a_hundred() {
        let stages = [Stage::Fetch, Stage::Read, Stage::Ocr, Stage::Chunk, Stage::Embed, Stage::Index];
        let told: Vec<u8> = stages.iter().flat_map(|s| [0, 1, 2].map(|done| s.progress(done, 2).percent)).collect();
        assert!(told.is_sorted(), "{told:?}");
        assert_eq!((told[0], told.last()), (0, Some(&99)));
        assert_eq!(Stage::Ocr.progress(7, 0).percent, 15);
    }
}

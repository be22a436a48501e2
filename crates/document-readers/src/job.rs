//! One document being read: its name for errors, its limits, and how much of them is used.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rag_pipeline::model::{RawDocument, ReadError};

use crate::Limits;

/// What every step of reading one document has at hand.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) raw: &'a RawDocument,
    pub(crate) limits: Limits,
    started: Instant,
    cells: Cell<u64>,
    unpacked: Cell<u64>,
}

impl<'a> Job<'a> {
    /// Begins; refuses a file that is too large or empty.
    pub(crate) fn begin(raw: &'a RawDocument, limits: Limits) -> Result<Self, ReadError> {
        let job = Self { raw, limits, started: Instant::now(), cells: Cell::new(0), unpacked: Cell::new(0) };
        if raw.bytes.len() as u64 > limits.bytes {
            return Err(job.too_large("bytes", limits.bytes));
        }
        if raw.bytes.is_empty() {
            return Err(job.empty());
        }
        Ok(job)
    }

    pub(crate) fn name(&self) -> String {
        self.raw.name.clone()
    }

    /// Counts cells of tables.
    pub(crate) fn take_cells(&self, more: u64) -> Result<(), ReadError> {
        take(&self.cells, more, self.limits.cells).map_err(|()| self.too_large("cells", self.limits.cells))?;
        self.check_time()
    }

    /// Counts bytes that were unpacked.
    pub(crate) fn take_unpacked(&self, more: u64) -> Result<(), ReadError> {
        let limit = self.limits.unpacked_bytes;
        take(&self.unpacked, more, limit).map_err(|()| self.too_large("unpacked bytes", limit))?;
        self.check_time()
    }

    /// How many bytes may still be unpacked.
    pub(crate) fn unpacked_left(&self) -> u64 {
        self.limits.unpacked_bytes.saturating_sub(self.unpacked.get())
    }

    /// How much of its time is left.
    pub(crate) fn time_left(&self) -> Duration {
        self.limits.time().saturating_sub(self.started.elapsed())
    }

    /// Refuses to go on when the time is over.
    pub(crate) fn check_time(&self) -> Result<(), ReadError> {
        if self.time_left().is_zero() { Err(self.timed_out()) } else { Ok(()) }
    }

    pub(crate) fn timed_out(&self) -> ReadError {
        ReadError::TimedOut { name: self.name(), seconds: self.limits.seconds }
    }

    pub(crate) fn too_large(&self, what: &str, limit: u64) -> ReadError {
        ReadError::TooLarge { name: self.name(), what: what.to_owned(), limit }
    }

    pub(crate) fn unreadable(&self, reason: impl Into<String>) -> ReadError {
        ReadError::Unreadable { name: self.name(), reason: reason.into() }
    }

    pub(crate) fn not_here(&self, reason: impl Into<String>) -> ReadError {
        ReadError::NotHere { name: self.name(), reason: reason.into() }
    }

    pub(crate) fn unsupported(&self) -> ReadError {
        ReadError::Unsupported { name: self.name() }
    }

    pub(crate) fn encrypted(&self) -> ReadError {
        ReadError::Encrypted { name: self.name() }
    }

    pub(crate) fn empty(&self) -> ReadError {
        ReadError::Empty { name: self.name() }
    }
}

fn take(used: &Cell<u64>, more: u64, limit: u64) -> Result<(), ()> {
    used.set(used.get().saturating_add(more));
    if used.get() > limit { Err(()) } else { Ok(()) }
}

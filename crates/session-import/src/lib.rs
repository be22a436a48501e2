//! Conversations of other systems: read, repaired, copied, verified, and taken back.
//!
//! A [`ports::Source`] gives rows, whatever they look like. Pure functions make
//! sessions, turns and messages of them; what it had to repair is counted, and what it cannot use is named,
//! so that nothing is lost in silence. [`Importer`] copies one conversation after the other into a
//! [`ports::ImportTarget`], compares what arrived with what was meant, and can take an import back.
//! The same source always makes the same ids, so that an import which was killed is simply begun again.

mod conversation;
mod digest;
mod error;
mod import;
mod importer;
#[cfg(test)]
mod importer_tests;
mod kind;
mod mapping;
mod merge;
mod nowhere;
pub mod ports;
mod report;
mod rollback;
mod row;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod timestamps;
mod verification;

pub use conversation::Conversation;
pub use digest::{Digests, digests};
pub use error::ImportError;
pub use import::{Entry, Import, ImportId, ImportState};
pub use importer::{Importer, Job, Plan};
pub use kind::{SourceKind, UnknownKind};
pub use nowhere::Nowhere;
pub use report::{Notes, Repair, Report, SkipReason, Skipped, Tally};
pub use rollback::RollbackReport;
pub use row::Row;
pub use verification::{Difference, Verification};

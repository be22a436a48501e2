//! What both databases are tested with: the calls that every question makes, among very many rows.
//!
//! ```text
//! let mut watch = Watch::over(&storage.sessions()).await;
//! crowd::fill(&storage.sessions()).await;
//! hot::every_call(&mut watch, 1).await;
//! watch.finish();
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)] // assertions

pub mod advisor;
pub mod crowd;
pub mod hot;
mod live_streams;
pub mod search;
mod user_contexts;
mod watch;

pub use live_streams::slots_among_many;
pub use watch::{Sent, Watch};

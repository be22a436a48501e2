//! What every storage of documents must do: run all of it with
//! [`document_contract!`](crate::document_contract). What vector stores must do is in [`vectors`].
//!
//! Each case takes the ports of one empty storage and panics when the contract is broken.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)] // a suite of tests that lives outside `tests/`

mod life;
mod repository;
mod samples;
mod search;
mod tasks;
pub mod vectors;

pub use life::*;
pub use repository::*;
pub use search::*;
pub use tasks::*;

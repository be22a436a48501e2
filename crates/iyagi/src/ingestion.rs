//! What is to be taken in, and telling how it goes.

mod paths;
mod run;

pub(crate) use paths::{Found, find, read_all, watched};
pub(crate) use run::{Tally, ingest_all, ingest_files};

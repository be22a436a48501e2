//! What becomes of a question, from being asked to being kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)] // tests

mod flaky;
mod keeping;
mod limits;
mod stopping;
mod support;
mod turns;

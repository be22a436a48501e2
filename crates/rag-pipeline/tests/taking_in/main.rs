//! Documents taken in by tasks: what is done once, what again, and what is left behind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod attempts;
mod embedding_anew;
mod shop;

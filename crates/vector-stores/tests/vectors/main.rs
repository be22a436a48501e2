//! Qdrant, Pinecone and Chroma: their contract, their faults, and what is particular to one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod contract;
mod faults;
mod peculiarities;
mod support;

//! A navigable graph of the rows (HNSW): who is near whom, on levels of which each has fewer rows.
//!
//! It holds links only. The vectors are the rows', so that a graph costs 150 bytes a row and scores are exact.

mod grow;
mod links;
mod walk;

pub(crate) use links::{Links, TOP};
pub(crate) use walk::{Ground, Notes};

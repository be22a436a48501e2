//! Sources against servers of this machine.
#![allow(clippy::unwrap_used)] // helpers of tests

mod folders;
mod http;
mod limits;
mod notion;
mod refusals;
mod robots;
mod s3;
mod schemes;
mod sites;
mod support;
mod tls;

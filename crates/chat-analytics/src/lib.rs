//! Facts about conversations.
//!
//! [`advisor`] tells when adding Redis would pay: it holds measured figures against thresholds and says
//! which of them are passed. The crate does no I/O: what storage knows and what the machine tells come
//! through ports, time is injected. The feature `testing` brings fakes and the contract suite.

pub mod advisor;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

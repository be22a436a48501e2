//! Sessions, messages and turns: their life cycle, their order, the context a model sees, and the
//! live stream of an answer.
//!
//! A **session** is a conversation of one user with one store. A **turn** is one question and its
//! answer: it is opened in one transaction (from then on nothing the user said can be lost), answered,
//! and closed in one transaction. The crate does no I/O: storage is behind [`ports`], time and ids are
//! injected. The feature `testing` brings in-memory fakes, mocks and the contract suites.

pub mod context;
mod error;
mod maintenance;
pub mod model;
pub mod ports;
mod service;
mod share;
pub mod stream;

pub use error::SessionError;
pub use maintenance::{Maintenance, MaintenanceReport, MaintenanceSettings};
pub use service::{Resolved, SessionLifetimes, SessionService, Validated};
pub use share::{OpenedShare, ShareError, ShareService, Shared};

#[cfg(any(test, feature = "testing"))]
pub mod testing;

//! Sessions, messages and turns: their life cycle, their order, the context a model sees, and the
//! live stream of an answer.
//!
//! A **session** is a conversation of one user with one store. A **turn** is one question and its
//! answer: it is opened in one transaction (from then on nothing the user said can be lost), answered,
//! and closed in one transaction. The crate does no I/O: storage is behind [`ports`], time and ids are
//! injected. The feature `testing` brings in-memory fakes, mocks and the contract suites.
//!
//! Embedding it takes a storage (`storage-sqlite`, `storage-postgres`, or your own behind the ports) and no
//! web framework. `examples/embedded` is a whole service in under a hundred lines, `examples/with-fakes`
//! shows how code on these ports is tested.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use kernel::{StoreId, SystemClock, UserId, UuidV7Source};
//! use session_core::{SessionError, SessionService, model::{NewSession, Session}, ports::SessionRepository};
//!
//! async fn greet(storage: Arc<dyn SessionRepository>, user: UserId) -> Result<Session, SessionError> {
//!     let day = Duration::from_hours(24);
//!     let sessions = SessionService::new(storage, Arc::new(SystemClock), Arc::new(UuidV7Source), day);
//!     let store = StoreId::new("shop").expect("a valid id");
//!     let new = NewSession { store, user, title: None, channel: "app".into(), metadata: Default::default() };
//!     Ok(sessions.live_or_new(new).await?.session)
//! }
//! ```

pub mod cache;
pub mod context;
mod error;
mod maintenance;
pub mod measured;
pub mod model;
pub mod ports;
pub mod search;
mod service;
mod share;
mod signals;
pub mod stream;
mod user_context;

pub use error::SessionError;
pub use maintenance::{Maintenance, MaintenanceReport, MaintenanceSettings};
pub use service::{Resolved, SessionLifetimes, SessionService, Validated};
pub use share::{OpenedShare, ShareError, ShareService, Shared};
pub use signals::LocalSignals;
pub use user_context::{UserContextError, UserContextService};

#[cfg(any(test, feature = "testing"))]
pub mod testing;

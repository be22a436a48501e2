//! The words every room of Iyagi shares: typed ids, the injected clock and id source, paging,
//! repository errors and money. It does no I/O beyond the adapters [`SystemClock`], [`UuidV7Source`] and
//! [`OsSecrets`], which exist so that nothing else has to read the ambient clock or randomness.

mod clock;
mod error;
mod id;
mod money;
mod page;
mod secret;
mod timestamp;

pub use clock::{Clock, SystemClock};
pub use error::{RepositoryError, error_chain};
pub use id::{
    ChunkId, DocumentId, IdSource, InvalidId, MessageId, SessionId, ShareId, StoreId, TaskId, TurnId, UserId,
    UuidV7Source,
};
pub use money::Money;
pub use page::{Page, PageLimit};
pub use secret::{OsSecrets, SecretError, SecretSource};
pub use timestamp::Timestamp;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

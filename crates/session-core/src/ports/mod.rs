//! What sessions need from storage and from the live stream. Each port's documentation is its
//! contract; `testing::contract` checks it for every adapter.

mod cache;
mod feedback;
mod fleet;
mod maintenance;
mod search;
mod sessions;
mod share;
mod signals;
mod spool;
mod stream_log;
mod stream_slots;
mod turns;
mod user_context;

pub use cache::{
    CacheTicket, Found, RECENT_MESSAGES, Recalled, RecalledContext, Recent, SessionCache, UserContextCache, Written,
};
pub use feedback::FeedbackRepository;
pub use fleet::{FleetSignal, FleetSignals, Telling};
pub use maintenance::{Purged, SessionMaintenance};
pub use search::{ConversationQuery, ConversationSearch, SearchCursor, SearchHit};
pub use sessions::{SessionCursor, SessionFilter, SessionRepository};
pub use share::ShareRepository;
pub use signals::{TurnSignal, TurnSignals};
pub use spool::{SpoolError, SpooledTurns, TurnSpool};
pub use stream_log::{Glance, StreamBatch, StreamLogError, TurnStreamLog};
pub use stream_slots::{LiveStream, SlotTaking, StreamLimit, StreamLimits, StreamSlots};
pub use turns::{MessageRange, TurnRepository};
pub use user_context::UserContextStore;

#[cfg(any(test, feature = "testing"))]
pub use feedback::MockFeedbackRepository;
#[cfg(any(test, feature = "testing"))]
pub use maintenance::MockSessionMaintenance;
#[cfg(any(test, feature = "testing"))]
pub use search::MockConversationSearch;
#[cfg(any(test, feature = "testing"))]
pub use sessions::MockSessionRepository;
#[cfg(any(test, feature = "testing"))]
pub use share::MockShareRepository;
#[cfg(any(test, feature = "testing"))]
pub use turns::MockTurnRepository;
#[cfg(any(test, feature = "testing"))]
pub use user_context::MockUserContextStore;

//! Sessions, messages, turns and feedback as values with decisions, testable without a runtime.

mod business;
mod feedback;
mod message;
mod session;
mod share;
mod turn;
mod user_context;

pub use business::{BusinessMetadata, InvalidBusinessMetadata, Priority, ResolutionStatus};
pub use feedback::{Feedback, InvalidFeedback, Verdict};
pub use message::{Message, MessageStatus, Role, Source, Usage};
pub use session::{NewSession, PrivacyLevel, Session, SessionChange, SessionState, SessionStats};
pub use share::{ShareAccess, ShareLink, ShareToken, TokenHash};
pub use turn::{Answer, ClosedTurn, Lease, NewTurn, OpenedTurn, Turn, TurnClosing, TurnOpening, TurnState};
pub use user_context::{InvalidUserContext, UserContext, UserContextChange};

//! The live stream of a turn: its events, and the log that keeps them within one process.

mod event;
mod memory;

pub use event::{TurnDone, TurnEvent, TurnFailure, TurnStage};
pub use memory::MemoryStreamLog;

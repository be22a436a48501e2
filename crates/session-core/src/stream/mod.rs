//! The live stream of a turn: its events, and the log that keeps them within one process.

mod event;
mod memory;

pub use event::{Durability, TurnDone, TurnEvent, TurnFailure, TurnStage};
pub use memory::MemoryStreamLog;

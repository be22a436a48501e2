//! The live stream of a turn: its events, and what one process needs of its own for it: the log that keeps them, and
//! the slots that count how many there are.

mod event;
mod memory;
mod slots;

pub use event::{Durability, TurnDone, TurnEvent, TurnFailure, TurnStage};
pub use memory::{BATCH_WEIGHT, MAX_WEIGHT, MemoryStreamLog};
pub use slots::MemoryStreamSlots;

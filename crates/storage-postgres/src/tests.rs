//! What needs a server and the inside of this crate.

mod backups;
mod cpu;
mod limits;

//! The real binary from the outside, the shape of the workspace, and the commands of the documentation.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test ends at the first surprise, in helpers too, and measured times are shown to who runs it"
)]

mod architecture;
mod browser;
mod chat;
mod documentation;
mod durability;
mod endurance;
mod imports;
mod operations;
mod support;

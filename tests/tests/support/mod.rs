//! The binary, a running server, and what is said to it.

mod api;
mod balancer;
mod binary;
mod data;
pub(crate) mod http;
mod process;
mod proxy;
mod server;
mod socket;
mod sse;

pub(crate) use api::{Api, Outcome, assert_error, markers};
pub(crate) use balancer::Balancer;
pub(crate) use binary::{Run, binary, command, run, workspace};
pub(crate) use process::{Process, send_signal};
pub(crate) use proxy::Proxy;
pub(crate) use server::{Server, arguments as demo_arguments, launch};
pub(crate) use socket::{Ended, Socket};
pub(crate) use sse::{Event, EventReader, answer_of, data_of, event_of, only};

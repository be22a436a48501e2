//! The least that the same work could cost: bare servers without sessions, checks, logs or an ORM, in
//! processes of their own like the real one, with the real one's number of worker threads.

pub(crate) mod chat;
pub(crate) mod lookup;
pub(crate) mod postgres;
pub(crate) mod redis;
pub(crate) mod sqlite;
pub(crate) mod storage;
pub(crate) mod stream;
pub(crate) mod turns;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Result;

/// `server.workers` of the built-in configuration.
const WORKERS: usize = 2;

/// A listener on a free port, announced the way the real server does it.
fn listen() -> Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    announce(listener.local_addr()?)?;
    Ok(listener)
}

/// Says where a server listens.
pub(crate) fn announce(address: SocketAddr) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "http://{address}")?;
    Ok(out.flush()?)
}

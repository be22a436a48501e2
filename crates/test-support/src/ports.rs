//! Free TCP ports on the loopback interface.

use std::{
    collections::BTreeSet,
    io,
    net::{Ipv4Addr, TcpListener},
    sync::{Mutex, PoisonError},
};

static HANDED_OUT: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port nobody listens on, never the same one twice within this process.
///
/// Another process may still take it before it is used; whoever starts a server on it has to cope.
///
/// # Errors
/// When the system has no free port to give.
pub fn free() -> io::Result<u16> {
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
        if handed_out.insert(port) {
            return Ok(port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_can_be_listened_on_and_is_given_once() -> io::Result<()> {
        let (first, second) = (free()?, free()?);
        assert_ne!(first, second);
        TcpListener::bind((Ipv4Addr::LOCALHOST, first))?;
        Ok(())
    }
}

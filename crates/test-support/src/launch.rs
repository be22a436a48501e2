//! Starting a server on a free port and waiting until it answers.

use std::{io, time::Duration};

use crate::{Unavailable, ports, wait::wait_for, watchdog::Watchdog};

/// A cold start on a busy two-core machine takes a few seconds; this is for the worst day.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Somebody else may take a free port before the server does.
const ATTEMPTS: usize = 3;

/// Starts a server with `start(port)` and waits until `ready(port)`.
///
/// # Errors
/// [`Unavailable::Failed`] with the server's log when it ends or does not answer in time.
pub(crate) async fn launch<F>(
    what: &str,
    start: impl Fn(u16) -> io::Result<Watchdog>,
    ready: impl Fn(u16) -> F,
) -> Result<(u16, Watchdog), Unavailable>
where
    F: Future<Output = bool>,
{
    let mut attempt = 1;
    loop {
        let begun = ports::free().and_then(|port| Ok((port, start(port)?)));
        let (port, watchdog) = begun.map_err(|error| Unavailable::failed(what, &error))?;
        let outcome = wait_for(START_LIMIT, async || match watchdog.ended() {
            Some(log) => Some(Err(log)),
            None => ready(port).await.then_some(Ok(())),
        });
        match outcome.await {
            Ok(Ok(())) => return Ok((port, watchdog)),
            Ok(Err(log)) if attempt < ATTEMPTS && lost_the_port(&log) => attempt += 1,
            Ok(Err(log)) => return Err(Unavailable::failed(what, &log)),
            Err(timeout) => {
                let reason = format!("{timeout}\n{}", watchdog.log());
                return Err(Unavailable::failed(what, &reason));
            }
        }
    }
}

fn lost_the_port(log: &str) -> bool {
    let log = log.to_lowercase();
    // The second is Chroma's.
    log.contains("address already in use") || (log.contains("address 127.0.0.1:") && log.contains("is not available"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_somebody_else_took_is_told_from_other_failures() {
        assert!(lost_the_port("FATAL: bind 127.0.0.1:80: Address already in use"));
        assert!(lost_the_port("exit status 1\n\nAddress 127.0.0.1:18799 is not available\n"));
        assert!(!lost_the_port("exit status 1\nno such option"));
    }
}

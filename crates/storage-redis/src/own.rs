//! A connection for each thread that serves requests by itself: what it asks for goes out and comes in on the thread,
//! without waking another one.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::time::sleep;

/// The pause before a thread tries again to connect.
const PAUSE: Duration = Duration::from_secs(1);

thread_local! {
    static CONNECTIONS: RefCell<Vec<Own>> = const { RefCell::new(Vec::new()) };
}

/// Names links: a thread may work for several.
static LINKS: AtomicU64 = AtomicU64::new(0);

/// Which link, and which of its connections: when that is given up, those of the threads are too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) link: u64,
    pub(crate) number: u64,
}

struct Own {
    line: Line,
    /// `None` while it is made.
    connection: Option<MultiplexedConnection>,
}

/// A name for a link.
pub(crate) fn name() -> u64 {
    LINKS.fetch_add(1, Ordering::Relaxed)
}

/// This thread's own connection. There is none on a thread that shares its work with others, and at first: then it is
/// made, for later.
pub(crate) fn connection(client: &Client, line: Line) -> Option<MultiplexedConnection> {
    CONNECTIONS.with_borrow_mut(|own| {
        if let Some(own) = own.iter().find(|own| own.line == line) {
            return own.connection.clone();
        }
        let runtime = Handle::try_current().ok()?;
        if runtime.runtime_flavor() == RuntimeFlavor::CurrentThread {
            own.retain(|own| own.line.link != line.link);
            own.push(Own { line, connection: None });
            runtime.spawn(connect(client.clone(), line));
        }
        None
    })
}

/// Gives this thread's connection up; the next who asks for it has a new one made.
pub(crate) fn forget(line: Line) {
    CONNECTIONS.with_borrow_mut(|own| own.retain(|own| own.line != line));
}

async fn connect(client: Client, line: Line) {
    // Whoever asks is bounded in time, and nobody waits for this.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let made = client.get_multiplexed_async_connection_with_config(&config).await;
    if made.is_err() {
        // The link's own connection does until then.
        sleep(PAUSE).await;
    }
    CONNECTIONS.with_borrow_mut(|own| match made {
        Ok(made) => own.iter_mut().filter(|own| own.line == line).for_each(|own| own.connection = Some(made.clone())),
        Err(_) => own.retain(|own| own.line != line),
    });
}

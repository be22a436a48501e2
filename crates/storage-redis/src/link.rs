//! The connection to Redis, and going on without it.
//!
//! There is one connection, and one more for each thread that serves requests by itself. The first command that fails,
//! for whatever reason, or is not answered in time ends them all, and so do two in succession that are answered slowly:
//! from then on nothing waits for Redis, until a new connection has proved that it answers quickly and takes writes.
//!
//! A process that cannot reach Redis cannot say there what it writes. It tells the other processes so before it writes
//! on, and they trust nothing that Redis remembers until a while after it is back. Back again, it first says there
//! what is being written, then begins a new epoch: what was remembered before is void.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::IdSource;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult};
use session_core::cache::Fleet;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::keys::Keys;
use crate::options::{InvalidRedisUrl, RedisOptions};
use crate::own::{self, Line};
use crate::scripts::Scripts;
use crate::untold::Untold;

/// The pause between two attempts to reach Redis again.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest that making a connection may take; nobody waits for it.
const CONNECTING: Duration = Duration::from_secs(2);

/// The way to a Redis server, shared by all that use it.
#[derive(Clone)]
pub struct RedisLink(Arc<Inner>);

struct Inner {
    name: u64,
    client: Client,
    patience: Duration,
    keys: Keys,
    scripts: Scripts,
    fleet: Fleet,
    ids: Arc<dyn IdSource>,
    state: watch::Sender<State>,
    untold: Untold,
    /// The era of the fleet in which an epoch was begun here last.
    voided: AtomicU64,
    /// When a slow answer came, if no quick one has come since.
    slow: Mutex<Option<Instant>>,
}

/// The keys of an entry.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) entry: String,
    /// The list that belongs to it, if it is of a kind that has one.
    pub(crate) list: Option<String>,
    pub(crate) epoch: String,
}

#[derive(Clone, Default)]
struct State {
    /// Which connection this is, or would be.
    number: u64,
    connection: Option<MultiplexedConnection>,
    /// Whether the connection has begun a new epoch: only then what is remembered may be read.
    begun: bool,
}

/// A command could not be carried out; Redis is not used until it is back.
#[derive(Debug)]
pub(crate) struct Away;

impl RedisLink {
    /// A link that is not connected yet: [`connect`](Self::connect), or [`run`](Self::run).
    ///
    /// # Errors
    /// When the URL is not one of a Redis server.
    pub fn new(options: RedisOptions, fleet: Fleet, ids: Arc<dyn IdSource>) -> Result<Self, InvalidRedisUrl> {
        // The cause would repeat the URL, and a password with it.
        let client = Client::open(options.url).map_err(|_| InvalidRedisUrl)?;
        let inner = Inner {
            name: own::name(),
            client,
            patience: options.patience,
            keys: Keys::new(options.prefix),
            scripts: Scripts::default(),
            fleet,
            ids,
            state: watch::Sender::default(),
            untold: Untold::default(),
            voided: AtomicU64::new(0),
            slow: Mutex::default(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Whether Redis answers and can be relied on.
    pub fn is_well(&self) -> bool {
        self.0.state.borrow().begun
    }

    /// Tries to connect, once.
    ///
    /// # Errors
    /// When it is not possible, now.
    pub async fn connect(&self) -> Result<(), RedisError> {
        if self.is_well() {
            return Ok(());
        }
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            // Commands are bounded here.
            .set_response_timeout(None);
        let connection = self.0.client.get_multiplexed_async_connection_with_config(&limits).await?;
        timeout(CONNECTING, self.begin(connection)).await.unwrap_or_else(|_| {
            self.0.state.send_modify(|state| (state.connection, state.begun) = (None, false));
            Err(RedisError::from((ErrorKind::Io, "no answer")))
        })
    }

    /// Connects whenever there is no connection, for good.
    pub async fn run(&self) {
        let mut state = self.0.state.subscribe();
        loop {
            // The sender lives in `self`.
            if state.wait_for(|state| !state.begun).await.is_err() {
                return;
            }
            if let Err(error) = self.connect().await {
                tracing::debug!(%error, "redis is still away");
                sleep(PAUSE).await;
            }
        }
    }

    /// Takes a new connection into use: writes are told of on it; then those that were not told of before; then what
    /// was remembered is made void; only then is anything read.
    async fn begin(&self, mut connection: MultiplexedConnection) -> Result<(), RedisError> {
        let inner = &self.0;
        inner.scripts.load(&mut connection).await?;
        let asked = Instant::now();
        redis::cmd("PING").exec_async(&mut connection).await?;
        if self.is_slow(asked) {
            return Err(RedisError::from((ErrorKind::Io, "it answers slowly")));
        }
        // Nobody waits for a connection that has not begun.
        inner.state.send_if_modified(|state| {
            *state = State { number: state.number + 1, connection: Some(connection.clone()), begun: false };
            false
        });
        let caught_up = self.catch_up(&mut connection).await;
        let begun = inner.state.send_if_modified(|state| {
            if caught_up.is_err() {
                state.connection = None;
            }
            state.begun = state.connection.is_some();
            state.begun
        });
        caught_up?;
        if !begun {
            return Err(RedisError::from((ErrorKind::Io, "the connection was lost again")));
        }
        metrics::gauge!("redis_up").set(1.0);
        tracing::info!("redis is there");
        inner.fleet.cut_off(false).await;
        if !self.is_well() {
            // It was lost again meanwhile.
            inner.fleet.cut_off(true).await;
        }
        Ok(())
    }

    async fn catch_up(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        for (ticket, place, over) in self.0.untold.all() {
            if !over {
                self.scripts().mark(connection, &place, &ticket).await?;
            }
            // One that is over may stand there as one that goes on: it ended while it was marked, or what was sent last
            // on the old connection has arrived after all.
            if self.0.untold.forget(&ticket) {
                self.scripts().forget(connection, &place, &ticket).await?;
            }
        }
        self.begin_epoch(connection).await
    }

    /// Makes void what was remembered before.
    async fn begin_epoch(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let era = self.0.fleet.era();
        let epoch = self.0.ids.uuid().simple().to_string();
        redis::cmd("SET").arg(self.keys().epoch()).arg(epoch).exec_async(connection).await?;
        // Whoever else did it meanwhile did no harm.
        self.0.voided.fetch_max(era, Ordering::AcqRel);
        Ok(())
    }

    /// Carries out a command on the connection, if there is one, within the time a request may wait.
    pub(crate) async fn run_on<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Away> {
        let (number, connection) = {
            let state = self.0.state.borrow();
            (state.number, state.connection.clone())
        };
        let Some(shared) = connection else { return Err(Away) };
        let line = Line { link: self.0.name, number };
        let own = own::connection(&self.0.client, line);
        let is_own = own.is_some();
        let mut connection = own.unwrap_or(shared);
        let asked = Instant::now();
        let failure = match timeout(self.0.patience, work(&mut connection)).await {
            Ok(Ok(done)) => {
                if self.is_slow_again(asked) {
                    self.lost(number, "two slow answers in succession");
                }
                return Ok(done);
            }
            // A server hangs up on who is quiet for long, as a thread may be while the others are not. The next command
            // finds out whether it is there.
            Ok(Err(error)) if is_own && error.is_connection_dropped() => {
                own::forget(line);
                return Err(Away);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.0.patience),
        };
        self.lost(number, &failure);
        Err(Away)
    }

    /// Whether what was asked then took so long to answer that a second one of the kind is too much.
    fn is_slow(&self, asked: Instant) -> bool {
        asked.elapsed() > self.0.patience / 2
    }

    /// Takes note of an answer; whether it is the second slow one, asked for after the first one came, with no quick
    /// one in between.
    fn is_slow_again(&self, asked: Instant) -> bool {
        let mut slow = self.0.slow.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_slow(asked) {
            *slow = None;
            return false;
        }
        let again = slow.is_some_and(|answered| answered <= asked);
        *slow = if again { None } else { Some(slow.unwrap_or_else(Instant::now)) };
        again
    }

    /// As [`run_on`](Self::run_on), for what reads what is remembered: not while somebody tells Redis nothing.
    pub(crate) async fn read_on<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Away> {
        if !self.is_well() || !self.0.fleet.hears_all() {
            return Err(Away);
        }
        if self.0.fleet.era() > self.0.voided.load(Ordering::Acquire) {
            // Another process told Redis nothing for a while, or was not heard: it may be dead now, and what it wrote
            // meanwhile stands there as it was before.
            self.run_on(async |connection| self.begin_epoch(connection).await).await?;
        }
        self.run_on(work).await
    }

    /// Waits until Redis answers and can be relied on.
    pub(crate) async fn well(&self) {
        let mut state = self.0.state.subscribe();
        // The sender lives in `self`.
        state.wait_for(|state| state.begun).await.ok();
    }

    /// Gives a connection up.
    fn lost(&self, number: u64, failure: &str) {
        let given_up = self.0.state.send_if_modified(|state| {
            let mine = state.number == number && state.connection.is_some();
            if mine {
                (state.connection, state.begun) = (None, false);
            }
            mine
        });
        if given_up {
            metrics::gauge!("redis_up").set(0.0);
            metrics::counter!("redis_failures_total").increment(1);
            tracing::warn!(failure, "redis is not used until it answers again");
        }
    }

    /// Remembers that Redis does not know of a write, and has the other processes know it before it is made.
    pub(crate) async fn cannot_tell(&self, ticket: &str, place: Place) {
        self.0.untold.add(ticket, place);
        self.0.fleet.cut_off(true).await;
    }

    /// The write is over.
    pub(crate) fn is_over(&self, ticket: &str) {
        self.0.untold.is_over(ticket);
    }

    /// A name that no other link of this process has.
    pub(crate) fn name(&self) -> u64 {
        self.0.name
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn scripts(&self) -> &Scripts {
        &self.0.scripts
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        &*self.0.ids
    }

    pub(crate) fn patience(&self) -> Duration {
        self.0.patience
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }
}

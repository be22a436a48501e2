//! The connection to Redis, and going on without it.
//!
//! One connection carries everything. The first command that fails, for whatever reason, or is not answered in time
//! ends it: from then on nothing waits for Redis, until a new connection has proved that it answers and takes writes.
//!
//! A process that cannot reach Redis cannot say there what it writes. It tells the other processes so before it writes
//! on, and they trust nothing that Redis remembers until a while after it is back. Back again, it first says there
//! what is being written, then begins a new epoch: what was remembered before is void.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kernel::IdSource;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult};
use session_core::cache::Fleet;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::keys::Keys;
use crate::options::{InvalidRedisUrl, RedisOptions};
use crate::scripts::{ABANDONED, Scripts};

/// The pause between two attempts to reach Redis again.
const PAUSE: Duration = Duration::from_millis(200);
/// Writes that are remembered as untold; of more, those that are over are forgotten, which leaves their sessions
/// unknown for a while at worst.
const MANY: usize = 4_096;
/// The longest that making a connection may take; nobody waits for it.
const CONNECTING: Duration = Duration::from_secs(2);

/// The way to a Redis server, shared by all that use it.
#[derive(Clone)]
pub struct RedisLink(Arc<Inner>);

struct Inner {
    client: Client,
    patience: Duration,
    pub(crate) keys: Keys,
    scripts: Scripts,
    fleet: Fleet,
    ids: Arc<dyn IdSource>,
    state: watch::Sender<State>,
    /// Writes that Redis was not told of, or may have been too late, by their tickets.
    untold: Mutex<HashMap<String, Untold>>,
    /// The cuts of other processes after which a new epoch was begun here.
    voided: AtomicU64,
}

#[derive(Clone)]
struct Untold {
    place: Place,
    since: Instant,
    over: bool,
}

/// The keys of an entry.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) entry: String,
    /// The list that belongs to it.
    pub(crate) list: String,
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
            client,
            patience: options.patience,
            keys: Keys::new(options.prefix),
            scripts: Scripts::default(),
            fleet,
            ids,
            state: watch::Sender::default(),
            untold: Mutex::default(),
            voided: AtomicU64::new(0),
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
            .set_response_timeout(Some(self.0.patience));
        let connection = self.0.client.get_multiplexed_async_connection_with_config(&limits).await?;
        self.begin(connection).await
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
        inner.state.send_modify(|state| {
            *state = State { number: state.number + 1, connection: Some(connection.clone()), begun: false };
        });
        match self.catch_up(&mut connection).await {
            Ok(()) => {
                inner.state.send_modify(|state| state.begun = state.connection.is_some());
                inner.fleet.cut_off(false).await;
                metrics::gauge!("redis_up").set(1.0);
                tracing::info!("redis is there");
                Ok(())
            }
            Err(error) => {
                inner.state.send_modify(|state| state.connection = None);
                Err(error)
            }
        }
    }

    async fn catch_up(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let untold = self.untold().clone();
        for (ticket, Untold { place, over, .. }) in &untold {
            if !*over {
                self.scripts().mark(connection, place, ticket).await?;
            }
            // One that is over may stand there as one that goes on: it ended while it was marked, or what was sent last
            // on the old connection has arrived after all.
            if self.untold().get(ticket).is_some_and(|untold| untold.over) {
                self.scripts().forget(connection, place, ticket).await?;
                self.untold().remove(ticket);
            }
        }
        let epoch = self.0.ids.uuid().simple().to_string();
        redis::cmd("SET").arg(self.keys().epoch()).arg(epoch).exec_async(connection).await
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
        let Some(mut connection) = connection else { return Err(Away) };
        let failure = match timeout(self.0.patience, work(&mut connection)).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.0.patience),
        };
        self.lost(number, &failure);
        Err(Away)
    }

    /// As [`run_on`](Self::run_on), for what reads what is remembered: not while somebody cannot reach Redis.
    pub(crate) async fn read_on<T>(
        &self,
        work: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Away> {
        if !self.is_well() || !self.0.fleet.is_whole() {
            return Err(Away);
        }
        self.void_after_cuts().await?;
        self.run_on(work).await
    }

    /// Begins a new epoch when another process was cut off since the last one: it may be dead now, and what it wrote
    /// meanwhile stands here as it was before.
    async fn void_after_cuts(&self) -> Result<(), Away> {
        let (cuts, before) = (self.0.fleet.cuts(), self.0.voided.load(Ordering::Acquire));
        if cuts == before {
            return Ok(());
        }
        let epoch = self.0.ids.uuid().simple().to_string();
        let key = self.keys().epoch();
        self.run_on(async |connection| redis::cmd("SET").arg(&key).arg(&epoch).exec_async(connection).await).await?;
        // Whoever else did it meanwhile did no harm.
        self.0.voided.fetch_max(cuts, Ordering::AcqRel);
        Ok(())
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
        {
            let since = Instant::now();
            let mut untold = self.untold();
            if untold.len() >= MANY {
                untold.retain(|_, untold| !untold.over && since.duration_since(untold.since) < ABANDONED);
            }
            untold.insert(ticket.to_owned(), Untold { place, since, over: false });
        }
        self.0.fleet.cut_off(true).await;
    }

    /// The write is over.
    pub(crate) fn is_over(&self, ticket: &str) {
        if let Some(untold) = self.untold().get_mut(ticket) {
            untold.over = true;
        }
    }

    fn untold(&self) -> MutexGuard<'_, HashMap<String, Untold>> {
        self.0.untold.lock().unwrap_or_else(PoisonError::into_inner)
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

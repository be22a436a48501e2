//! Signals between the processes that share a database, by `NOTIFY`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{RepositoryError, TurnId, error_chain};
use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sea_orm::sqlx::{Error, Executor, query};
use session_core::LocalSignals;
use session_core::ports::{FleetSignal, FleetSignals, Telling, TurnSignal, TurnSignals};
use storage_sea::driver_error;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use crate::options;
use crate::storage::PostgresStorage;

const TURNS: &str = "iyagi_turns";
const FLEET: &str = "iyagi_fleet";
/// Signals of the fleet that wait for a slow listener.
const WAITING: usize = 1024;
/// The pause before the listening connection is made again; the pool's own limit bounds each attempt.
const PAUSE: Duration = Duration::from_secs(1);
/// Silence after which the listening connection is tested: every process tells ten pulses a second, this one too.
const SILENCE: Duration = Duration::from_secs(3);
/// What the test may take.
const TEST: Duration = Duration::from_secs(2);
/// Connections to tell on, beside the one to listen on: what is told must not wait for the storage's work.
const TELLING_ON: u32 = 2;

/// Tells by `NOTIFY` and hears by `LISTEN` on a connection of its own, which is made again when it is lost.
#[derive(Clone)]
pub struct PostgresSignals {
    telling: PgPool,
    heard: LocalSignals,
    fleet: broadcast::Sender<FleetSignal>,
    _listening: Arc<Listening>,
}

/// Ends listening with the last that uses it.
struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl PostgresStorage {
    /// Signals to and from the processes that share this database. From when this answers, signals are heard.
    ///
    /// # Errors
    /// When the server cannot be listened to.
    pub async fn signals(&self) -> Result<PostgresSignals, RepositoryError> {
        let connect = options::read(&self.options)?;
        let pool = PgPoolOptions::new().acquire_timeout(self.options.acquire_timeout);
        let telling = pool.clone().max_connections(TELLING_ON).connect_lazy_with(connect.clone());
        let line = Line { pool: pool.max_connections(1).idle_timeout(None).max_lifetime(None), connect };
        let listener = line.listener().await.map_err(driver_error)?;
        let (heard, fleet) = (LocalSignals::default(), broadcast::Sender::new(WAITING));
        let listening = tokio::spawn(listen(line, listener, heard.clone(), fleet.clone()));
        Ok(PostgresSignals { telling, heard, fleet, _listening: Arc::new(Listening(listening)) })
    }
}

/// How to get a connection to listen on: not out of the storage's pool, where it would take one away for good.
struct Line {
    pool: PgPoolOptions,
    connect: PgConnectOptions,
}

impl Line {
    /// Listens. With a pool of its own each time: a connection that does not answer cannot be given back.
    async fn listener(&self) -> Result<PgListener, Error> {
        let alone = self.pool.clone().connect_lazy_with(self.connect.clone());
        let mut listener = PgListener::connect_with(&alone).await?;
        listener.listen_all([TURNS, FLEET]).await?;
        Ok(listener)
    }
}

/// Passes on what is heard, for good. The listener connects and listens again by itself when its connection is lost;
/// one on which nothing comes any more, and nobody says why, is replaced.
async fn listen(line: Line, mut listener: PgListener, turns: LocalSignals, fleet: broadcast::Sender<FleetSignal>) {
    loop {
        let problem = match timeout(SILENCE, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => {
                let (channel, payload) = (notification.channel(), notification.payload());
                if !pass_on(channel, payload, &turns, &fleet).await {
                    tracing::warn!(channel, "a signal is not understood; is an instance of another version?");
                }
                continue;
            }
            // Connected again; what was told meanwhile was not heard. Nobody to tell is no error.
            Ok(Ok(None)) => {
                drop(fleet.send(FleetSignal::Interrupted));
                continue;
            }
            Ok(Err(error)) => error,
            Err(_) => match timeout(TEST, listener.execute("SELECT 1")).await {
                Ok(Ok(_)) => continue,
                Ok(Err(error)) => error,
                Err(_) => Error::Io(std::io::ErrorKind::TimedOut.into()),
            },
        };
        drop(fleet.send(FleetSignal::Interrupted));
        tracing::warn!(error = error_chain(&problem), "signals of other instances cannot be heard");
        tokio::time::sleep(PAUSE).await;
        match line.listener().await {
            Ok(again) => listener = again,
            Err(error) => tracing::debug!(error = error_chain(&error), "signals still cannot be heard"),
        }
    }
}

/// Tells those who listen in this process; `false` when the signal is not understood.
async fn pass_on(channel: &str, payload: &str, turns: &LocalSignals, fleet: &broadcast::Sender<FleetSignal>) -> bool {
    if channel == FLEET {
        let signal = read_fleet(payload);
        let understood = signal.is_some();
        // Whoever is not understood may be writing: nothing that is remembered is trusted. Nobody to tell is no error.
        drop(fleet.send(signal.unwrap_or(FleetSignal::Interrupted)));
        return understood;
    }
    match read(payload) {
        Some(signal) => turns.tell(signal).await.is_ok(),
        None => false,
    }
}

const TELLING: [(&str, Telling); 3] =
    [("cache", Telling::SharedCache), ("signals", Telling::Signals), ("nobody", Telling::Nobody)];

/// `pulse <from> <how it tells> <number>` or `writing <from> <key> <key> …`.
fn written_fleet(signal: &FleetSignal) -> String {
    match signal {
        FleetSignal::Pulse { from, number, telling } => {
            let to = TELLING.iter().find(|(_, known)| known == telling).map_or("", |(word, _)| word);
            format!("pulse {from} {to} {number}")
        }
        FleetSignal::Writing { from, keys } => {
            let mut text = format!("writing {from}");
            for key in keys {
                text.push_str(&format!(" {key}"));
            }
            text
        }
        FleetSignal::Interrupted => String::new(),
    }
}

fn read_fleet(payload: &str) -> Option<FleetSignal> {
    let mut words = payload.split(' ');
    let (what, from) = (words.next()?, words.next()?.to_owned());
    match what {
        "pulse" => {
            let how = words.next()?;
            let (_, telling) = TELLING.into_iter().find(|(word, _)| *word == how)?;
            Some(FleetSignal::Pulse { from, number: words.next()?.parse().ok()?, telling })
        }
        "writing" => {
            let keys = words.map(|word| word.parse::<Uuid>().ok()).collect::<Option<_>>()?;
            Some(FleetSignal::Writing { from, keys })
        }
        _ => None,
    }
}

fn written(signal: TurnSignal) -> String {
    match signal {
        TurnSignal::Stop(turn) => format!("stop {turn}"),
        TurnSignal::Await(turn) => format!("await {turn}"),
        TurnSignal::Closed(turn) => format!("closed {turn}"),
    }
}

fn read(payload: &str) -> Option<TurnSignal> {
    let (what, turn) = payload.split_once(' ')?;
    let turn: TurnId = turn.parse().ok()?;
    match what {
        "stop" => Some(TurnSignal::Stop(turn)),
        "await" => Some(TurnSignal::Await(turn)),
        "closed" => Some(TurnSignal::Closed(turn)),
        _ => None,
    }
}

#[async_trait]
impl TurnSignals for PostgresSignals {
    async fn tell(&self, signal: TurnSignal) -> Result<(), RepositoryError> {
        self.notify(TURNS, written(signal)).await
    }

    fn hear(&self) -> broadcast::Receiver<TurnSignal> {
        self.heard.hear()
    }
}

#[async_trait]
impl FleetSignals for PostgresSignals {
    async fn tell_fleet(&self, signal: &FleetSignal) -> Result<(), RepositoryError> {
        self.notify(FLEET, written_fleet(signal)).await
    }

    fn hear_fleet(&self) -> broadcast::Receiver<FleetSignal> {
        self.fleet.subscribe()
    }
}

impl PostgresSignals {
    /// The server tells this process as well.
    async fn notify(&self, channel: &str, payload: String) -> Result<(), RepositoryError> {
        let tell = query("SELECT pg_notify($1, $2)").bind(channel).bind(payload);
        tell.execute(&self.telling).await.map(drop).map_err(driver_error)
    }
}

#[cfg(test)]
mod tests {
    use session_core::testing::samples::turn_id;

    use super::*;

    #[test]
    fn a_signal_is_read_as_it_was_written_and_nothing_else_is_one() {
        for signal in [TurnSignal::Stop(turn_id(1)), TurnSignal::Await(turn_id(2)), TurnSignal::Closed(turn_id(3))] {
            assert_eq!(read(&written(signal)), Some(signal));
        }
        for payload in ["", "stop", "stop 7", "shout 01890000-0000-7000-8000-000000000000", "01890000"] {
            assert_eq!(read(payload), None, "{payload}");
        }
    }

    #[test]
    fn a_signal_of_the_fleet_is_read_as_it_was_written_and_fits_into_a_notification() {
        let from = || "host:4711:0190".to_owned();
        let keys: Vec<_> = (1..=200).map(|number| turn_id(number).as_uuid()).collect();
        for signal in [
            FleetSignal::Pulse { from: from(), number: 7, telling: Telling::SharedCache },
            FleetSignal::Pulse { from: from(), number: 8, telling: Telling::Signals },
            FleetSignal::Pulse { from: from(), number: 9, telling: Telling::Nobody },
            FleetSignal::Writing { from: from(), keys },
        ] {
            let payload = written_fleet(&signal);
            assert!(payload.len() < 8_000, "{}", payload.len());
            assert_eq!(read_fleet(&payload), Some(signal));
        }
        for payload in [
            "",
            "pulse",
            "pulse a",
            "pulse a down 1",
            "pulse a cache",
            "pulse a cache x",
            "writing",
            "writing a b",
            "shout a b",
        ] {
            assert_eq!(read_fleet(payload), None, "{payload}");
        }
    }
}

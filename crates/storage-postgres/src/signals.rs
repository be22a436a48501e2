//! Signals between the processes that share a database, by `NOTIFY`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::{RepositoryError, TurnId};
use sea_orm::sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use sea_orm::sqlx::query;
use session_core::LocalSignals;
use session_core::ports::{TurnSignal, TurnSignals};
use storage_sea::driver_error;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::options;
use crate::storage::PostgresStorage;

const CHANNEL: &str = "iyagi_turns";
/// The pause before the listening connection is made again; the pool's own limit bounds each attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells by `NOTIFY` and hears by `LISTEN` on a connection of its own, which is made again when it is lost.
#[derive(Clone)]
pub struct PostgresSignals {
    driver: PgPool,
    heard: LocalSignals,
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
        // Not out of the storage's pool, where it would take a connection away for good.
        let alone = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(self.options.acquire_timeout)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(options::read(&self.options)?);
        let mut listener = PgListener::connect_with(&alone).await.map_err(driver_error)?;
        listener.listen(CHANNEL).await.map_err(driver_error)?;
        let heard = LocalSignals::default();
        let listening = tokio::spawn(listen(listener, heard.clone()));
        Ok(PostgresSignals { driver: self.driver.clone(), heard, _listening: Arc::new(Listening(listening)) })
    }
}

/// Passes on what is heard, for good: the listener connects and listens again by itself when its connection is lost.
async fn listen(mut listener: PgListener, heard: LocalSignals) {
    loop {
        match listener.recv().await {
            Ok(notification) => match read(notification.payload()) {
                Some(signal) => drop(heard.tell(signal).await),
                None => {
                    tracing::warn!(channel = CHANNEL, "a signal is not understood; is an instance of another version?");
                }
            },
            Err(error) => {
                tracing::warn!(%error, "signals of other instances cannot be heard");
                tokio::time::sleep(PAUSE).await;
            }
        }
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
        // The server tells this process as well.
        let tell = query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(written(signal));
        tell.execute(&self.driver).await.map(drop).map_err(driver_error)
    }

    fn hear(&self) -> broadcast::Receiver<TurnSignal> {
        self.heard.hear()
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
}

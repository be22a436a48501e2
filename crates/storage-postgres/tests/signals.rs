//! Signals are heard again whatever became of the connection they are heard on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::time::Duration;

use session_core::ports::{FleetSignal, FleetSignals, Telling};
use storage_postgres::{PostgresOptions, PostgresStorage};
use test_support::{postgres, require};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

/// By then anything has happened that is going to.
const SURELY: Duration = Duration::from_mins(1);

/// Puts callers through to the server. When it falls silent, those who are inside hear nothing more, not even that the
/// connection is over; whoever comes later is put through as before.
async fn door(listener: TcpListener, server: String, silent: watch::Sender<bool>) {
    loop {
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut inside = TcpStream::connect(&server).await.unwrap();
        let mut silence = silent.subscribe();
        let early = !*silence.borrow();
        tokio::spawn(async move {
            let silenced = async { silence.wait_for(|silent| *silent).await.is_ok() };
            let silenced = tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut caller, &mut inside) => false,
                silenced = silenced, if early => silenced,
            };
            if silenced {
                // The sockets stay open.
                std::future::pending::<()>().await;
            }
        });
    }
}

#[tokio::test]
async fn a_listening_connection_that_falls_silent_is_replaced() {
    let database = require!(postgres::database().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (before, place) = database.url.split_once("//").unwrap();
    let address = place.split('/').next().unwrap().rsplit('@').next().unwrap().to_owned();
    let url = format!("{before}//{}", place.replace(&address, &listener.local_addr().unwrap().to_string()));
    let silent = watch::Sender::new(false);
    let door = tokio::spawn(door(listener, address, silent.clone()));
    let here = PostgresStorage::connect(&PostgresOptions::new(url)).await.unwrap().signals().await.unwrap();
    let there = PostgresStorage::connect(&PostgresOptions::new(database.url.as_str())).await.unwrap();
    let there = there.signals().await.unwrap();
    let pulse = |number| FleetSignal::Pulse { from: "there".into(), number, telling: Telling::Signals };
    let mut heard = here.hear_fleet();
    there.tell_fleet(&pulse(0)).await.unwrap();
    assert_eq!(timeout(SURELY, heard.recv()).await.unwrap().unwrap(), pulse(0));

    silent.send_replace(true);
    there.tell_fleet(&pulse(1)).await.unwrap();
    // What was told meanwhile is not heard, and that is said.
    assert_eq!(timeout(SURELY, heard.recv()).await.unwrap().unwrap(), FleetSignal::Interrupted);
    let again = async {
        loop {
            there.tell_fleet(&pulse(2)).await.unwrap();
            if let Ok(Ok(signal)) = timeout(Duration::from_millis(100), heard.recv()).await {
                return signal;
            }
        }
    };
    assert_eq!(timeout(SURELY, again).await.unwrap(), pulse(2));
    door.abort();
}

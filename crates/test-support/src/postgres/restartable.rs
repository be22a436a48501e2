//! A server that a test takes away and gives back.

use std::{io, time::Duration};

use sqlx::{Connection, PgConnection};
use tokio::net::TcpSocket;

use super::programs::Programs;
use super::server::{WHAT, address, make_and, serve, server_account};
use crate::{
    Unavailable, ports,
    wait::wait_for,
    watchdog::{Account, Server, StopSignal, Watchdog},
};

/// Making the files, or coming back from a crash, takes seconds on a busy machine; this is for the worst day.
const LIMIT: Duration = Duration::from_mins(1);
/// What is committed must survive the server, unlike in the shared one; the machine does not crash.
const SETTINGS: [&str; 3] = ["fsync=off", "max_connections=100", "listen_addresses=127.0.0.1"];

/// A PostgreSQL server of one's own that can be stopped and started again on the same data and port.
/// Dropping it ends it and removes its data.
#[derive(Debug)]
pub struct RestartableServer {
    // Dropped in this order: the server goes before its files do.
    running: Option<Watchdog>,
    /// Keeps the port from others while nobody listens on it.
    reserved: Option<TcpSocket>,
    files: Watchdog,
    port: u16,
    programs: Programs,
    account: Option<Account>,
}

impl RestartableServer {
    /// Makes a server and starts it. `TEST_DATABASE_URL` is not used: a server that is lent is not stopped.
    ///
    /// # Errors
    /// [`Unavailable::Missing`] when PostgreSQL's server programs are not installed,
    /// [`Unavailable::Failed`] when the server does not start.
    pub async fn new() -> Result<Self, Unavailable> {
        let account = server_account()?;
        let programs = Programs::find(account)?;
        let files = make_files(&programs, account).map_err(failed)?;
        let made = wait_for(LIMIT, async || match files.ended() {
            Some(log) => Some(Err(log)),
            None => files.directory().join("made").exists().then_some(Ok(())),
        });
        made.await.map_err(failed)?.map_err(failed)?;
        let port = ports::free().map_err(failed)?;
        let mut server = Self { running: None, reserved: None, files, port, programs, account };
        server.start().await?;
        Ok(server)
    }

    /// The address of its one database.
    pub fn url(&self) -> String {
        address(self.port)
    }

    /// Stops it at once: clients are cut off, and what was not committed is lost, as in a crash. One that is
    /// stopped already is left alone.
    ///
    /// # Errors
    /// [`Unavailable::Failed`] when it cannot be stopped.
    pub async fn stop(&mut self) -> Result<(), Unavailable> {
        let Some(running) = self.running.take() else { return Ok(()) };
        tokio::task::spawn_blocking(move || drop(running)).await.map_err(failed)?;
        self.reserved = Some(reserve(self.port).map_err(failed)?);
        Ok(())
    }

    /// Starts it where it was, and waits until it answers; one that runs is left alone.
    ///
    /// # Errors
    /// [`Unavailable::Failed`] with the server's log when it ends or does not answer in time.
    pub async fn start(&mut self) -> Result<(), Unavailable> {
        if self.running.is_some() {
            return Ok(());
        }
        drop(self.reserved.take());
        let watchdog = self.run().map_err(failed)?;
        let answered = wait_for(LIMIT, async || match watchdog.ended() {
            Some(log) => Some(Err(log)),
            None => PgConnection::connect(&self.url()).await.is_ok().then_some(Ok(())),
        });
        answered.await.map_err(failed)?.map_err(failed)?;
        self.running = Some(watchdog);
        Ok(())
    }

    fn run(&self) -> io::Result<Watchdog> {
        let server = Server::new("pg", self.account, StopSignal::Quit)?.environment("LC_ALL", "C");
        let data = self.files.directory().join("data");
        let command = serve(&self.programs, &data, self.port, server.directory(), &SETTINGS);
        server.start(command)
    }
}

/// Makes the files of a server; they stay as long as the value, or this process, lives.
fn make_files(programs: &Programs, account: Option<Account>) -> io::Result<Watchdog> {
    let files = Server::new("pg-files", account, StopSignal::Terminate)?.environment("LC_ALL", "C");
    let stay = ["/bin/sh", "-c", ": >made && exec sleep 2147483647"];
    files.start(make_and(programs, stay.map(Into::into).to_vec()))
}

/// A socket that is bound and does not listen: whoever connects is refused, and no other program gets the port.
fn reserve(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    Ok(socket)
}

fn failed(reason: impl std::fmt::Display) -> Unavailable {
    Unavailable::failed(WHAT, &reason)
}

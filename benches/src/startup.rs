//! Start, memory, size and shutdown of the real binary.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::sleep;

use crate::client::Connection;
use crate::options::Options;
use crate::process::Server;
use crate::report::{Figure, progress};
use crate::session::{ask, question};
use crate::stats::millis;

const MEASUREMENT: &str = "startup";
/// How long a server is left alone before its memory counts as idle.
const IDLE: Duration = Duration::from_secs(2);
/// A question the sample documents answer.
const QUESTION: &str = "제주도는 배송비가 얼마예요?";

#[derive(Default)]
struct Rounds {
    ready: Vec<f64>,
    chat: Vec<f64>,
    idle: Vec<f64>,
    used: Vec<f64>,
    stop: Vec<f64>,
    stop_connected: Vec<f64>,
    first_ready: Vec<f64>,
    first_chat: Vec<f64>,
}

pub(crate) async fn measure(options: &Options, binary: &Path) -> Result<Vec<Figure>> {
    let mut rounds = Rounds::default();
    for round in 1..=options.rounds {
        progress(&format!("startup: round {round} of {}", options.rounds))?;
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data");
        std::fs::create_dir(&data)?;
        first_start(binary, &data, &mut rounds).await?;
        second_start(binary, &data, &mut rounds).await?;
        idle(binary, &data, &mut rounds).await?;
    }
    let figure = |name: &str, unit, values: &[f64]| Figure::of(MEASUREMENT, name, unit, values);
    let size = std::fs::metadata(binary)?.len() as f64 / (1024.0 * 1024.0);
    Ok(vec![
        figure("start to GET /ready", "ms", &rounds.ready)?.at_most(300.0),
        figure("start to a whole chat answer", "ms", &rounds.chat)?,
        figure("first start, ingesting, to GET /ready", "ms", &rounds.first_ready)?,
        figure("first start, ingesting, to a whole sourced answer", "ms", &rounds.first_chat)?,
        figure("resident memory, idle", "MiB", &rounds.idle)?.at_most(40.0),
        figure("resident memory after one answer", "MiB", &rounds.used)?,
        figure("SIGTERM to exit, no connection", "ms", &rounds.stop)?,
        figure("SIGTERM to exit, one idle connection", "ms", &rounds.stop_connected)?,
        figure("binary size", "MiB", &[size])?,
    ])
}

async fn first_start(binary: &Path, data: &Path, rounds: &mut Rounds) -> Result<()> {
    let server = Server::demo(binary, data).await?;
    let mut connection = server.ready().await?;
    rounds.first_ready.push(millis(server.started.elapsed()));
    sourced_answer(&mut connection).await?;
    rounds.first_chat.push(millis(server.started.elapsed()));
    server.stop().await?;
    Ok(())
}

async fn second_start(binary: &Path, data: &Path, rounds: &mut Rounds) -> Result<()> {
    let server = Server::demo(binary, data).await?;
    let mut connection = server.ready().await?;
    rounds.ready.push(millis(server.started.elapsed()));
    sourced_answer(&mut connection).await?;
    rounds.chat.push(millis(server.started.elapsed()));
    rounds.used.push(server.resident_mib()?);
    rounds.stop_connected.push(millis(server.stop().await?));
    Ok(())
}

async fn idle(binary: &Path, data: &Path, rounds: &mut Rounds) -> Result<()> {
    let server = Server::demo(binary, data).await?;
    drop(server.ready().await?);
    sleep(IDLE).await;
    rounds.idle.push(server.resident_mib()?);
    rounds.stop.push(millis(server.stop().await?));
    Ok(())
}

/// An answer without sources would mean that the documents were not there yet.
async fn sourced_answer(connection: &mut Connection) -> Result<()> {
    let turn = ask(connection, "/api/chat/stream", &question("bench-startup", QUESTION)).await?;
    let body = String::from_utf8_lossy(&turn.body);
    ensure!(body.contains(r#""sources":[{"#), "the first answer has no sources: {body}");
    Ok(())
}

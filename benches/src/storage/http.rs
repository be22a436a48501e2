//! Look-ups and whole turns over HTTP, beside a bare server on the same database.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;

use super::{Place, Round, filling};
use crate::client::Connection;
use crate::floor::turns::QUESTION;
use crate::load::{Request, Rounds, load, quotients};
use crate::process::Server;
use crate::report::{Figure, progress};

/// Keep-alive connections of look-ups, each with one request at a time.
const CONNECTIONS: usize = 64;
/// The same of chat.
const CHATS: usize = 16;
/// The most a look-up may take on PostgreSQL, p99 in milliseconds.
const WAIT_TARGET: f64 = 10.0;
/// The least of the floor's look-ups a second on PostgreSQL.
const RATE_TARGET: f64 = 0.7;
/// The most times longer a look-up may take among many sessions than among few.
const MANY_TARGET: f64 = 1.3;
/// Sessions that look-ups go round, spread over all there are.
const ASKED: u64 = 1_000;

/// `sessions` spread evenly over the first `of`.
fn spread(of: u64) -> impl Iterator<Item = u64> {
    (0..ASKED.min(of)).map(move |at| 1 + at * of / ASKED.min(of))
}

fn lookups(of: u64) -> Arc<Vec<Request>> {
    Arc::new(spread(of).map(|at| Request::Get(format!("/api/sessions/{}", filling::session_id(at)))).collect())
}

/// What is asked of a server, how, and held to what.
struct Kind {
    name: &'static str,
    requests: Arc<Vec<Request>>,
    connections: usize,
    at_least: Option<f64>,
    p99: Option<f64>,
}

fn kinds(place: &Place, sessions: u64) -> Vec<Kind> {
    let targets = place.cluster.is_some();
    let messages = |at| Request::Get(format!("/api/sessions/{}/messages?limit=10", filling::session_id(at)));
    let chat =
        |at| Request::Post("/api/chat".into(), json!({ "sessionId": filling::session_id(at), "message": QUESTION }));
    vec![
        Kind {
            name: "session look-up",
            requests: lookups(sessions),
            connections: CONNECTIONS,
            at_least: targets.then_some(RATE_TARGET),
            p99: targets.then_some(WAIT_TARGET),
        },
        Kind {
            name: "last 10 messages",
            requests: Arc::new(spread(sessions).map(messages).collect()),
            connections: CONNECTIONS,
            at_least: None,
            p99: None,
        },
        Kind {
            name: "chat turn, 16 at a time",
            requests: Arc::new((1..=super::CHATTING).map(chat).collect()),
            connections: CHATS,
            at_least: None,
            p99: None,
        },
    ]
}

/// The real server and the bare one, in turns.
pub(crate) async fn measure(place: &Place, binary: &Path, sessions: u64, round: Round) -> Result<Vec<Figure>> {
    let measurement = place.measurement;
    let server = place.serve(binary).await?;
    drop(server.ready().await?);
    let kinds = kinds(place, sessions);
    let floor = floor(place, &server, &kinds).await?;
    let mut figures = Vec::new();
    for kind in &kinds {
        progress(&format!("{measurement}: {}", kind.name))?;
        let (mut real, mut bare) = (Rounds::default(), Rounds::default());
        for number in 0..=round.count {
            let cluster = place.cluster.as_deref();
            let of_server = load(&server, &kind.requests, kind.connections, round.time, cluster).await?;
            let of_floor = load(&floor, &kind.requests, kind.connections, round.time, cluster).await?;
            // Round 0 warms up and does not count.
            if number > 0 {
                real.add(&of_server);
                bare.add(&of_floor);
            }
        }
        figures.extend(real.figures(measurement, &format!("{}, iyagi", kind.name), kind.p99)?);
        figures.extend(bare.figures(measurement, &format!("{}, floor", kind.name), None)?);
        figures.extend(real.ratios(&bare, measurement, &format!("{}, ratio", kind.name), kind.at_least)?);
    }
    server.stop().await?;
    Ok(figures)
}

/// A bare server on the same database, whose answers are as long as the real one's.
async fn floor(place: &Place, server: &Server, kinds: &[Kind]) -> Result<Server> {
    let mut connection = Connection::open(server.address).await?;
    let mut sizes = Vec::new();
    for kind in kinds {
        let first = kind.requests.first().context("nothing to ask")?;
        sizes.push(first.send(&mut connection).await?.len().to_string());
    }
    let database = place.database();
    let mut arguments: Vec<&OsStr> = vec!["storage-floor".as_ref(), "--database".as_ref(), database.as_ref()];
    for (name, size) in ["--session-bytes", "--messages-bytes", "--chat-bytes"].into_iter().zip(&sizes) {
        arguments.extend([OsStr::new(name), OsStr::new(size)]);
    }
    Server::start(&std::env::current_exe()?, &arguments, &place.data.join("floor")).await
}

/// Look-ups among few sessions and among many, in turns.
pub(crate) async fn many_sessions(
    few: &Place,
    many: &Place,
    binary: &Path,
    (few_sessions, many_sessions): (u64, u64),
    round: Round,
) -> Result<Vec<Figure>> {
    let measurement = few.measurement;
    progress(&format!("{measurement}: look-ups among {many_sessions} sessions"))?;
    let (of_few, of_many) = (few.serve(binary).await?, many.serve(binary).await?);
    drop((of_few.ready().await?, of_many.ready().await?));
    let (ask_few, ask_many) = (lookups(few_sessions), lookups(many_sessions));
    let (mut among_few, mut among_many) = (Rounds::default(), Rounds::default());
    for number in 0..=round.count {
        let mut sides = [(&of_few, &ask_few, &mut among_few), (&of_many, &ask_many, &mut among_many)];
        if number % 2 == 1 {
            // Whoever comes second may find the machine otherwise.
            sides.reverse();
        }
        for (server, requests, rounds) in sides {
            let load = load(server, requests, CONNECTIONS, round.time, few.cluster.as_deref()).await?;
            if number > 0 {
                rounds.add(&load);
            }
        }
    }
    of_few.stop().await?;
    of_many.stop().await?;
    let of = |name: String, unit, values: &[f64]| Figure::of(measurement, name, unit, values);
    Ok(vec![
        of(format!("look-up among {few_sessions} sessions: p50"), "ms", &among_few.p50)?,
        of(format!("look-up among {many_sessions} sessions: p50"), "ms", &among_many.p50)?,
        of("look-up, ratio many to few: p50".into(), "x", &quotients(&among_many.p50, &among_few.p50))?
            .at_most(MANY_TARGET),
        of(
            "look-up, ratio many to few: time for each".into(),
            "x",
            &quotients(&among_few.per_second, &among_many.per_second),
        )?
        .at_most(MANY_TARGET),
        of(
            "look-up, ratio many to few: processor time, database included".into(),
            "x",
            &quotients(&among_many.all_micros(), &among_few.all_micros()),
        )?,
    ])
}

//! Opening and closing turns in this process, beside the same writes through a bare driver.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use futures::future::try_join_all;
use kernel::{Clock, MessageId, Money, PageLimit, SessionId, StoreId, SystemClock, TurnId};
use session_core::model::{
    Answer, BusinessMetadata, ClosedTurn, MessageStatus, NewTurn, TurnClosing, TurnOpening, TurnState, Usage,
};
use session_core::ports::{MessageRange, TurnRepository};
use session_core::testing::samples;
use uuid::Uuid;

use super::cluster::{Cluster, own_cpu_time};
use super::{LIFETIME, Round, filling};
use crate::floor::storage::fresh;
use crate::floor::turns::{ANSWER, FINGERPRINT, METADATA, MODEL, QUESTION, ROUTING, SOURCES, TurnIds, Turns};
use crate::load::{Load, Rounds, quotients, since};
use crate::report::{Figure, progress};
use crate::stats::p50_p99;

/// The most a turn in a long session may cost, times one in a usual session.
const LONG_TARGET: f64 = 1.1;
/// Turns in each kind of session in a round of the long ones.
const LONG_TURNS: usize = 60;

/// What opens a turn through the port.
pub(crate) fn new_turn(ids: &TurnIds, clock: &dyn Clock) -> NewTurn {
    let now = clock.now();
    NewTurn {
        id: TurnId::from_uuid(ids.turn),
        store: samples::store(),
        session: SessionId::from_uuid(ids.session),
        user: samples::session("kim").user,
        client_message_id: None,
        request_hash: FINGERPRINT.into(),
        question_id: MessageId::from_uuid(ids.question),
        question: QUESTION.into(),
        metadata: serde_json::json!({}),
        business: BusinessMetadata::default(),
        title: QUESTION.into(),
        opened_at: now,
        lease_until: now.plus(Duration::from_secs(20)),
        expires_at: now.plus(LIFETIME),
        again: None,
    }
}

/// What closes it.
pub(crate) fn closed_turn(ids: &TurnIds, clock: &dyn Clock) -> ClosedTurn {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_default();
    ClosedTurn {
        turn: TurnId::from_uuid(ids.turn),
        store: samples::store(),
        session: SessionId::from_uuid(ids.session),
        user: samples::session("kim").user,
        state: TurnState::Completed,
        answer: Some(Answer {
            id: MessageId::from_uuid(ids.answer),
            content: ANSWER.into(),
            status: MessageStatus::Complete,
            usage: Usage {
                prompt_tokens: 120,
                completion_tokens: 30,
                total_tokens: 150,
                cost: Some(Money::from_micros(310)),
                estimated: true,
            },
            model: Some(MODEL.into()),
            first_token_ms: Some(12),
            response_time_ms: Some(34),
            agent: Some("default".into()),
            routing: json(ROUTING),
            sources: serde_json::from_str(SOURCES).unwrap_or_default(),
            metadata: json(METADATA),
        }),
        closed_at: clock.now(),
        late: false,
    }
}

/// The real storage behind its port.
pub(crate) struct Port(pub(crate) Arc<dyn TurnRepository>);

#[async_trait]
impl Turns for Port {
    async fn open(&self, ids: &TurnIds) -> Result<()> {
        match self.0.open_turn(&new_turn(ids, &SystemClock)).await? {
            TurnOpening::Opened(_) => Ok(()),
            other => bail!("a turn was not opened: {other:?}"),
        }
    }

    async fn close(&self, ids: &TurnIds) -> Result<()> {
        match self.0.close_turn(&closed_turn(ids, &SystemClock)).await? {
            TurnClosing::Closed { answer: Some(_), .. } => Ok(()),
            other => bail!("a turn was not closed: {other:?}"),
        }
    }
}

/// The sides of a comparison; the first is ours.
pub(crate) type Sides = Vec<(&'static str, Arc<dyn Turns>)>;

/// Opens and closes turns one at a time and 16 at a time, the sides in turns.
pub(crate) async fn measure(
    measurement: &'static str,
    sides: &Sides,
    cluster: Option<&Cluster>,
    round: Round,
) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for clients in [1, 16] {
        progress(&format!("{measurement}: turns, {clients} at a time"))?;
        let mut rounds: Vec<Rounds> = sides.iter().map(|_| Rounds::default()).collect();
        for number in 0..=round.count {
            for ((_, side), rounds) in sides.iter().zip(&mut rounds) {
                let load = pairs(side, clients, round.time, cluster).await?;
                // Round 0 warms up and does not count.
                if number > 0 {
                    rounds.add(&load);
                }
            }
        }
        let what = format!("turn opened and closed, {clients} at a time");
        for ((side, _), rounds) in sides.iter().zip(&rounds) {
            figures.extend(rounds.figures(measurement, &format!("{what}, {side}"), None)?);
        }
        let ours = rounds.first().context("nothing to compare")?;
        for ((side, _), floor) in sides.iter().zip(&rounds).skip(1) {
            figures.extend(ours.ratios(floor, measurement, &format!("{what}, ratio to {side}"), None)?);
        }
    }
    Ok(figures)
}

/// Every client has sessions of its own, and goes round them.
async fn pairs(side: &Arc<dyn Turns>, clients: usize, time: Duration, cluster: Option<&Cluster>) -> Result<Load> {
    let (cpu, database) = (own_cpu_time(), cluster.and_then(Cluster::cpu_time));
    let begun = Instant::now();
    let tasks = (0..clients).map(|client| {
        let side = Arc::clone(side);
        tokio::spawn(async move {
            let mut waits = Vec::new();
            let mut number = client as u64;
            while begun.elapsed() < time {
                let ids = fresh(filling::session_id(1 + number % super::CHATTING));
                number += clients as u64;
                let asked = Instant::now();
                side.open(&ids).await?;
                side.close(&ids).await?;
                waits.push(asked.elapsed());
            }
            anyhow::Ok(waits)
        })
    });
    let mut waits = Vec::new();
    for client in try_join_all(tasks).await? {
        waits.extend(client?);
    }
    Ok(Load {
        took: begun.elapsed(),
        waits,
        cpu: since(own_cpu_time(), cpu),
        database_cpu: since(cluster.and_then(Cluster::cpu_time), database),
    })
}

/// A turn with its history read, in sessions of 10 and of 10,000 messages, alternating; nothing waits for a disk.
pub(crate) async fn long_sessions(
    measurement: &'static str,
    turns: &Arc<dyn TurnRepository>,
    round: Round,
) -> Result<Vec<Figure>> {
    progress(&format!("{measurement}: turns in long sessions"))?;
    let (mut usual, mut long) = (Vec::new(), Vec::new());
    let long_ids = filling::long_sessions();
    for number in 0..=round.count {
        let (mut of_usual, mut of_long) = (Vec::new(), Vec::new());
        for turn in 0..LONG_TURNS {
            // Usual sessions that no other measurement makes longer, each used but a few times.
            let place = u64::from(number) * LONG_TURNS as u64 + turn as u64;
            of_usual
                .push(whole_turn(turns, filling::session_id(super::CHATTING + 1 + place % super::UNTOUCHED)).await?);
            of_long.push(whole_turn(turns, long_ids[turn % long_ids.len()]).await?);
        }
        if number > 0 {
            usual.push(p50_p99(&of_usual).0);
            long.push(p50_p99(&of_long).0);
        }
    }
    let of = |name: String, unit, values: &[f64]| Figure::of(measurement, name, unit, values);
    Ok(vec![
        of(format!("turn with history, session of {} messages: p50", filling::MESSAGES), "ms", &usual)?,
        of(format!("turn with history, session of {} messages: p50", filling::LONG), "ms", &long)?,
        of("turn with history, ratio long to usual".into(), "x", &quotients(&long, &usual))?.at_most(LONG_TARGET),
    ])
}

async fn whole_turn(turns: &Arc<dyn TurnRepository>, session: Uuid) -> Result<Duration> {
    let ids = fresh(session);
    let limit = PageLimit::new(filling::MESSAGES as usize).context("no page is that long")?;
    let store: StoreId = samples::store();
    let asked = Instant::now();
    let TurnOpening::Opened(opened) = turns.open_turn(&new_turn(&ids, &SystemClock)).await? else {
        bail!("a turn was not opened");
    };
    let range = MessageRange::Before(opened.question.sequence);
    let history = turns.messages(&store, SessionId::from_uuid(session), range, limit).await?;
    ensure!(history.items.len() == limit.get(), "the history has {} messages", history.items.len());
    turns.close_turn(&closed_turn(&ids, &SystemClock)).await?;
    Ok(asked.elapsed())
}

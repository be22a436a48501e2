//! Three servers behind one address, one of which is killed every second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::join_all;
use test_support::postgres::TestDatabase;
use test_support::{postgres, redis, require};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::asking::{Attempt, End, Talk};
use super::{LEASE, MARGIN, kept, sharing};
use crate::support::{Api, Balancer, Server};

const SERVERS: usize = 3;
const CLIENTS: usize = 12;
/// Between two kills.
const BEAT: Duration = Duration::from_secs(1);
/// What a client may need when all servers are there again: the lease of a turn that died, and its last question.
const LIMIT: Duration = Duration::from_secs(2 * (LEASE.as_secs() + MARGIN.as_secs()));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_redis_a_minute_of_kills_loses_nothing_and_whoever_comes_back_hears_how_each_question_ended() {
    let database = require!(postgres::database().await);
    let server = require!(redis::server().await);
    let prefix = redis::prefix();
    killed_again_and_again(&database, &sharing(server, &prefix), Duration::from_mins(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_kills_lose_nothing_either() {
    let database = require!(postgres::database().await);
    killed_again_and_again(&database, &[], Duration::from_secs(20)).await;
}

async fn killed_again_and_again(database: &TestDatabase, variables: &[(&str, &str)], time: Duration) {
    let variables = [&[("DATABASE_URL", database.url.as_str())], variables].concat();
    let servers = join_all((0..SERVERS).map(|_| Server::start_with(&variables))).await;
    let balancer = Balancer::over(servers.iter().map(Server::base)).await;
    let (over, shared) = (watch::Sender::new(false), Arc::new(Shared::default()));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let client = Client { number, api: Api::unpooled(balancer.base()), shared: Arc::clone(&shared) };
            tokio::spawn(client.run(over.subscribe()))
        })
        .collect();
    let (servers, kills) = kill_in_turn(servers, time).await;
    over.send_replace(true);
    let talks = async { join_all(clients).await.into_iter().flat_map(Result::unwrap).collect::<Vec<Talk>>() };
    let talks = tokio::time::timeout(LIMIT, talks).await.expect("a client hangs");

    let told: Vec<&End> = talks.iter().flat_map(|talk| &talk.told).map(|told| &told.end).collect();
    let answered = told.iter().filter(|end| matches!(end, End::Answered { .. })).count();
    let longest = Duration::from_millis(shared.longest.load(Ordering::Relaxed));
    eprintln!(
        "{kills} kills; {} sessions, {} questions: {answered} answered, {} interrupted; {} cut, {} reads behind; the longest: {longest:?}",
        talks.len(),
        told.len(),
        told.len() - answered,
        shared.cut.load(Ordering::Relaxed),
        shared.behind.load(Ordering::Relaxed),
    );
    assert!(shared.cut.load(Ordering::Relaxed) > 0, "no kill met anybody");
    kept::check(database, &servers, &talks).await;
}

/// Kills the servers one after the other, and starts each again where it was.
async fn kill_in_turn(servers: Vec<Server>, time: Duration) -> (Vec<Server>, usize) {
    let mut running: Vec<JoinHandle<Server>> =
        servers.into_iter().map(|server| tokio::spawn(async { server })).collect();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    beat.tick().await;
    let (begun, mut kills) = (Instant::now(), 0);
    while begun.elapsed() < time {
        beat.tick().await;
        let next = &mut running[kills % SERVERS];
        let mut server = (&mut *next).await.unwrap();
        server.kill9();
        *next = tokio::spawn(async {
            server.restart_there().await;
            server
        });
        kills += 1;
    }
    (join_all(running).await.into_iter().map(Result::unwrap).collect(), kills)
}

/// What all clients tell the test.
#[derive(Default)]
struct Shared {
    cut: AtomicU64,
    /// Reads that did not have what their reader had been told already.
    behind: AtomicU64,
    /// Milliseconds from when a question was asked until whoever asked knew how it ended.
    longest: AtomicU64,
}

/// Somebody who asks one question after the other. Where a server dies meanwhile, that session is left to see how it
/// goes on, and a new one is begun.
struct Client {
    number: usize,
    api: Api,
    shared: Arc<Shared>,
}

impl Client {
    async fn run(self, over: watch::Receiver<bool>) -> Vec<Talk> {
        let client = Arc::new(self);
        let (mut talks, mut settling) = (Vec::new(), Vec::new());
        for visit in 0.. {
            if *over.borrow() {
                break;
            }
            let user = format!("user-{}-{visit}", client.number);
            let Some(mut talk) = Talk::begin(&client.api, user).await else { continue };
            match client.until_cut(&mut talk, &over).await {
                Some(attempt) => settling.push(tokio::spawn(Arc::clone(&client).settle(talk, attempt))),
                None => talks.push(talk),
            }
        }
        talks.extend(join_all(settling).await.into_iter().map(Result::unwrap));
        talks
    }

    /// Asks until it is over, or a connection breaks in the middle of a question.
    async fn until_cut(&self, talk: &mut Talk, over: &watch::Receiver<bool>) -> Option<Attempt> {
        while !*over.borrow() {
            let mut attempt = talk.next_question();
            match attempt.go_on(&self.api).await {
                Some(end) => self.heard(talk, attempt, end).await,
                None => return Some(attempt),
            }
        }
        None
    }

    /// Hears how a question ended after all, then has a last one answered: no session stays blocked.
    async fn settle(self: Arc<Self>, mut talk: Talk, mut attempt: Attempt) -> Talk {
        self.shared.cut.fetch_add(1, Ordering::Relaxed);
        let mut last = false;
        loop {
            let Some(end) = attempt.go_on(&self.api).await else { continue };
            let answered = matches!(end, End::Answered { .. });
            self.heard(&mut talk, attempt, end).await;
            if last && answered {
                return talk;
            }
            last = true;
            attempt = talk.next_question();
        }
    }

    async fn heard(&self, talk: &mut Talk, attempt: Attempt, end: End) {
        let waited = attempt.asked_at.elapsed();
        self.shared.longest.fetch_max(waited.as_millis() as u64, Ordering::Relaxed);
        talk.heard(attempt, end);
        let behind = talk.check_session(&self.api).await;
        self.shared.behind.fetch_add(behind, Ordering::Relaxed);
    }
}

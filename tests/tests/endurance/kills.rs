//! `kill -9` at random moments, again and again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use test_support::wait::wait_until;
use tokio::{sync::watch, task::JoinHandle};

use super::ledger::{Acknowledged, assert_kept};
use super::{Dice, Home, LEASE, MARGIN, QUESTION, on_each_database};
use crate::support::{Api, Outcome};

const KILLS: usize = 30;
/// Sessions that come new with each round, so that every kill meets turns that are being answered.
const SESSIONS: usize = 6;
/// How long a session may wait for its next answer on a database that one process alone uses: its start closes
/// what the one before left open. What is allowed is the worst day of a busy machine.
const AT_ONCE: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_mins(2);

on_each_database! {
    thirty_kills_under_load_lose_nothing_double_nothing_and_block_no_session
}

async fn thirty_kills_under_load_lose_nothing_double_nothing_and_block_no_session(home: &Home) {
    let mut dice = Dice::new();
    let mut server = home.server().await;
    let running = watch::Sender::new(Some((server.api(), Instant::now())));
    let answered = Arc::new(AtomicU64::new(0));
    let mut talks = Vec::new();
    let begun = Instant::now();
    for round in 0..KILLS {
        for number in 0..SESSIONS {
            let user = format!("user-{round}-{number}");
            let session = server.api().new_session(&user).await;
            let talk = Talk { user, session, acknowledged: Vec::new(), interrupted: Vec::new() };
            let (ended, hears) = (watch::Sender::new(false), running.subscribe());
            talks.push((tokio::spawn(talk.run(hears, ended.subscribe(), Arc::clone(&answered))), ended));
        }
        // Some answers are awaited, then some milliseconds: the kill may meet a turn at any of its stages.
        let awaited = answered.load(Ordering::Relaxed) + dice.below(8);
        let enough = wait_until(LIMIT, async || answered.load(Ordering::Relaxed) >= awaited).await;
        assert_eq!(enough, Ok(()), "questions are not answered: {}", server.stderr());
        tokio::time::sleep(Duration::from_millis(dice.below(40))).await;
        running.send_replace(None);
        server.kill9();
        for (_, ended) in &talks[round * SESSIONS..] {
            ended.send_replace(true);
        }
        server.restart().await;
        running.send_replace(Some((server.api(), Instant::now())));
    }
    eprintln!("{KILLS} kills: {:?}, {} answers", begun.elapsed(), answered.load(Ordering::Relaxed));

    let allowed = match home {
        Home::Sqlite => AT_ONCE,
        Home::Postgres(_) => LEASE + MARGIN,
    };
    let mut longest = Duration::ZERO;
    let mut repeated = 0;
    for (talk, _) in talks {
        let (talk, waited) = finished(talk).await;
        longest = longest.max(waited);
        repeated += talk.interrupted.len();
        talk.check(&server.api()).await;
    }
    eprintln!("{:?} until the last was done; the longest wait after a kill: {longest:?}", begun.elapsed());
    assert!(longest < allowed, "a session was blocked for {longest:?}");
    assert!(repeated > 0, "no kill met a turn");
}

async fn finished(talk: JoinHandle<(Talk, Duration)>) -> (Talk, Duration) {
    tokio::time::timeout(LIMIT, talk).await.expect("a session is blocked").unwrap()
}

/// A server that runs, and since when.
type Running = watch::Receiver<Option<(Api, Instant)>>;

/// A session, and what whoever talks in it was told.
struct Talk {
    user: String,
    session: String,
    acknowledged: Vec<Acknowledged>,
    /// Questions whose turns were told to be interrupted.
    interrupted: Vec<String>,
}

impl Talk {
    /// Asks one question after the other until `ended`, then a last one. Gives how long after the start of the
    /// server that answered it that was.
    async fn run(
        mut self,
        mut running: Running,
        ended: watch::Receiver<bool>,
        answered: Arc<AtomicU64>,
    ) -> (Self, Duration) {
        for number in 0.. {
            let last = *ended.borrow();
            let waited = self.ask(number, &mut running, &answered).await;
            if let (true, Some(waited)) = (last, waited) {
                return (self, waited);
            }
        }
        unreachable!("it goes on until it is ended")
    }

    /// Asks, and asks the same again for as long as nobody says what became of it. `None` when its turn was
    /// interrupted, else how long after the server's start it was answered.
    async fn ask(&mut self, number: usize, running: &mut Running, answered: &AtomicU64) -> Option<Duration> {
        let question = self.question(number);
        loop {
            let (api, started) = running.wait_for(Option::is_some).await.unwrap().clone().unwrap();
            match api.try_ask(&self.body(&question)).await {
                Outcome::Done(reply) => {
                    answered.fetch_add(1, Ordering::Relaxed);
                    self.acknowledged.push(Acknowledged { question, reply });
                    return Some(started.elapsed());
                }
                interrupted @ Outcome::Refused { .. } => {
                    assert!(interrupted.is_refused(409, "TURN_INTERRUPTED"), "{interrupted:?}");
                    self.interrupted.push(question);
                    return None;
                }
                Outcome::Broken(why) => {
                    assert!(running.has_changed().unwrap(), "a connection broke although the server runs: {why}");
                }
            }
        }
    }

    fn question(&self, number: usize) -> String {
        format!("{QUESTION} {} {number}", self.user)
    }

    fn body(&self, question: &str) -> serde_json::Value {
        json!({"message": question, "userId": self.user, "sessionId": self.session, "clientMessageId": question})
    }

    /// Holds what was told against what is kept, then repeats what was answered last.
    async fn check(&self, api: &Api) {
        let messages = api.messages(&self.user, &self.session).await;
        assert_kept(&messages, &self.acknowledged);
        let with = |question: &str| messages.iter().filter(|message| message["content"] == question).count();
        for question in self.acknowledged.iter().map(|told| &told.question).chain(&self.interrupted) {
            assert_eq!(with(question), 1, "{question} was asked once: {messages:#?}");
        }
        assert_eq!(messages.iter().filter(|message| message["role"] == "user").count(), self.asked(), "{messages:#?}");
        let Acknowledged { question, reply } = self.acknowledged.last().unwrap();
        let again = api.ask(&self.body(question)).await;
        assert_eq!((&again["turnId"], &again["messageId"]), (&reply["turnId"], &reply["messageId"]));
        assert_eq!(api.messages(&self.user, &self.session).await.len(), messages.len());
    }

    fn asked(&self) -> usize {
        self.acknowledged.len() + self.interrupted.len()
    }
}

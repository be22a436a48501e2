//! PostgreSQL goes away under load and comes back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use test_support::{postgres::RestartableServer, require, wait::wait_until};

use super::ledger::{Acknowledged, assert_kept};
use super::{LEASE, MARGIN, QUESTION};
use crate::support::{Api, Outcome, Server};

const OUTAGES: usize = 3;
const ASKERS: usize = 24;
const LIMIT: Duration = Duration::from_mins(1);

/// A server with a PostgreSQL of its own, which each question waits for as long as is told.
pub(super) async fn server_on(postgres: &RestartableServer, patience: &str) -> Server {
    let url = postgres.url();
    let variables = [("DATABASE_URL", url.as_str()), ("IYAGI__DATABASE__CONNECTION_TIMEOUT_SECONDS", patience)];
    Server::start_with(&variables).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_refused_while_postgresql_is_away_and_answered_when_it_is_back() {
    let mut postgres = require!(RestartableServer::new().await);
    let server = server_on(&postgres, "1").await;
    let shared = Arc::new(Shared::default());
    let mut askers = Vec::new();
    for number in 0..ASKERS {
        let user = format!("user-{number}");
        let session = server.api().new_session(&user).await;
        let asker = Asker {
            user,
            session,
            api: server.api(),
            shared: Arc::clone(&shared),
            told: Vec::new(),
            refused: Vec::new(),
        };
        askers.push(tokio::spawn(asker.run()));
    }
    for _ in 0..OUTAGES {
        let answered = shared.answered.load(Ordering::Relaxed);
        shared.wait("answers", async || shared.answered.load(Ordering::Relaxed) >= answered + 2 * ASKERS as u64).await;
        let refused = shared.refused.load(Ordering::Relaxed);
        postgres.stop().await.unwrap();
        shared.wait("refusals", async || shared.refused.load(Ordering::Relaxed) >= refused + ASKERS as u64).await;
        postgres.start().await.unwrap();

        let back = Instant::now();
        shared.latest.lock().unwrap().clear();
        shared.wait("an answer for everybody", async || shared.latest.lock().unwrap().len() == ASKERS).await;
        let took = back.elapsed();
        eprintln!("everybody was answered {took:?} after PostgreSQL was back");
        assert!(took < LEASE + MARGIN, "a session was blocked for {took:?}");
    }
    shared.over.store(true, Ordering::Relaxed);
    for asker in askers {
        let asker = asker.await.unwrap();
        let messages = asker.api.messages(&asker.user, &asker.session).await;
        assert_kept(&messages, &asker.told);
        for question in &asker.refused {
            let there = messages.iter().filter(|message| message["content"] == *question).count();
            assert!(there <= 1, "{question} is there {there} times: {messages:#?}");
        }
    }
    let failures = shared.failures.lock().unwrap().clone();
    eprintln!("{} answers; failures: {failures:?}", shared.answered.load(Ordering::Relaxed));
    let away = (503, "STORAGE_UNAVAILABLE".to_owned(), true);
    assert_eq!(failures.keys().collect::<Vec<_>>(), [&away], "{failures:?}\n{}", server.stderr());
}

/// What all askers tell the test.
#[derive(Default)]
struct Shared {
    answered: AtomicU64,
    refused: AtomicU64,
    over: AtomicBool,
    /// Who was answered since this was cleared.
    latest: Mutex<BTreeSet<String>>,
    /// How often something failed with a status, a code, and whether it said when to come back.
    failures: Mutex<BTreeMap<(u16, String, bool), usize>>,
}

impl Shared {
    async fn wait<F: Future<Output = bool>>(&self, for_what: &str, condition: impl FnMut() -> F) {
        let so = wait_until(LIMIT, condition).await;
        let latest = self.latest.lock().unwrap().clone();
        assert_eq!(so, Ok(()), "{for_what}; failures: {:?}; answered: {latest:?}", self.failures.lock().unwrap());
    }
}

/// Somebody who asks one question after the other.
struct Asker {
    user: String,
    session: String,
    api: Api,
    shared: Arc<Shared>,
    told: Vec<Acknowledged>,
    /// Questions that were not answered; they may be there or not.
    refused: Vec<String>,
}

impl Asker {
    async fn run(mut self) -> Self {
        for number in 0.. {
            if self.shared.over.load(Ordering::Relaxed) {
                break;
            }
            self.ask(format!("{QUESTION} {number}")).await;
        }
        self
    }

    /// Asks once: a turn that failed stays failed, so what is refused is given up.
    async fn ask(&mut self, question: String) {
        let body = json!({
            "message": question, "userId": self.user, "sessionId": self.session, "clientMessageId": question,
        });
        match self.api.try_ask(&body).await {
            Outcome::Done(reply) => {
                self.told.push(Acknowledged { question, reply });
                self.shared.answered.fetch_add(1, Ordering::Relaxed);
                self.shared.latest.lock().unwrap().insert(self.user.clone());
            }
            Outcome::Refused { status, code, retry_after } => {
                self.refused.push(question);
                self.shared.refused.fetch_add(1, Ordering::Relaxed);
                let failure = (status, code, retry_after.is_some_and(|seconds| seconds > 0));
                *self.shared.failures.lock().unwrap().entry(failure).or_default() += 1;
            }
            Outcome::Broken(why) => panic!("a connection broke: {why}"),
        }
    }
}

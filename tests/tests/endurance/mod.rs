//! What holds whatever happens: under load, kills, outages of the database, on several instances, and for
//! requests that make no sense.

use std::{env, time::Duration};

use futures::future::join;
use test_support::{postgres::TestDatabase, redis::RedisServer};

use crate::support::Server;

mod asking;
mod cancelling;
mod documents;
mod instances;
mod kept;
mod kills;
mod ledger;
mod limits;
mod load;
mod malformed;
mod orphans;
mod outage;
mod redis;
mod regenerating;
mod resuming;
mod rolling;
mod spool;
mod streams;

/// A question that the sample documents answer.
const QUESTION: &str = "제주도는 배송비가 얼마예요?";
/// How long a turn blocks its session when nobody answers it any more.
const LEASE: Duration = Duration::from_secs(20);
/// What a busy machine and the sweep for such turns may add to that.
const MARGIN: Duration = Duration::from_secs(10);

/// The variables of a server that shares a Redis with others: what they share is waited for, however busy the machine
/// is. Going on without Redis is proven elsewhere.
fn sharing<'a>(redis: &'a RedisServer, prefix: &'a str) -> [(&'a str, &'a str); 3] {
    [("REDIS_URL", redis.url()), ("IYAGI__REDIS__PREFIX", prefix), ("IYAGI__REDIS__PATIENCE_MS", "1000")]
}

/// Where a server keeps conversations.
enum Home {
    Sqlite,
    Postgres(TestDatabase),
}

impl Home {
    async fn server(&self) -> Server {
        self.server_with(&[]).await
    }

    /// A server with environment variables of its own.
    async fn server_with(&self, variables: &[(&str, &str)]) -> Server {
        let mut variables = variables.to_vec();
        if let Self::Postgres(database) = self {
            variables.push(("DATABASE_URL", &database.url));
        }
        Server::start_with(&variables).await
    }

    /// Two servers on the same database.
    async fn two_servers(&self, variables: &[(&str, &str)]) -> (Server, Server) {
        join(self.server_with(variables), self.server_with(variables)).await
    }
}

/// Makes two tests of each proof: one on SQLite, one on PostgreSQL.
macro_rules! on_each_database {
    ($($proof:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $proof() {
                    super::$proof(&super::Home::Sqlite).await;
                }
            )*
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $proof() {
                    let database = test_support::require!(test_support::postgres::database().await);
                    super::$proof(&super::Home::Postgres(database)).await;
                }
            )*
        }
    };
}
use on_each_database;

/// Numbers that look random and are the same for the same seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    /// Seeded by `IYAGI_TEST_SEED`, else by chance; the seed is shown when the test fails.
    fn new() -> Self {
        use std::hash::{BuildHasher, RandomState};
        let named = env::var("IYAGI_TEST_SEED").ok().map(|seed| seed.parse().expect("IYAGI_TEST_SEED is a number"));
        let seed = named.unwrap_or_else(|| RandomState::new().hash_one(0));
        eprintln!("IYAGI_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

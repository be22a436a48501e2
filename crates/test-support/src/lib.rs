//! Real servers for tests: finds PostgreSQL, Redis, Chroma and a browser on this machine, runs throw-away
//! ones, and leaves nothing behind however the test process ends.
//!
//! Nothing here is started before a test asks for it. PostgreSQL, Redis and Chroma are shared by all
//! tests of one process, which keep apart through a database ([`postgres::database`]) or a prefix of names
//! ([`redis::prefix`], [`chroma::prefix`]) each. A browser driver belongs to the test that started it, as does a PostgreSQL
//! server that is to be stopped and started again ([`postgres::RestartableServer`]).
//!
//! ```no_run
//! # async fn example() {
//! let database = test_support::require!(test_support::postgres::database().await);
//! println!("{}", database.url);
//! # }
//! ```
//!
//! | variable | effect |
//! |---|---|
//! | `TEST_DATABASE_URL` | use this PostgreSQL server instead of starting one; its user may create databases |
//! | `TEST_REDIS_URL` | use this Redis server instead of starting one |
//! | `TEST_CHROMA_URL` | use this Chroma server instead of starting one |
//! | `CI=true`, `IYAGI_TEST_REQUIRE_SERVERS=1` | a missing server fails the test instead of skipping it |
//! | `IYAGI_TEST_TOOLS` | where `scripts/test.sh` unpacked servers, `target/test-tools` by default |
//! | `IYAGI_TEST_SKIPPED` | a file that gets one line for each skipped test |

pub mod browser;
pub mod chroma;
mod launch;
pub mod locate;
pub mod ports;
pub mod postgres;
pub mod redis;
pub mod sql;
pub mod temp;
mod unavailable;
pub mod wait;
pub mod watchdog;

pub use unavailable::{Unavailable, skip_or_panic};

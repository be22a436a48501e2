//! The contract of [`AdvisorFacts`], as tests that any storage runs:
//!
//! ```text
//! chat_analytics::advisor_contract!(async { Some(FactsFixture { facts, arrange, guard }) });
//! ```
//!
//! A fixture that answers `None` (no server to be had) skips the case; it must have said so loudly.
#![allow(missing_docs)] // the names of the cases are sentences

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kernel::testing::ManualClock;
use kernel::{Clock, StoreId, Timestamp, UserId};

use crate::advisor::{AdvisorFacts, CONCURRENT, MONTH};

/// Puts into a storage what its facts are then counted from.
#[async_trait]
pub trait Arrange: Send + Sync {
    /// Stores a session.
    async fn session(&self, session: UsedSession);
    /// Stores an opinion of an answer. Each is of a user of its own.
    async fn opinion(&self, opinion: GivenOpinion);
}

/// A session that was used.
#[derive(Debug, Clone)]
pub struct UsedSession {
    /// Its store.
    pub store: StoreId,
    /// Whose it is.
    pub user: UserId,
    /// When it was used last.
    pub last_active_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether it is active; ended otherwise.
    pub active: bool,
}

/// An opinion in one of two scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opinion {
    /// Thumb up.
    Up,
    /// Thumb down.
    Down,
    /// 1 (bad) to 5 (good).
    Rating(u8),
}

impl Opinion {
    /// Whether it is a bad one.
    pub const fn is_low(self) -> bool {
        matches!(self, Self::Down | Self::Rating(0..=2))
    }
}

/// What somebody thought of an answer.
#[derive(Debug, Clone)]
pub struct GivenOpinion {
    /// Who.
    pub user: UserId,
    /// The verdict.
    pub rating: Opinion,
    /// In their own words.
    pub comment: Option<String>,
    /// When.
    pub given_at: Timestamp,
}

/// A storage under test, fresh and empty.
pub struct FactsFixture {
    /// Its facts.
    pub facts: Arc<dyn AdvisorFacts>,
    /// Fills it.
    pub arrange: Arc<dyn Arrange>,
    /// Kept until the test ends: a temporary folder, a database to drop.
    pub guard: Box<dyn Any + Send + Sync>,
}

/// The moment at which facts are asked for.
fn now() -> Timestamp {
    ManualClock::new().now()
}

fn used(store: &str, user: &str, ago: Duration) -> UsedSession {
    UsedSession {
        store: StoreId::new(store).unwrap(),
        user: UserId::new(user).unwrap(),
        last_active_at: now().minus(ago),
        expires_at: now().plus(Duration::from_hours(1)),
        active: true,
    }
}

const INSTANT: Duration = Duration::from_micros(1);

pub async fn an_empty_storage_has_no_users_and_no_complaints(fixture: &FactsFixture) {
    let facts = &fixture.facts;
    assert_eq!(facts.concurrent_users(now()).await.unwrap(), 0);
    assert_eq!(facts.monthly_users(now()).await.unwrap(), 0);
    assert_eq!(facts.speed_complaints(now()).await.unwrap(), 0);
}

pub async fn concurrent_users_have_an_active_session_of_the_last_quarter_of_an_hour(fixture: &FactsFixture) {
    let seconds = Duration::from_secs;
    for session in [
        used("a", "now", seconds(0)),
        used("a", "at the boundary", CONCURRENT),
        used("a", "too long ago", CONCURRENT + INSTANT),
        UsedSession { active: false, ..used("a", "ended", seconds(1)) },
        UsedSession { expires_at: now(), ..used("a", "expired", seconds(1)) },
        UsedSession { expires_at: now().plus(INSTANT), ..used("a", "about to expire", seconds(1)) },
    ] {
        fixture.arrange.session(session).await;
    }
    assert_eq!(fixture.facts.concurrent_users(now()).await.unwrap(), 3);
}

pub async fn a_user_counts_once_in_each_store(fixture: &FactsFixture) {
    for (store, user, ago) in [("a", "kim", 1), ("a", "kim", 2), ("b", "kim", 3), ("a", "lee", 4)] {
        fixture.arrange.session(used(store, user, Duration::from_secs(ago))).await;
    }
    assert_eq!(fixture.facts.concurrent_users(now()).await.unwrap(), 3);
    assert_eq!(fixture.facts.monthly_users(now()).await.unwrap(), 3);
}

pub async fn monthly_users_used_a_session_in_whatever_state_within_thirty_days(fixture: &FactsFixture) {
    for session in [
        used("a", "at the boundary", MONTH),
        used("a", "too long ago", MONTH + INSTANT),
        UsedSession { active: false, ..used("a", "ended", Duration::from_hours(100)) },
        UsedSession { expires_at: now().minus(INSTANT), ..used("a", "expired", Duration::from_hours(200)) },
    ] {
        fixture.arrange.session(session).await;
    }
    assert_eq!(fixture.facts.monthly_users(now()).await.unwrap(), 3);
}

pub async fn complaints_are_low_verdicts_of_the_month_that_speak_of_slowness(fixture: &FactsFixture) {
    let given = |user: &str, rating, comment: Option<&str>, ago: Duration| GivenOpinion {
        user: UserId::new(user).unwrap(),
        rating,
        comment: comment.map(str::to_owned),
        given_at: now().minus(ago),
    };
    let slow = Some("답변이 너무 느려요");
    for opinion in [
        given("down", Opinion::Down, slow, Duration::ZERO),
        given("one", Opinion::Rating(1), Some("takes too long"), INSTANT),
        given("two", Opinion::Rating(2), slow, MONTH),
        given("three", Opinion::Rating(3), slow, INSTANT),
        given("up", Opinion::Up, slow, INSTANT),
        given("old", Opinion::Down, slow, MONTH + INSTANT),
        given("wrong", Opinion::Down, Some("틀렸어요"), INSTANT),
        given("silent", Opinion::Down, None, INSTANT),
    ] {
        fixture.arrange.opinion(opinion).await;
    }
    assert_eq!(fixture.facts.speed_complaints(now()).await.unwrap(), 3);
}

/// Makes every case of the contract a test. `$fixture` is an expression that is a future of
/// `Option<FactsFixture>`.
#[macro_export]
macro_rules! advisor_contract {
    ($fixture:expr) => {
        $crate::advisor_contract!(@cases $fixture;
            an_empty_storage_has_no_users_and_no_complaints,
            concurrent_users_have_an_active_session_of_the_last_quarter_of_an_hour,
            a_user_counts_once_in_each_store,
            monthly_users_used_a_session_in_whatever_state_within_thirty_days,
            complaints_are_low_verdicts_of_the_month_that_speak_of_slowness);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            if let Some(fixture) = $fixture.await {
                $crate::testing::contract::$case(&fixture).await;
            }
        })+
    };
}

#[cfg(test)]
mod memory {
    use std::sync::Arc;

    use super::FactsFixture;
    use crate::testing::MemoryFacts;

    crate::advisor_contract!(async {
        let facts = Arc::new(MemoryFacts::default());
        Some(FactsFixture { facts: facts.clone(), arrange: facts, guard: Box::new(()) })
    });
}

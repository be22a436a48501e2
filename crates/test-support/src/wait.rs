//! Waiting for something to become true, so that no test needs a bare sleep.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long to rest between two looks; short beside everything that is waited for.
const PAUSE: Duration = Duration::from_millis(20);

/// What was waited for did not happen in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("still not so after {limit:?}")]
pub struct TimedOut {
    /// How long was waited.
    pub limit: Duration,
}

/// Looks again and again until `condition` holds.
///
/// # Errors
/// [`TimedOut`] when it does not hold within `limit`; it is looked at once at least.
pub async fn wait_until<F>(limit: Duration, mut condition: impl FnMut() -> F) -> Result<(), TimedOut>
where
    F: Future<Output = bool>,
{
    wait_for(limit, || {
        let holds = condition();
        async { holds.await.then_some(()) }
    })
    .await
}

/// Looks again and again until `find` yields something.
///
/// # Errors
/// [`TimedOut`] when nothing came within `limit`; it is looked at once at least.
pub async fn wait_for<T, F>(limit: Duration, mut find: impl FnMut() -> F) -> Result<T, TimedOut>
where
    F: Future<Output = Option<T>>,
{
    let started = Instant::now();
    loop {
        if let Some(found) = find().await {
            return Ok(found);
        }
        if started.elapsed() >= limit {
            return Err(TimedOut { limit });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// [`wait_until`] for tests without a runtime.
///
/// # Errors
/// [`TimedOut`] when the condition does not hold within `limit`.
pub fn wait_until_blocking(limit: Duration, mut condition: impl FnMut() -> bool) -> Result<(), TimedOut> {
    let started = Instant::now();
    while !condition() {
        if started.elapsed() >= limit {
            return Err(TimedOut { limit });
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_ends_as_soon_as_the_condition_holds() {
        let mut looks = 0;
        let waited = wait_until(Duration::from_secs(10), || {
            looks += 1;
            std::future::ready(looks == 3)
        });
        assert_eq!(waited.await, Ok(()));
        assert_eq!(looks, 3);
    }

    #[tokio::test]
    async fn waiting_gives_up_at_the_limit_and_says_how_long_it_was() {
        let limit = Duration::from_millis(30);
        let waited = wait_until(limit, async || false).await;
        assert_eq!(waited, Err(TimedOut { limit }));
        assert_eq!(wait_until_blocking(limit, || false), Err(TimedOut { limit }));
    }

    #[tokio::test]
    async fn waiting_for_a_value_yields_it() {
        let found = wait_for(Duration::ZERO, async || Some(7)).await;
        assert_eq!(found, Ok(7));
    }
}

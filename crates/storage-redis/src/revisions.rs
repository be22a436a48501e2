//! Revisions that are asked for at the same time, asked of Redis at once.
//!
//! A revision is a few bytes; what it costs is the way there and back. Requests on one thread that wait for the same
//! thing share it. A look-up is part of nothing that was sent before it was asked for, so it sees every write that was
//! told of before.

use std::cell::RefCell;

use redis::{Pipeline, RedisResult, Value, from_redis_value};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

use crate::cache::RedisCache;

/// The most look-ups that go together: what waits behind them waits no longer than for so many.
const MOST: usize = 256;

thread_local! {
    /// What waits on this thread, by link.
    static WAITING: RefCell<Vec<(u64, Waiting)>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Waiting {
    queue: Vec<LookUp>,
    /// Whether somebody asks for what waits: one at a time, so that much goes together.
    asking: bool,
}

struct LookUp {
    entry: String,
    answer: oneshot::Sender<Option<u64>>,
}

impl RedisCache {
    /// The revision of the value of an entry, if there is one that can be trusted.
    pub(crate) async fn revision_of(&self, entry: String) -> Option<u64> {
        let runtime = Handle::try_current().ok()?;
        let (answer, answered) = oneshot::channel();
        let look_up = LookUp { entry, answer };
        if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
            self.look_up(vec![look_up]).await;
        } else if enqueue(self.link.name(), look_up) {
            // Given back however it ends: those who wait then read for themselves. In a task of its own: a caller that
            // goes away takes nobody's answer along.
            let (cache, asking) = (self.clone(), Asking(self.link.name()));
            runtime.spawn(async move { cache.ask_for_all(asking).await });
        }
        answered.await.ok().flatten()
    }

    async fn ask_for_all(&self, asking: Asking) {
        while let Some(look_ups) = asking.next() {
            self.look_up(look_ups).await;
        }
    }

    async fn look_up(&self, look_ups: Vec<LookUp>) {
        let read = self.link.read_on(async |connection| -> RedisResult<Vec<Option<u64>>> {
            let mut commands = Pipeline::with_capacity(look_ups.len() + 1);
            for look_up in &look_ups {
                commands.cmd("HGET").arg(&look_up.entry).arg("v");
            }
            // Last: what was written in this epoch before it was asked for is good now.
            commands.cmd("GET").arg(self.link.keys().epoch());
            // One that is of another kind is no trouble of the others.
            commands.ignore_errors();
            let answers: Vec<RedisResult<Value>> = commands.query_async(connection).await?;
            Ok(understood(answers))
        });
        let revisions = read.await.unwrap_or_default();
        for (look_up, revision) in look_ups.into_iter().zip(revisions) {
            // Whoever went away needs nothing.
            look_up.answer.send(revision).ok();
        }
    }
}

/// What is not understood is left to those who read the entry.
fn understood(mut answers: Vec<RedisResult<Value>>) -> Vec<Option<u64>> {
    let epoch = answers.pop().and_then(Result::ok).and_then(|epoch| from_redis_value::<Option<String>>(epoch).ok());
    let Some(Some(epoch)) = epoch else { return Vec::new() };
    let revision = |answer: RedisResult<Value>| {
        let shown: Option<String> = from_redis_value(answer.ok()?).ok()?;
        let (written_in, revision) = shown.as_deref()?.split_once(' ')?;
        (written_in == epoch).then(|| revision.parse().ok())?
    };
    answers.into_iter().map(revision).collect()
}

/// Adds a look-up; whether somebody has to begin to ask.
fn enqueue(link: u64, look_up: LookUp) -> bool {
    WAITING.with_borrow_mut(|waiting| {
        let place = waiting.iter().position(|(of, _)| *of == link).unwrap_or_else(|| {
            waiting.push((link, Waiting::default()));
            waiting.len() - 1
        });
        let waiting = &mut waiting[place].1;
        waiting.queue.push(look_up);
        !std::mem::replace(&mut waiting.asking, true)
    })
}

/// The right to ask for what waits, again and again.
struct Asking(u64);

impl Asking {
    /// The look-ups that go next, in the order in which they were asked for.
    fn next(&self) -> Option<Vec<LookUp>> {
        let look_ups = self.of_thread(|waiting| {
            let rest = waiting.queue.split_off(waiting.queue.len().min(MOST));
            std::mem::replace(&mut waiting.queue, rest)
        })?;
        (!look_ups.is_empty()).then_some(look_ups)
    }

    fn of_thread<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> Option<T> {
        WAITING.with_borrow_mut(|waiting| {
            let (_, waiting) = waiting.iter_mut().find(|(link, _)| *link == self.0)?;
            Some(change(waiting))
        })
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let left = self.of_thread(|waiting| {
            waiting.asking = false;
            std::mem::take(&mut waiting.queue)
        });
        drop(left);
    }
}

//! What has to happen in Redis in one step, as scripts.
//!
//! An entry is a hash: `e` the epoch it was written in; `s` a value, or `n` where there is none ("*" or the store);
//! `r` the value's revision; `v` the epoch and the revision once more, as long as nobody writes; `w` how many write
//! it, each with a field `m:<ticket>` that says since when; `d` that one of those who wrote meanwhile ended in doubt;
//! `f` and `fd` who reads it in order to keep it, and until when. A session's entry has more: `hr` the revision that
//! the list of messages belongs to; `sr` and `c0` to `c3` the same for its figures.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};
use session_core::cache::{ABANDONED, FILLING};

use crate::link::Place;
use crate::millis;

/// The scripts, ready to be called.
pub(crate) struct Scripts {
    mark: Script,
    reserve: Script,
    fill: Script,
    settle: Script,
    keep_recent: Script,
    take_slot: Script,
    hold_slot: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        let script = |text: &str| Script::new(&format!("{}{text}", include_str!("scripts/common.lua")));
        Self {
            mark: script(include_str!("scripts/mark.lua")),
            reserve: script(include_str!("scripts/reserve.lua")),
            fill: script(include_str!("scripts/fill.lua")),
            settle: script(include_str!("scripts/settle.lua")),
            keep_recent: script(include_str!("scripts/keep_recent.lua")),
            take_slot: script(include_str!("scripts/take_slot.lua")),
            hold_slot: script(include_str!("scripts/hold_slot.lua")),
        }
    }
}

/// Where live turns are counted.
pub(crate) struct SlotKeys {
    pub(crate) user: String,
    pub(crate) store: String,
}

/// What came of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Outcome {
    /// What is known stays.
    Unchanged,
    /// Nothing is known any more.
    #[default]
    Doubtful,
    /// A new session.
    New,
    /// A session that is another now.
    Changed,
}

impl Outcome {
    /// As the script names it.
    const fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Doubtful => "doubtful",
            Self::New => "new",
            Self::Changed => "changed",
        }
    }
}

/// What a write did to an entry.
#[derive(Default)]
pub(crate) struct Settling<'a> {
    pub(crate) ticket: &'a str,
    pub(crate) epoch: &'a str,
    pub(crate) outcome: Outcome,
    pub(crate) revision: u64,
    pub(crate) value: &'a str,
    pub(crate) ttl: Duration,
    pub(crate) history_ttl: Duration,
    pub(crate) messages: usize,
    pub(crate) message: &'a str,
    pub(crate) figures: [u64; 4],
}

impl Scripts {
    /// Makes a server know the scripts, so that calling one takes one trip.
    pub(crate) async fn load(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        let of_sessions = [&self.mark, &self.reserve, &self.fill, &self.settle, &self.keep_recent];
        for script in of_sessions.into_iter().chain([&self.take_slot, &self.hold_slot]) {
            script.load_async(connection).await?;
        }
        Ok(())
    }

    pub(crate) async fn mark(
        &self,
        connection: &mut MultiplexedConnection,
        place: &Place,
        ticket: &str,
    ) -> RedisResult<String> {
        self.mark.key(&place.entry).key(&place.epoch).arg(ticket).arg(millis(ABANDONED)).invoke_async(connection).await
    }

    pub(crate) async fn reserve(
        &self,
        connection: &mut MultiplexedConnection,
        place: &Place,
        ticket: &str,
    ) -> RedisResult<Option<String>> {
        let mut call = self.reserve.key(&place.entry);
        call.key(&place.epoch).arg(ticket).arg(millis(FILLING)).arg(millis(ABANDONED));
        call.invoke_async(connection).await
    }

    pub(crate) async fn fill(
        &self,
        connection: &mut MultiplexedConnection,
        place: &Place,
        (ticket, began): (&str, &str),
        (field, value, revision): (&str, &str, u64),
        ttl: Duration,
    ) -> RedisResult<bool> {
        let mut call = self.fill.key(&place.entry);
        call.key(&place.epoch).arg(ticket).arg(began).arg(field).arg(value).arg(revision).arg(millis(ttl));
        call.invoke_async(connection).await
    }

    pub(crate) async fn settle(
        &self,
        connection: &mut MultiplexedConnection,
        place: &Place,
        settling: &Settling<'_>,
    ) -> RedisResult<bool> {
        let mut call = self.settle.key(&place.entry);
        // The list only where there is one: a server may allow no other keys than those with the prefix.
        call.key(&place.epoch).key(&place.list).arg(settling.ticket).arg(settling.epoch).arg(settling.outcome.word());
        call.arg(settling.revision).arg(settling.value).arg(millis(settling.ttl)).arg(millis(ABANDONED));
        call.arg(millis(settling.history_ttl)).arg(settling.messages).arg(settling.message);
        for figure in settling.figures {
            call.arg(figure);
        }
        call.invoke_async(connection).await
    }

    /// Ends a write of which nothing more is known.
    pub(crate) async fn forget(
        &self,
        connection: &mut MultiplexedConnection,
        place: &Place,
        ticket: &str,
    ) -> RedisResult<bool> {
        self.settle(connection, place, &Settling { ticket, ..Settling::default() }).await
    }

    pub(crate) async fn keep_recent(
        &self,
        connection: &mut MultiplexedConnection,
        place: &Place,
        (revision, history_ttl): (u64, Duration),
        messages: Option<&[String]>,
        figures: Option<[u64; 4]>,
    ) -> RedisResult<bool> {
        let mut call = self.keep_recent.key(&place.entry);
        call.key(&place.epoch).key(&place.list).arg(revision).arg(millis(history_ttl));
        call.arg(u8::from(messages.is_some())).arg(u8::from(figures.is_some()));
        for figure in figures.unwrap_or_default() {
            call.arg(figure);
        }
        for message in messages.unwrap_or_default() {
            call.arg(message);
        }
        call.invoke_async(connection).await
    }

    pub(crate) async fn take_slot(
        &self,
        connection: &mut MultiplexedConnection,
        keys: &SlotKeys,
        turn: &str,
        (per_user, per_store): (u32, u32),
        lease: Duration,
    ) -> RedisResult<u8> {
        let mut call = self.take_slot.key(&keys.user);
        call.key(&keys.store).arg(turn).arg(millis(lease)).arg(per_user).arg(per_store);
        call.invoke_async(connection).await
    }

    pub(crate) async fn hold_slot(
        &self,
        connection: &mut MultiplexedConnection,
        keys: &SlotKeys,
        turn: &str,
        lease: Duration,
    ) -> RedisResult<()> {
        let mut call = self.hold_slot.key(&keys.user);
        call.key(&keys.store).arg(turn).arg(millis(lease)).invoke_async(connection).await
    }
}

//! What has to happen in Redis in one step, as scripts.
//!
//! An entry is a hash: `e` the epoch it was written in; `s` a value, or `n` where there is none ("*" or the store);
//! `r` the value's revision; `v` the epoch and the revision once more, as long as nobody writes; `w` how many write it, each with a field `m:<ticket>` that says since when; `f` and `fd`
//! who reads it in order to keep it, and until when. A session's entry has more: `hr` the revision that the list of
//! messages belongs to; `sr` and `c0` to `c3` the same for its figures.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};
use session_core::cache::{ABANDONED, FILLING};

use crate::link::Place;
use crate::millis;

/// What the scripts share. Times are milliseconds by the clock of Redis.
const COMMON: &str = r"
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function forget(key)
  redis.call('HDEL', key, 'e', 's', 'n', 'r', 'v', 'hr', 'sr', 'c0', 'c1', 'c2', 'c3')
end
-- Says the revision to those who ask for nothing else, if it can be trusted.
local function show(key, epoch)
  local known = redis.call('HMGET', key, 'e', 'r', 'w')
  if epoch and known[2] and known[1] == epoch and not known[3] then redis.call('HSET', key, 'v', epoch .. ' ' .. known[2]) end
end
-- How many write. One that was never over may have been made: what is known from before it is known no more.
local function writers(key, abandoned)
  local count = tonumber(redis.call('HGET', key, 'w') or '0')
  if count == 0 then return 0 end
  local fields, oldest, gone = redis.call('HGETALL', key), now() - abandoned, 0
  for at = 1, #fields, 2 do
    if string.sub(fields[at], 1, 2) == 'm:' and tonumber(fields[at + 1]) < oldest then
      gone = gone + redis.call('HDEL', key, fields[at])
    end
  end
  if gone > 0 then
    forget(key)
    count = redis.call('HINCRBY', key, 'w', -gone)
    if count < 1 then redis.call('HDEL', key, 'w') end
  end
  return count
end
local function epoch(key, fresh)
  local known = redis.call('GET', key)
  if not known then
    known = fresh
    redis.call('SET', key, known)
  end
  return known
end
local function outlive(key, ttl)
  if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end
end
local function sound(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end
";

/// Says that an entry is going to be written. KEYS: entry, epoch. ARGV: ticket, abandoned. Answers the epoch.
const MARK: &str = r"
sound(KEYS[1], 'hash')
local epoch = epoch(KEYS[2], ARGV[1])
-- First what a full server refuses: a script that has written anything is let through.
local fresh = redis.call('HSETNX', KEYS[1], 'm:' .. ARGV[1], now()) == 1
redis.call('HDEL', KEYS[1], 'f', 'fd', 'n', 'v')
if fresh then
  if redis.call('HINCRBY', KEYS[1], 'w', 1) > 1 then writers(KEYS[1], tonumber(ARGV[2])) end
end
outlive(KEYS[1], tonumber(ARGV[2]))
return epoch
";

/// Gives the right to keep what is read from now on. KEYS: entry, epoch. ARGV: ticket, filling, abandoned. Answers the
/// epoch, or nothing when somebody writes or reads the entry, or it is there.
const RESERVE: &str = r"
sound(KEYS[1], 'hash')
local epoch = epoch(KEYS[2], ARGV[1])
if writers(KEYS[1], tonumber(ARGV[3])) > 0 then return false end
local known = redis.call('HMGET', KEYS[1], 'e', 's', 'n', 'f', 'fd')
if known[1] == epoch and (known[2] or known[3]) then return false end
local now = now()
if known[4] and tonumber(known[5]) > now then return false end
redis.call('HSET', KEYS[1], 'f', ARGV[1], 'fd', now + ARGV[2])
forget(KEYS[1])
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2])
return epoch
";

/// Keeps what was read. KEYS: entry, epoch. ARGV: ticket, epoch, field, value, revision, ttl. Answers whether it did.
const FILL: &str = r"
if redis.call('GET', KEYS[2]) ~= ARGV[2] or redis.call('HGET', KEYS[1], 'f') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'e', ARGV[2], ARGV[3], ARGV[4])
redis.call('HDEL', KEYS[1], 'f', 'fd')
if ARGV[3] == 's' then
  redis.call('HSET', KEYS[1], 'r', ARGV[5])
  show(KEYS[1], ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1
";

/// Says what came of a write. KEYS: entry, epoch, list of messages, which may be missing with 'unchanged' and
/// 'doubtful'. ARGV: ticket or '', epoch or '', what ('unchanged', 'doubtful', 'new', 'changed'), revision, value, ttl,
/// abandoned, ttl of the messages, messages at most, message or '', and what it adds to the four figures.
const SETTLE: &str = r"
local entry, chat = KEYS[1], KEYS[3]
sound(entry, 'hash')
if chat then sound(chat, 'list') end
local ticket, began, what, revision = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
if ticket ~= '' and redis.call('HDEL', entry, 'm:' .. ticket) == 1 then
  if redis.call('HINCRBY', entry, 'w', -1) < 1 then redis.call('HDEL', entry, 'w') end
end
local current = redis.call('GET', KEYS[2])
if what == 'unchanged' then
  show(entry, current)
  return 1
end
if what == 'doubtful' or not current or (began ~= '' and began ~= current) then
  forget(entry)
  if chat then redis.call('DEL', chat) end
  return 0
end
local known = redis.call('HMGET', entry, 'e', 'r', 'hr', 'sr', 'w')
local before = known[1] == current and tonumber(known[2])
if before and before >= revision then
  show(entry, current)
  return 1
end
if not before then forget(entry) end
redis.call('HDEL', entry, 'n', 'f', 'fd')
redis.call('HSET', entry, 'e', current, 's', ARGV[5], 'r', revision)
local message = ARGV[10]
if what == 'new' then
  redis.call('DEL', chat)
  redis.call('HSET', entry, 'hr', revision, 'sr', revision, 'c0', 0, 'c1', 0, 'c2', 0, 'c3', 0)
else
  if before and tonumber(known[3]) == revision - 1 then
    if message ~= '' then
      redis.call('RPUSH', chat, message)
      redis.call('LTRIM', chat, -ARGV[9], -1)
    end
    redis.call('HSET', entry, 'hr', revision)
    redis.call('PEXPIRE', chat, ARGV[8])
  else
    redis.call('HDEL', entry, 'hr')
    redis.call('DEL', chat)
  end
  if before and tonumber(known[4]) == revision - 1 then
    if message ~= '' then
      for figure = 0, 3 do redis.call('HINCRBY', entry, 'c' .. figure, ARGV[11 + figure]) end
    end
    redis.call('HSET', entry, 'sr', revision)
  else
    redis.call('HDEL', entry, 'sr', 'c0', 'c1', 'c2', 'c3')
  end
end
show(entry, current)
redis.call('PEXPIRE', entry, ARGV[6])
if known[5] then outlive(entry, tonumber(ARGV[7])) end
return 1
";

/// Keeps messages or figures that were read while the session was known. KEYS: entry, epoch, list of messages. ARGV:
/// revision, ttl of the messages, '1' with messages, '1' with figures, four figures, messages.
const KEEP_RECENT: &str = r"
sound(KEYS[1], 'hash')
local known = redis.call('HMGET', KEYS[1], 'e', 'r', 'w')
if known[3] or known[1] ~= redis.call('GET', KEYS[2]) or known[2] ~= ARGV[1] then return 0 end
if ARGV[3] == '1' then
  redis.call('DEL', KEYS[3])
  for at = 9, #ARGV do redis.call('RPUSH', KEYS[3], ARGV[at]) end
  redis.call('PEXPIRE', KEYS[3], ARGV[2])
  redis.call('HSET', KEYS[1], 'hr', ARGV[1])
end
if ARGV[4] == '1' then
  redis.call('HSET', KEYS[1], 'sr', ARGV[1], 'c0', ARGV[5], 'c1', ARGV[6], 'c2', ARGV[7], 'c3', ARGV[8])
end
return 1
";

/// Takes a slot for a live turn, unless a limit leaves no room beside the slots of others. KEYS: turns of the user, of
/// the store. ARGV: turn, lease, most of the user, most of the store (0: any number). Answers 0 when it did, 1 when the
/// user has as many as allowed, 2 when the store has.
const TAKE_SLOT: &str = r"
local now = now()
local function is_full(key, most)
  sound(key, 'zset')
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  if most == 0 then return false end
  local others = redis.call('ZCARD', key)
  if redis.call('ZSCORE', key, ARGV[1]) then others = others - 1 end
  return others >= most
end
local user_is_full, store_is_full = is_full(KEYS[1], tonumber(ARGV[3])), is_full(KEYS[2], tonumber(ARGV[4]))
if user_is_full then return 1 end
if store_is_full then return 2 end
for at = 1, 2 do
  redis.call('ZADD', KEYS[at], now + ARGV[2], ARGV[1])
  outlive(KEYS[at], tonumber(ARGV[2]))
end
return 0
";

/// Holds the slot of a live turn, which gets it again when it was lost. KEYS: turns of the user, of the store. ARGV:
/// turn, lease.
const HOLD_SLOT: &str = r"
local till = now() + ARGV[2]
for at = 1, 2 do
  sound(KEYS[at], 'zset')
  redis.call('ZADD', KEYS[at], till, ARGV[1])
  outlive(KEYS[at], tonumber(ARGV[2]))
end
return 1
";

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
        let script = |text: &str| Script::new(&format!("{COMMON}{text}"));
        Self {
            mark: script(MARK),
            reserve: script(RESERVE),
            fill: script(FILL),
            settle: script(SETTLE),
            keep_recent: script(KEEP_RECENT),
            take_slot: script(TAKE_SLOT),
            hold_slot: script(HOLD_SLOT),
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

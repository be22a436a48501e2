use std::collections::HashMap;

use kernel::SessionId;

/// A session that was used within this time would still be in a cache: an hour, in microseconds.
const REMEMBERED: i64 = 3_600 * 1_000_000;
/// The most sessions of one generation; there are two.
pub(super) const MOST: usize = 16_384;

/// The sessions that were used lately: at least the last [`MOST`], at most twice as many. A server that uses
/// more of them within an hour forgets some early, and expects fewer hits than a cache would have.
pub(super) struct Recent {
    young: HashMap<SessionId, i64>,
    old: HashMap<SessionId, i64>,
    /// When the young generation began.
    begun: i64,
}

impl Recent {
    pub(super) fn new(now: i64) -> Self {
        // At its full size at once: growing would hold up a question.
        Self { young: HashMap::with_capacity(MOST), old: HashMap::with_capacity(MOST), begun: now }
    }

    /// Notes a use; answers whether the one before was within the time.
    pub(super) fn used(&mut self, session: SessionId, now: i64) -> bool {
        let before = self.young.get(&session).or_else(|| self.old.get(&session)).copied();
        let is_new = !self.young.contains_key(&session);
        if is_new && (self.young.len() >= MOST || now - self.begun > REMEMBERED) {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
            self.begun = now;
        }
        self.young.insert(session, now);
        before.is_some_and(|before| now - before <= REMEMBERED)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

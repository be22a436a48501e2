//! What was made of sessions to show them.

use std::sync::Arc;

use kernel::{Clock, SessionId, StoreId, Timestamp, UserId};

use crate::model::{Session, SessionState};
use crate::ports::SessionRepository;

/// Roughly what a rendering weighs beside its bytes.
const WEIGHT: usize = 300;

/// What somebody is shown of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    /// Of what kind it is.
    pub kind: &'static str,
    /// How much of the session it shows, where that can be chosen.
    pub size: usize,
    /// The session.
    pub session: SessionId,
    /// The store it is asked for in; `None` for whichever it is in.
    pub store: Option<StoreId>,
    /// The user it is shown to; `None` for whoever may see all of the store.
    pub user: Option<UserId>,
}

/// What was made for a view.
#[derive(Debug, Clone)]
struct Rendering {
    revision: u64,
    until: Option<Timestamp>,
    bytes: Arc<[u8]>,
}

/// Keeps what was made of sessions: it is as good as the revision it was made of, until the session expires.
///
/// A revision goes up with every write, and what is shown must come from nothing else than the session and what was
/// said in it. Where the revision is not known without reading the session, nothing is known here either.
#[derive(Clone)]
pub struct Renderings {
    sessions: Arc<dyn SessionRepository>,
    clock: Arc<dyn Clock>,
    made: moka::sync::Cache<View, Rendering>,
}

impl Renderings {
    /// Keeps at most about `bytes`.
    pub fn new(sessions: Arc<dyn SessionRepository>, clock: Arc<dyn Clock>, bytes: u64) -> Self {
        let weigh = |_: &View, made: &Rendering| u32::try_from(WEIGHT + made.bytes.len()).unwrap_or(u32::MAX);
        let made = moka::sync::Cache::builder().max_capacity(bytes).weigher(weigh).build();
        Self { sessions, clock, made }
    }

    /// What was made of a session, if the session is still the same.
    pub async fn recall(&self, view: &View) -> Option<Arc<[u8]>> {
        let made = self.made.get(view)?;
        if made.until.is_some_and(|until| self.clock.now() >= until) {
            return None;
        }
        self.sessions.is_at(view.session, made.revision).await.then_some(made.bytes)
    }

    /// Keeps what was made of a session, which was read before what else it was made of.
    pub fn keep(&self, view: View, session: &Session, bytes: Arc<[u8]>) {
        // A live session is another one when its time is over, without a write.
        let until = (session.state == SessionState::Active).then_some(session.expires_at);
        self.made.insert(view, Rendering { revision: session.revision, until, bytes });
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::ManualClock;

    use super::*;
    use crate::ports::MockSessionRepository;
    use crate::testing::samples::{at, session, session_id, store};

    fn view(size: usize) -> View {
        View { kind: "test", size, session: session_id(1), store: Some(store()), user: None }
    }

    /// Renderings of sessions whose revision is known to be that one.
    fn at_revision(revision: Option<u64>) -> (Renderings, Arc<ManualClock>) {
        let (mut sessions, clock) = (MockSessionRepository::new(), Arc::new(ManualClock::new()));
        sessions.expect_is_at().returning(move |_, made| revision == Some(made));
        (Renderings::new(Arc::new(sessions), clock.clone(), 1 << 20), clock)
    }

    #[tokio::test]
    async fn what_was_made_is_as_good_as_the_revision_it_was_made_of() {
        for (revision, good) in [(Some(3), true), (Some(4), false), (None, false)] {
            let (renderings, _) = at_revision(revision);
            renderings.keep(view(1), &Session { revision: 3, ..session("kim") }, (*b"made").into());
            let recalled = renderings.recall(&view(1)).await;
            assert_eq!(recalled.as_deref(), good.then_some(&b"made"[..]), "{revision:?}");
            assert_eq!(renderings.recall(&view(2)).await, None, "another view");
        }
    }

    #[tokio::test]
    async fn what_was_made_of_a_live_session_is_good_until_it_expires() {
        let (renderings, clock) = at_revision(Some(0));
        let live = Session { revision: 0, expires_at: at(10), ..session("kim") };
        renderings.keep(view(1), &live, (*b"live").into());
        renderings.keep(view(2), &Session { state: SessionState::Ended, ..live }, (*b"over").into());
        clock.advance(std::time::Duration::from_hours(1));
        assert_eq!(renderings.recall(&view(1)).await, None);
        assert_eq!(renderings.recall(&view(2)).await.as_deref(), Some(&b"over"[..]));
    }
}

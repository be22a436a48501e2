use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use kernel::SessionId;
use tokio::sync::Mutex as AsyncMutex;

/// Lets the questions to a session come up to the storage one after another, in the order they came.
///
/// Who may open a turn is decided by the storage alone; within one process this keeps the order fair, and
/// keeps a hundred waiting questions from all trying again whenever a turn ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gates(Arc<Mutex<HashMap<SessionId, Weak<AsyncMutex<()>>>>>);

impl Gates {
    /// Gates nobody stands at are dropped when the table has doubled since the last time.
    const TIDY_AT: usize = 1_024;

    /// The gate of a session; it lasts as long as somebody holds it.
    pub(crate) fn of(&self, session: SessionId) -> Arc<AsyncMutex<()>> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&session).and_then(Weak::upgrade) {
            return gate;
        }
        if gates.len() >= Self::TIDY_AT && gates.len() == gates.capacity() {
            gates.retain(|_, gate| gate.strong_count() > 0);
        }
        let gate = Arc::new(AsyncMutex::new(()));
        gates.insert(session, Arc::downgrade(&gate));
        gate
    }
}

#[cfg(test)]
mod tests {
    use kernel::testing::SequentialIds;

    use super::*;

    #[test]
    fn askers_of_one_session_share_a_gate_and_gates_left_alone_go() {
        let (gates, ids) = (Gates::default(), SequentialIds::default());
        let session = SessionId::generate(&ids);
        let (one, two) = (gates.of(session), gates.of(session));
        assert!(Arc::ptr_eq(&one, &two));
        for _ in 0..20_000 {
            drop(gates.of(SessionId::generate(&ids)));
        }
        assert!(gates.0.lock().unwrap().len() < 10_000);
        assert!(Arc::ptr_eq(&one, &gates.of(session)));
    }
}

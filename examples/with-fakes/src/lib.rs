//! A greeting that knows whether the customer was here before: code of your own on Iyagi's ports. Its tests
//! use the in-memory fake for what is stored, and a mock for what goes wrong.

use std::sync::Arc;

use kernel::{Clock, StoreId, UserId};
use session_core::ports::SessionRepository;

/// Greets customers.
pub struct Greeter {
    sessions: Arc<dyn SessionRepository>,
    clock: Arc<dyn Clock>,
}

impl Greeter {
    /// A greeter over a storage.
    pub fn new(sessions: Arc<dyn SessionRepository>, clock: Arc<dyn Clock>) -> Self {
        Self { sessions, clock }
    }

    /// What to say first. A storage that fails must not keep a customer waiting: they are greeted anyway.
    pub async fn greet(&self, store: &StoreId, user: &UserId) -> String {
        match self.sessions.find_live(store, user, self.clock.now()).await {
            Ok(Some(session)) => match session.title {
                Some(title) => format!("다시 오셨네요! \"{title}\" 이야기를 이어서 할까요?"),
                None => "다시 오셨네요! 무엇을 도와드릴까요?".to_owned(),
            },
            Ok(None) | Err(_) => "안녕하세요! 무엇을 도와드릴까요?".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kernel::RepositoryError;
    use kernel::testing::ManualClock;
    use session_core::model::Session;
    use session_core::ports::MockSessionRepository;
    use session_core::testing::{MemorySessions, samples};

    use super::*;

    fn kim() -> UserId {
        UserId::new("kim").unwrap()
    }

    #[tokio::test]
    async fn a_customer_who_comes_back_is_asked_to_go_on() {
        let (sessions, clock) = (Arc::new(MemorySessions::default()), Arc::new(ManualClock::new()));
        let titled = Session { title: Some("텐트 환불".into()), ..samples::session("kim") };
        sessions.insert(&titled).await.unwrap();
        let greeter = Greeter::new(sessions, clock.clone());
        assert!(greeter.greet(&samples::store(), &kim()).await.contains("텐트 환불"));
        clock.advance(Duration::from_hours(25));
        assert!(greeter.greet(&samples::store(), &kim()).await.starts_with("안녕하세요"));
    }

    #[tokio::test]
    async fn a_storage_that_is_away_keeps_nobody_waiting() {
        let mut sessions = MockSessionRepository::new();
        sessions.expect_find_live().once().returning(|_, _, _| Err(RepositoryError::unavailable("no route to host")));
        let greeter = Greeter::new(Arc::new(sessions), Arc::new(ManualClock::new()));
        assert!(greeter.greet(&samples::store(), &kim()).await.starts_with("안녕하세요"));
    }
}

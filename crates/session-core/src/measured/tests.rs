use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::testing::ManualClock;
use kernel::{PageLimit, RepositoryError, SessionId};

use super::{MeasuredSessions, MeasuredTurns, Measuring, SessionMeter};
use crate::ports::{MessageRange, MockSessionRepository, SessionRepository};
use crate::testing::MemorySessions;
use crate::testing::contract::Storage;
use crate::testing::samples::{at, closed_turn, new_turn, session, session_id, store, turn_id};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Heard {
    Operation(Duration),
    LookedUp(SessionId, bool),
    Passed(SessionId),
}

#[derive(Default)]
struct Notes(Mutex<Vec<Heard>>);

impl Notes {
    fn add(&self, heard: Heard) {
        self.0.lock().unwrap().push(heard);
    }

    /// What was heard since the last time, without the operations; and how many of those there were.
    fn take(&self) -> (usize, Vec<Heard>) {
        let all: Vec<Heard> = self.0.lock().unwrap().drain(..).collect();
        let others: Vec<Heard> = all.iter().filter(|heard| !matches!(heard, Heard::Operation(_))).copied().collect();
        (all.len() - others.len(), others)
    }
}

impl SessionMeter for Notes {
    fn operation(&self, took: Duration) {
        self.add(Heard::Operation(took));
    }

    fn looked_up(&self, session: SessionId, found: bool) {
        self.add(Heard::LookedUp(session, found));
    }

    fn passed(&self, session: SessionId) {
        self.add(Heard::Passed(session));
    }
}

fn measuring(notes: &Arc<Notes>) -> Measuring {
    Measuring::new(notes.clone(), Arc::new(ManualClock::new()))
}

/// The fake, measured.
fn measured(notes: &Arc<Notes>) -> Storage {
    let plain = Storage::new(MemorySessions::default(), ());
    Storage {
        sessions: Arc::new(MeasuredSessions::new(plain.sessions.clone(), measuring(notes))),
        turns: Arc::new(MeasuredTurns::new(plain.turns.clone(), measuring(notes))),
        ..plain
    }
}

mod keeps_the_contract {
    use std::sync::Arc;

    use super::{Notes, measured};

    crate::session_contract!(async { Some(measured(&Arc::new(Notes::default()))) });
}

#[tokio::test]
async fn look_ups_are_told_from_writes_and_from_what_finds_nothing() {
    let notes = Arc::new(Notes::default());
    let storage = measured(&notes);
    let (sessions, id, nobody) = (&storage.sessions, session_id(1), session_id(9));
    sessions.insert(&session("kim")).await.unwrap();
    assert_eq!(notes.take(), (1, vec![Heard::Passed(id)]));
    sessions.find(&store(), id).await.unwrap();
    sessions.store_of(nobody).await.unwrap();
    assert_eq!(notes.take(), (2, vec![Heard::LookedUp(id, true), Heard::LookedUp(nobody, false)]));
    sessions.touch(&store(), None, id, at(1), at(99)).await.unwrap();
    sessions.touch(&store(), None, nobody, at(1), at(99)).await.unwrap();
    sessions.find_live(&store(), &session("kim").user, at(1)).await.unwrap();
    sessions.count_active(&store(), at(1)).await.unwrap();
    assert_eq!(notes.take(), (4, vec![Heard::Passed(id), Heard::Passed(id)]));
}

#[tokio::test]
async fn of_turns_only_what_reads_or_writes_the_session_is_told() {
    let notes = Arc::new(Notes::default());
    let storage = measured(&notes);
    storage.sessions.insert(&session("kim")).await.unwrap();
    notes.take();
    let id = session_id(1);
    storage.turns.open_turn(&new_turn(1, 1, "배송은요?")).await.unwrap();
    storage.turns.messages(&store(), id, MessageRange::Latest, PageLimit::DEFAULT).await.unwrap();
    storage.turns.close_turn(&closed_turn(1, "사흘이요")).await.unwrap();
    assert_eq!(notes.take(), (3, vec![Heard::Passed(id), Heard::LookedUp(id, true), Heard::Passed(id)]));
    storage.turns.find_turn(&store(), turn_id(1)).await.unwrap();
    storage.turns.interrupt_stale(at(5)).await.unwrap();
    assert_eq!(notes.take(), (0, vec![]));
}

#[tokio::test]
async fn a_call_is_timed_by_the_clock_also_when_it_fails() {
    let (notes, clock) = (Arc::new(Notes::default()), Arc::new(ManualClock::new()));
    let mut broken = MockSessionRepository::new();
    let passing = clock.clone();
    broken.expect_find().returning(move |_, _| {
        passing.advance(Duration::from_millis(70));
        Err(RepositoryError::unavailable("gone"))
    });
    let sessions = MeasuredSessions::new(Arc::new(broken), Measuring::new(notes.clone(), clock));
    assert!(sessions.find(&store(), session_id(1)).await.is_err());
    assert_eq!(*notes.0.lock().unwrap(), [Heard::Operation(Duration::from_millis(70))]);
}

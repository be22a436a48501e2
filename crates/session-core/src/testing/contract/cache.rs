//! The contract of [`SessionCache`].

use kernel::{StoreId, UserId};

use crate::model::{Message, Session, SessionState, SessionStats, UserContext};
use crate::ports::{
    CacheTicket, Found, RECENT_MESSAGES, Recalled, RecalledContext, SessionCache, UserContextCache, Written,
};
use crate::testing::samples::{assistant_message, session, session_id, start, store, user_message};

fn at_revision(revision: u64) -> Session {
    let title = Some(format!("제목 {revision} 👋"));
    Session { revision, title, metadata: serde_json::json!({"n": revision}), ..session("kim") }
}

/// A session in which that many messages were said, by as many writes.
fn told(messages: u64) -> Session {
    Session { last_sequence: messages, message_count: messages, ..at_revision(messages) }
}

fn message(sequence: u64) -> Message {
    let text = format!("말 {sequence}");
    let number = sequence.div_ceil(2);
    let message = if sequence % 2 == 1 { user_message(number, &text) } else { assistant_message(number, &text) };
    Message { response_time_ms: sequence.is_multiple_of(2).then_some(40), ..message }
}

async fn missed(cache: &dyn SessionCache) -> CacheTicket {
    match cache.recall(session_id(1)).await {
        Recalled::Missing(Some(ticket)) => ticket,
        other => panic!("not missing, or not to be kept: {other:?}"),
    }
}

async fn known(cache: &dyn SessionCache) -> Option<Session> {
    match cache.recall(session_id(1)).await {
        Recalled::Session(session) => Some(*session),
        Recalled::Absent(_) => panic!("absent"),
        Recalled::Missing(_) => None,
    }
}

async fn filled(cache: &dyn SessionCache, session: &Session) {
    let ticket = missed(cache).await;
    assert!(cache.keep(session.id, &ticket, Found::Session(session)).await);
}

async fn write(cache: &dyn SessionCache, written: Written<'_>) {
    let ticket = cache.writing(session_id(1)).await;
    cache.wrote(session_id(1), Some(ticket), written).await;
}

async fn sequences(cache: &dyn SessionCache, messages: usize) -> Option<Vec<u64>> {
    let recent = cache.recall_recent(session_id(1), messages).await?;
    recent.messages.map(|messages| messages.iter().map(|message| message.sequence).collect())
}

pub async fn a_session_that_was_read_is_recalled_as_it_was(cache: &dyn SessionCache) {
    filled(cache, &at_revision(3)).await;
    assert_eq!(known(cache).await, Some(at_revision(3)));
    assert!(matches!(cache.recall(session_id(2)).await, Recalled::Missing(Some(_))));
}

pub async fn a_session_that_is_not_there_is_not_asked_for_again(cache: &dyn SessionCache) {
    let ticket = missed(cache).await;
    assert!(cache.keep(session_id(1), &ticket, Found::Absent(Some(&store()))).await);
    assert_eq!(cache.recall(session_id(1)).await, Recalled::Absent(Some(store())));
    assert_eq!(cache.recall_recent(session_id(1), 10).await, None);
    cache.wrote(session_id(1), None, Written::New(&at_revision(0))).await;
    assert_eq!(known(cache).await, Some(at_revision(0)));
    let Recalled::Missing(Some(ticket)) = cache.recall(session_id(2)).await else { panic!("not missing") };
    assert!(cache.keep(session_id(2), &ticket, Found::Absent(None)).await);
    assert_eq!(cache.recall(session_id(2)).await, Recalled::Absent(None::<StoreId>));
}

pub async fn what_upkeep_may_change_is_not_kept(cache: &dyn SessionCache) {
    let over = Session { expires_at: start(), ..at_revision(1) };
    let deleted = Session { state: SessionState::Deleted, ..at_revision(2) };
    for session in [over, deleted] {
        cache.wrote(session.id, None, Written::New(&session)).await;
        write(cache, Written::Changed(&session, None)).await;
        let ticket = missed(cache).await;
        assert!(!cache.keep(session.id, &ticket, Found::Session(&session)).await);
        write(cache, Written::Unchanged).await;
        assert_eq!(known(cache).await, None);
        write(cache, Written::Unchanged).await;
    }
}

pub async fn of_those_who_miss_one_keeps_what_it_reads(cache: &dyn SessionCache) {
    let ticket = missed(cache).await;
    assert_eq!(cache.recall(session_id(1)).await, Recalled::Missing(None));
    assert!(cache.keep(session_id(1), &ticket, Found::Session(&at_revision(1))).await);
    assert!(!cache.keep(session_id(1), &ticket, Found::Session(&at_revision(0))).await, "a ticket is good for once");
    assert_eq!(known(cache).await, Some(at_revision(1)));
}

pub async fn what_is_being_written_is_not_known(cache: &dyn SessionCache) {
    filled(cache, &at_revision(1)).await;
    let ticket = cache.writing(session_id(1)).await;
    assert_eq!(cache.recall(session_id(1)).await, Recalled::Missing(None));
    assert_eq!(cache.recall_recent(session_id(1), 10).await, None);
    cache.wrote(session_id(1), Some(ticket), Written::Changed(&at_revision(2), None)).await;
    assert_eq!(known(cache).await, Some(at_revision(2)));
}

pub async fn the_revision_of_a_session_is_known_as_long_as_the_session_is(cache: &dyn SessionCache) {
    assert_eq!(cache.revision(session_id(1)).await, None);
    filled(cache, &at_revision(3)).await;
    assert_eq!(cache.revision(session_id(1)).await, Some(3));
    let ticket = cache.writing(session_id(1)).await;
    assert_eq!(cache.revision(session_id(1)).await, None, "it is being written");
    cache.wrote(session_id(1), Some(ticket), Written::Changed(&at_revision(4), None)).await;
    assert_eq!(cache.revision(session_id(1)).await, Some(4));
    write(cache, Written::Doubtful).await;
    assert_eq!(cache.revision(session_id(1)).await, None);
    let Recalled::Missing(Some(ticket)) = cache.recall(session_id(2)).await else { panic!("not missing") };
    assert!(cache.keep(session_id(2), &ticket, Found::Absent(None)).await);
    assert_eq!(cache.revision(session_id(2)).await, None, "there is none");
}

pub async fn a_write_that_changed_nothing_leaves_what_is_known(cache: &dyn SessionCache) {
    filled(cache, &at_revision(1)).await;
    write(cache, Written::Unchanged).await;
    assert_eq!(known(cache).await, Some(at_revision(1)));
}

pub async fn a_write_whose_outcome_is_in_doubt_makes_it_unknown(cache: &dyn SessionCache) {
    filled(cache, &at_revision(1)).await;
    write(cache, Written::Doubtful).await;
    assert_eq!(known(cache).await, None);
}

pub async fn what_was_read_before_a_write_is_not_kept(cache: &dyn SessionCache) {
    let ticket = missed(cache).await;
    write(cache, Written::Unchanged).await;
    assert!(!cache.keep(session_id(1), &ticket, Found::Session(&at_revision(1))).await);
    let ticket = missed(cache).await;
    let writing = cache.writing(session_id(1)).await;
    assert!(!cache.keep(session_id(1), &ticket, Found::Session(&at_revision(1))).await);
    cache.wrote(session_id(1), Some(writing), Written::Changed(&at_revision(2), None)).await;
    assert!(!cache.keep(session_id(1), &ticket, Found::Session(&at_revision(1))).await);
    assert_eq!(known(cache).await, Some(at_revision(2)));
}

pub async fn of_two_writes_the_later_one_counts_however_they_end(cache: &dyn SessionCache) {
    for later_first in [true, false] {
        let (one, other) = (cache.writing(session_id(1)).await, cache.writing(session_id(1)).await);
        let (first, second) = if later_first { (6, 5) } else { (7, 8) };
        cache.wrote(session_id(1), Some(one), Written::Changed(&at_revision(first), None)).await;
        assert_eq!(known(cache).await, None, "the other write is not over");
        cache.wrote(session_id(1), Some(other), Written::Changed(&at_revision(second), None)).await;
        assert_eq!(known(cache).await, Some(at_revision(first.max(second))));
    }
}

pub async fn a_write_does_not_count_that_another_one_in_doubt_may_have_overtaken(cache: &dyn SessionCache) {
    filled(cache, &at_revision(4)).await;
    let (one, other) = (cache.writing(session_id(1)).await, cache.writing(session_id(1)).await);
    cache.wrote(session_id(1), Some(other), Written::Doubtful).await;
    cache.wrote(session_id(1), Some(one), Written::Changed(&at_revision(5), None)).await;
    assert_eq!((known(cache).await, cache.revision(session_id(1)).await), (None, None));
    // What is read or written from now on counts again.
    write(cache, Written::Changed(&at_revision(7), None)).await;
    assert_eq!(known(cache).await, Some(at_revision(7)));
}

pub async fn messages_follow_a_session_from_its_beginning(cache: &dyn SessionCache) {
    cache.wrote(session_id(1), None, Written::New(&told(0))).await;
    assert_eq!(sequences(cache, 10).await, Some(vec![]));
    for sequence in 1..=5 {
        write(cache, Written::Changed(&told(sequence), Some(&message(sequence)))).await;
    }
    let recent = cache.recall_recent(session_id(1), 3).await.unwrap();
    assert_eq!((recent.session, recent.messages), (told(5), Some(vec![message(3), message(4), message(5)])));
    let expected = SessionStats { messages: 5, total_tokens: 0, timed_answers: 2, response_ms: 80 };
    assert_eq!(recent.stats, Some(expected));
    // A change of the session itself leaves what was said.
    write(cache, Written::Changed(&Session { revision: 6, ..told(5) }, None)).await;
    assert_eq!(sequences(cache, 10).await, Some(vec![1, 2, 3, 4, 5]));
}

pub async fn messages_that_were_read_are_kept_and_go_on(cache: &dyn SessionCache) {
    filled(cache, &told(4)).await;
    assert_eq!(sequences(cache, 10).await, None);
    let stats = SessionStats { messages: 4, total_tokens: 9, timed_answers: 2, response_ms: 10 };
    cache.keep_recent(session_id(1), 4, Some(&[message(3), message(4)]), None).await;
    cache.keep_recent(session_id(1), 4, None, Some(&stats)).await;
    assert_eq!(sequences(cache, 10).await, Some(vec![3, 4]));
    write(cache, Written::Changed(&told(5), Some(&message(5)))).await;
    assert_eq!(sequences(cache, 10).await, Some(vec![3, 4, 5]));
    let recent = cache.recall_recent(session_id(1), 1).await.unwrap();
    assert_eq!(recent.stats, Some(SessionStats { messages: 5, ..stats }));
}

pub async fn messages_of_another_revision_are_not_kept(cache: &dyn SessionCache) {
    filled(cache, &told(4)).await;
    cache.keep_recent(session_id(1), 3, Some(&[message(3)]), Some(&SessionStats::default())).await;
    let ticket = cache.writing(session_id(1)).await;
    cache.keep_recent(session_id(1), 4, Some(&[message(3), message(4)]), None).await;
    cache.wrote(session_id(1), Some(ticket), Written::Unchanged).await;
    let recent = cache.recall_recent(session_id(1), 10).await.unwrap();
    assert_eq!((recent.messages, recent.stats), (None, None));
}

pub async fn messages_with_a_gap_are_not_known(cache: &dyn SessionCache) {
    cache.wrote(session_id(1), None, Written::New(&told(0))).await;
    write(cache, Written::Changed(&told(1), Some(&message(1)))).await;
    // Somebody else wrote in between.
    write(cache, Written::Changed(&told(3), Some(&message(3)))).await;
    let recent = cache.recall_recent(session_id(1), 10).await.unwrap();
    assert_eq!((recent.session, recent.messages, recent.stats), (told(3), None, None));
}

pub async fn only_so_many_messages_are_kept(cache: &dyn SessionCache) {
    cache.wrote(session_id(1), None, Written::New(&told(0))).await;
    let all = RECENT_MESSAGES as u64 + 7;
    for sequence in 1..=all {
        write(cache, Written::Changed(&told(sequence), Some(&message(sequence)))).await;
    }
    let kept = sequences(cache, 1_000).await.unwrap();
    assert_eq!(kept, (8..=all).collect::<Vec<_>>());
}

fn context(revision: u64) -> UserContext {
    let preferences = serde_json::json!({"말투": "반말 👋"}).as_object().unwrap().clone();
    let (created_at, updated_at) = (Some(start()), Some(start()));
    UserContext { store: store(), user: kim(), preferences, summary: None, revision, created_at, updated_at }
}

fn kim() -> UserId {
    UserId::new("kim").unwrap()
}

async fn missed_context(cache: &dyn UserContextCache) -> CacheTicket {
    match cache.recall_context(&store(), &kim()).await {
        RecalledContext::Missing(Some(ticket)) => ticket,
        other => panic!("not missing, or not to be kept: {other:?}"),
    }
}

pub async fn a_context_that_was_read_is_recalled_as_it_was_until_it_is_written(cache: &dyn UserContextCache) {
    let ticket = missed_context(cache).await;
    cache.keep_context(&store(), &kim(), &ticket, Some(&context(3))).await;
    let known = RecalledContext::Known(Some(Box::new(context(3))));
    assert_eq!(cache.recall_context(&store(), &kim()).await, known);
    let lee = UserId::new("lee").unwrap();
    assert!(matches!(cache.recall_context(&store(), &lee).await, RecalledContext::Missing(Some(_))));
    let writing = cache.writing_context(&store(), &kim()).await;
    assert_eq!(cache.recall_context(&store(), &kim()).await, RecalledContext::Missing(None));
    cache.wrote_context(&store(), &kim(), writing).await;
    missed_context(cache).await;
}

pub async fn a_context_that_is_not_there_is_not_asked_for_again(cache: &dyn UserContextCache) {
    let ticket = missed_context(cache).await;
    cache.keep_context(&store(), &kim(), &ticket, None).await;
    assert_eq!(cache.recall_context(&store(), &kim()).await, RecalledContext::Known(None));
}

pub async fn a_context_that_was_read_before_a_write_is_not_kept(cache: &dyn UserContextCache) {
    let ticket = missed_context(cache).await;
    let writing = cache.writing_context(&store(), &kim()).await;
    cache.keep_context(&store(), &kim(), &ticket, Some(&context(1))).await;
    cache.wrote_context(&store(), &kim(), writing).await;
    cache.keep_context(&store(), &kim(), &ticket, Some(&context(1))).await;
    missed_context(cache).await;
}

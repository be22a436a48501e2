//! The contract of [`ImportTarget`](crate::ports::ImportTarget) and [`ImportLedger`](crate::ports::ImportLedger).

use std::collections::BTreeSet;

use kernel::{MessageId, RepositoryError, SessionId, UserId};
use serde_json::json;
use session_core::model::{Feedback, SessionState};

use super::ImportStorage;
use crate::ports::{Removal, Standing};
use crate::testing::samples::{at, conversation, entry, import, judged_conversation, verdict};
use crate::{Conversation, Entry, Import, ImportState, SourceKind, digests};

/// An import that is written down, with a conversation that it brought.
async fn bring(storage: &ImportStorage, import: &Import, conversation: &Conversation) -> Entry {
    storage.ledger.save(import).await.unwrap();
    let entry = entry(import, conversation);
    storage.target.store(conversation, &entry).await.unwrap();
    entry
}

pub async fn a_conversation_comes_back_as_it_was_stored(storage: &ImportStorage) {
    let brought = judged_conversation("가", 5);
    let id = brought.session.id;
    assert_eq!(storage.target.standing(id).await.unwrap(), Standing::Free);
    assert_eq!(storage.target.read(id).await.unwrap(), None);
    let entry = bring(storage, &import(1), &brought).await;
    let read = storage.target.read(id).await.unwrap().unwrap();
    assert_eq!(read, brought);
    assert_eq!(digests(&read, 5), entry.digests);
    assert_eq!(storage.target.standing(id).await.unwrap(), Standing::Imported(entry));
    let session = storage.sessions.find(&brought.session.store, id).await.unwrap();
    assert_eq!(session, Some(brought.session));
}

pub async fn a_conversation_is_stored_with_its_entry_or_not_at_all(storage: &ImportStorage) {
    let first = conversation("가", 4);
    bring(storage, &import(1), &first).await;
    let again = storage.target.store(&first, &entry(&import(1), &first)).await;
    assert!(matches!(again, Err(RepositoryError::Conflict)), "{again:?}");
    // A new session, one of whose messages has an id that is taken.
    let mut second = conversation("나", 4);
    second.messages[3].id = first.messages[0].id;
    let refused = storage.target.store(&second, &entry(&import(1), &second)).await;
    assert!(matches!(refused, Err(RepositoryError::Conflict)), "{refused:?}");
    assert_eq!(storage.target.standing(second.session.id).await.unwrap(), Standing::Free);
    assert_eq!(storage.target.read(second.session.id).await.unwrap(), None);
    assert_eq!(storage.target.read(first.session.id).await.unwrap(), Some(first));
}

pub async fn a_session_that_no_import_brought_is_taken(storage: &ImportStorage) {
    let theirs = conversation("가", 2);
    storage.sessions.insert(&theirs.session).await.unwrap();
    assert_eq!(storage.target.standing(theirs.session.id).await.unwrap(), Standing::Taken);
    storage.ledger.save(&import(1)).await.unwrap();
    let refused = storage.target.store(&theirs, &entry(&import(1), &theirs)).await;
    assert!(matches!(refused, Err(RepositoryError::Conflict)), "{refused:?}");
}

pub async fn a_conversation_is_removed_with_all_that_is_its_own(storage: &ImportStorage) {
    let (gone, kept) = (judged_conversation("가", 5), judged_conversation("나", 3));
    let entry = bring(storage, &import(1), &gone).await;
    bring(storage, &import(1), &kept).await;
    assert_eq!(storage.target.remove(&entry, false).await.unwrap(), Removal::Removed { messages: 5 });
    assert_eq!(storage.target.standing(gone.session.id).await.unwrap(), Standing::Free);
    let messages: Vec<MessageId> = gone.messages.iter().map(|message| message.id).collect();
    assert!(storage.feedback.of_messages(&gone.session.store, &messages).await.unwrap().is_empty());
    assert_eq!(storage.target.remove(&entry, false).await.unwrap(), Removal::Gone);
    assert_eq!(storage.target.read(kept.session.id).await.unwrap(), Some(kept));
    // Nothing of it is left in the way of the same conversation.
    storage.target.store(&gone, &entry).await.unwrap();
}

pub async fn a_conversation_that_was_used_since_is_kept_unless_forced(storage: &ImportStorage) {
    let brought = judged_conversation("가", 4);
    let entry = bring(storage, &import(1), &brought).await;
    let new = Feedback { user: Some(UserId::new("park").unwrap()), ..verdict(&brought) };
    assert!(storage.feedback.put(&brought.session.store, &new).await.unwrap());
    assert_eq!(storage.target.remove(&entry, false).await.unwrap(), Removal::Used);
    assert_eq!(storage.target.standing(brought.session.id).await.unwrap(), Standing::Imported(entry.clone()));
    assert_eq!(storage.target.remove(&entry, true).await.unwrap(), Removal::Removed { messages: 4 });
    assert_eq!(storage.target.read(brought.session.id).await.unwrap(), None);
}

pub async fn a_session_that_upkeep_removed_is_remembered(storage: &ImportStorage) {
    let mut brought = conversation("가", 2);
    brought.session.state = SessionState::Deleted;
    brought.session.deleted_at = Some(at(0));
    let entry = bring(storage, &import(1), &brought).await;
    while storage.maintenance.purge(at(100), 10).await.unwrap().more {}
    assert_eq!(storage.target.standing(brought.session.id).await.unwrap(), Standing::Removed(entry.clone()));
    assert_eq!(storage.target.remove(&entry, false).await.unwrap(), Removal::Gone);
    assert_eq!(storage.target.standing(brought.session.id).await.unwrap(), Standing::Free);
}

pub async fn a_database_is_always_the_same(storage: &ImportStorage) {
    let identity = storage.target.identity().await.unwrap();
    bring(storage, &import(1), &conversation("가", 2)).await;
    assert!(!identity.is_empty());
    assert_eq!(storage.target.identity().await.unwrap(), identity);
}

pub async fn an_import_is_written_down_and_what_becomes_of_it(storage: &ImportStorage) {
    let running = import(1);
    assert_eq!(storage.ledger.find(running.id).await.unwrap(), None);
    storage.ledger.save(&running).await.unwrap();
    assert_eq!(storage.ledger.find(running.id).await.unwrap(), Some(running.clone()));
    let ended = Import {
        state: ImportState::Different,
        backup: Some("/백업/iyagi.dump".into()),
        report: json!({"messages": {"read": 3, "이유": null}}),
        finished_at: Some(at(99)),
        ..running
    };
    storage.ledger.save(&ended).await.unwrap();
    assert_eq!(storage.ledger.find(ended.id).await.unwrap(), Some(ended));
}

pub async fn the_newest_unfinished_import_of_that_source_is_found(storage: &ImportStorage) {
    let elsewhere = Import { origin: "sqlite:/다른/chat.db".into(), ..import(3) };
    let other_kind = Import { kind: SourceKind::Conversations, ..import(4) };
    let completed = Import { state: ImportState::Completed, ..import(5) };
    for import in [&import(2), &import(1), &elsewhere, &other_kind, &completed] {
        storage.ledger.save(import).await.unwrap();
    }
    let unfinished = storage.ledger.unfinished(SourceKind::Stage1, &import(0).origin).await.unwrap();
    assert_eq!(unfinished, Some(import(2)));
    let nothing = storage.ledger.unfinished(SourceKind::SessionManager, &import(0).origin).await.unwrap();
    assert_eq!(nothing, None);
}

pub async fn imports_are_listed_the_newest_first(storage: &ImportStorage) {
    assert!(storage.ledger.list().await.unwrap().is_empty());
    for number in [2, 3, 1] {
        storage.ledger.save(&import(number)).await.unwrap();
    }
    assert_eq!(storage.ledger.list().await.unwrap(), [import(3), import(2), import(1)]);
}

pub async fn entries_are_read_in_pages_by_session(storage: &ImportStorage) {
    let (mine, others) = (import(1), import(2));
    let mut brought = BTreeSet::new();
    for number in 0..7 {
        let entry = bring(storage, &mine, &conversation(&format!("대화 {number}"), 2)).await;
        brought.insert(entry.session);
    }
    bring(storage, &others, &conversation("남의 것", 2)).await;
    let (mut read, mut after) = (Vec::<SessionId>::new(), None);
    loop {
        let page = storage.ledger.entries(mine.id, after, 3).await.unwrap();
        assert!(page.len() <= 3 && page.iter().all(|entry| entry.import == mine.id));
        let Some(last) = page.last() else { break };
        after = Some(last.session);
        read.extend(page.iter().map(|entry| entry.session));
    }
    assert_eq!(read, brought.into_iter().collect::<Vec<_>>());
}

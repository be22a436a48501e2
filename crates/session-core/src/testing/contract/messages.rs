//! The contract of [`TurnRepository`](crate::ports::TurnRepository): reading a conversation.

use kernel::{PageLimit, StoreId};

use super::Storage;
use super::turns::{exchange, opened};
use crate::model::SessionStats;
use crate::ports::MessageRange;
use crate::testing::samples::{closed_turn, message_id, new_turn, session, session_id, store};

async fn sequences(storage: &Storage, range: MessageRange, limit: usize) -> (Vec<u64>, Option<u64>) {
    let limit = PageLimit::new(limit).unwrap();
    let page = storage.turns.messages(&store(), session_id(1), range, limit).await.unwrap();
    (page.items.iter().map(|message| message.sequence).collect(), page.next)
}

async fn conversation(storage: &Storage, turns: u64) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    for number in 1..=turns {
        exchange(storage, 1, number).await;
    }
}

pub async fn hangul_emoji_and_long_text_come_back_unchanged(storage: &Storage) {
    storage.sessions.insert(&session("kim")).await.unwrap();
    let text = format!("한글 'quotes' \"double\" \\ % _ 👩‍👩‍👧‍👦 \u{1112}\u{1161}\u{11ab} {}", "가나다 ".repeat(5_000));
    opened(storage, &new_turn(1, 1, &text)).await;
    storage.turns.close_turn(&closed_turn(1, &text)).await.unwrap();
    for id in [2, 3] {
        let message = storage.turns.find_message(&store(), message_id(id)).await.unwrap().unwrap();
        assert_eq!(message.content, text);
    }
}

pub async fn the_latest_page_reads_back_to_the_beginning(storage: &Storage) {
    conversation(storage, 3).await;
    assert_eq!(sequences(storage, MessageRange::Latest, 4).await, (vec![3, 4, 5, 6], Some(3)));
    assert_eq!(sequences(storage, MessageRange::Before(3), 4).await, (vec![1, 2], None));
    assert_eq!(sequences(storage, MessageRange::Before(1), 4).await, (vec![], None));
    assert_eq!(sequences(storage, MessageRange::Latest, 6).await, (vec![1, 2, 3, 4, 5, 6], None));
}

pub async fn reading_forward_goes_from_a_number_to_the_end(storage: &Storage) {
    conversation(storage, 3).await;
    assert_eq!(sequences(storage, MessageRange::After(0), 4).await, (vec![1, 2, 3, 4], Some(4)));
    assert_eq!(sequences(storage, MessageRange::After(4), 4).await, (vec![5, 6], None));
    assert_eq!(sequences(storage, MessageRange::After(u64::MAX), 4).await, (vec![], None));
}

pub async fn another_stores_messages_are_not_there(storage: &Storage) {
    conversation(storage, 1).await;
    let other = StoreId::new("other").unwrap();
    let page = storage.turns.messages(&other, session_id(1), MessageRange::Latest, PageLimit::DEFAULT).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    assert_eq!(storage.turns.find_message(&other, message_id(2)).await.unwrap(), None);
    let unknown = session_id(9);
    let page = storage.turns.messages(&store(), unknown, MessageRange::Latest, PageLimit::DEFAULT).await.unwrap();
    assert!(page.items.is_empty());
}

pub async fn figures_count_messages_tokens_and_the_mean_time_to_answer(storage: &Storage) {
    let none = storage.turns.stats(&store(), session_id(1)).await.unwrap();
    assert_eq!(none, SessionStats::default());
    conversation(storage, 2).await;
    let mut slow = closed_turn(3, "천천히");
    slow.answer.as_mut().unwrap().response_time_ms = Some(100);
    opened(storage, &new_turn(1, 3, "?")).await;
    storage.turns.close_turn(&slow).await.unwrap();
    opened(storage, &new_turn(1, 4, "?")).await;
    let stats = storage.turns.stats(&store(), session_id(1)).await.unwrap();
    assert_eq!((stats.messages, stats.total_tokens, stats.mean_response_ms()), (7, 450, Some(56.0)));
    let foreign = storage.turns.stats(&StoreId::new("other").unwrap(), session_id(1)).await.unwrap();
    assert_eq!(foreign, SessionStats::default());
}

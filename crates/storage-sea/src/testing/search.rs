//! Search over conversations: what it costs among many messages, and the index of messages from before it.

use kernel::PageLimit;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use session_core::model::NewTurn;
use session_core::ports::{ConversationQuery, ConversationSearch, SearchHit, SessionRepository, TurnRepository};
use session_core::search::REACH;
use session_core::testing::samples::{self, conversation_query, message_id};

use super::Watch;
use super::crowd::{LONG_TURNS, RARE_OF_THE_REGULAR, RARE_WORD, SESSIONS, USUAL_WORD, kiosk, regular};
use super::hot::{asked, fresh, live};
use crate::pools::SeaSessions;

/// All hits, page by page.
async fn all(sessions: &SeaSessions, query: &ConversationQuery) -> Vec<SearchHit> {
    let (mut hits, mut after) = (Vec::new(), None);
    loop {
        let page = sessions.search(query, after, PageLimit::new(PageLimit::MAX).unwrap()).await.unwrap();
        hits.extend(page.items);
        after = page.next;
        if after.is_none() {
            return hits;
        }
    }
}

/// A search for what few messages say reads those few. One for what all of them say reads what the index finds, and
/// answers what can be reached.
pub(super) async fn among_many(watch: &mut Watch, round: u64) {
    let sessions = watch.sessions();
    // Each round adds one.
    let rare = (SESSIONS + LONG_TURNS) as usize / 1000 + round as usize - 1;
    let by_user = ConversationQuery { user: Some(regular()), ..conversation_query(RARE_WORD) };
    let beginning: String = RARE_WORD.chars().take(1).collect();
    for (query, hits) in
        [(conversation_query(RARE_WORD), rare), (conversation_query(&beginning), rare), (by_user, RARE_OF_THE_REGULAR)]
    {
        let search = sessions.search(&query, None, PageLimit::DEFAULT);
        watch.call(&format!("search for {:?} of {:?}", query.text.words(), query.user), search).await;
        assert_eq!(all(&sessions, &query).await.len(), hits, "{query:?}");
    }
    let by_kiosk = ConversationQuery { user: Some(kiosk()), ..conversation_query(RARE_WORD) };
    watch.call("search of a user with very many sessions", sessions.search(&by_kiosk, None, PageLimit::DEFAULT)).await;
    assert_eq!(all(&sessions, &conversation_query(USUAL_WORD)).await.len(), REACH);
    let question = format!("{USUAL_WORD}이 늦어 {RARE_WORD} 해 주세요");
    let turn = fresh(round, 8);
    sessions.open_turn(&NewTurn { question, user: kiosk(), ..asked(live(round, 3), turn) }).await.unwrap();
    let both = all(&sessions, &conversation_query(&format!("{RARE_WORD} {USUAL_WORD}"))).await;
    assert_eq!((both.len(), both[0].message.id), (REACH, message_id(2 * turn)));
}

/// Stores a conversation and takes the schema back to before there was an index.
pub async fn unindexed_conversation(sessions: &SeaSessions) {
    sessions.insert(&samples::session("kim")).await.unwrap();
    for number in 1..=300 {
        sessions.open_turn(&samples::new_turn(1, number, "배송이 언제 되나요")).await.unwrap();
        sessions.close_turn(&samples::closed_turn(number, "환불은 사흘 걸려요")).await.unwrap();
    }
    let connection: &DatabaseConnection = sessions.pools.writer();
    let newest_first = Migrator::migrations().into_iter().rev();
    let since =
        newest_first.map(|migration| migration.name().to_owned()).take_while(|name| !name.ends_with("message_search"));
    Migrator::down(connection, Some(since.count() as u32 + 1)).await.unwrap();
    let gone = connection.execute_unprepared("SELECT seq FROM message_search").await;
    assert!(gone.is_err(), "{gone:?}");
}

/// What [`unindexed_conversation`] stored is found, and so is what is said from now on.
pub async fn finds_what_was_unindexed(sessions: &SeaSessions) {
    let by_user = ConversationQuery { user: Some(samples::session("kim").user), ..conversation_query("환불") };
    for query in [conversation_query("배송"), by_user] {
        let page = sessions.search(&query, None, PageLimit::new(PageLimit::MAX).unwrap()).await.unwrap();
        assert_eq!((page.items.len(), page.next.is_some()), (200, true));
    }
    sessions.open_turn(&samples::new_turn(1, 301, "새 질문")).await.unwrap();
    let page = sessions.search(&conversation_query("새 질문"), None, PageLimit::DEFAULT).await.unwrap();
    assert_eq!(page.items.len(), 1);
}

//! The contracts of the storage ports and of the stream log, as tests any adapter runs:
//!
//! ```text
//! session_core::session_contract!(async { Some(Storage::new(adapter)) });
//! session_core::stream_log_contract!(async |clock| Some(log));
//! ```
//!
//! A fixture that answers `None` (no server to be had) skips the case; it must have said so loudly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::missing_panics_doc)] // assertions
#![allow(missing_docs)] // the names of the cases are sentences

pub mod cache;
pub mod feedback;
pub mod fleet;
pub mod maintenance;
pub mod messages;
pub mod search;
pub mod sessions;
pub mod share;
pub mod signals;
pub mod spool;
pub mod stream_log;
pub mod stream_slots;
pub mod turns;
pub mod user_context;

use std::any::Any;
use std::sync::Arc;

use crate::cache::{CachedContexts, CachedSessions};
use crate::ports::{
    ConversationSearch, FeedbackRepository, SessionCache, SessionMaintenance, SessionRepository, ShareRepository,
    TurnRepository, UserContextCache, UserContextStore,
};

/// The ports of one storage under test, fresh and empty.
pub struct Storage {
    /// Its sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Its turns and messages.
    pub turns: Arc<dyn TurnRepository>,
    /// Its feedback.
    pub feedback: Arc<dyn FeedbackRepository>,
    /// Its upkeep.
    pub maintenance: Arc<dyn SessionMaintenance>,
    /// Its search.
    pub search: Arc<dyn ConversationSearch>,
    /// Its share links.
    pub shares: Arc<dyn ShareRepository>,
    /// What it remembers of users.
    pub contexts: Arc<dyn UserContextStore>,
    /// Kept until the test ends: a temporary folder, a database to drop.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl Storage {
    /// A storage that is all these ports in one.
    pub fn new<S>(storage: S, guard: impl Any + Send + Sync) -> Self
    where
        S: SessionRepository
            + TurnRepository
            + FeedbackRepository
            + SessionMaintenance
            + ConversationSearch
            + ShareRepository
            + UserContextStore
            + 'static,
    {
        let storage = Arc::new(storage);
        Self {
            sessions: storage.clone(),
            turns: storage.clone(),
            feedback: storage.clone(),
            maintenance: storage.clone(),
            search: storage.clone(),
            shares: storage.clone(),
            contexts: storage,
            guard: Box::new(guard),
        }
    }
}

impl Storage {
    /// The same storage with a cache before it.
    #[must_use]
    pub fn behind<C: SessionCache + UserContextCache + 'static>(self, cache: Arc<C>) -> Self {
        let cached = Arc::new(CachedSessions::new(self.sessions, self.turns, cache.clone()));
        let contexts = Arc::new(CachedContexts::new(self.contexts, cache));
        Self { sessions: cached.clone(), turns: cached, contexts, ..self }
    }
}

/// Makes every case of the session, turn, message, search, upkeep, feedback, share and user context contracts a test.
/// `$fixture` is an expression that is a future of `Option<Storage>`.
#[macro_export]
macro_rules! session_contract {
    ($fixture:expr) => {
        $crate::session_contract!(@upkeep $fixture);
        $crate::session_contract!(@use $fixture);
    };
    // All but upkeep, for a storage behind a cache: the cases of upkeep run ahead of the clock a cache goes by.
    (but for upkeep, $fixture:expr) => {
        $crate::session_contract!(@use $fixture);
    };
    (@upkeep $fixture:expr) => {
        $crate::session_contract!(@module maintenance, $fixture;
            one_owner_leads_a_job_until_its_term_is_over,
            sessions_expire_in_batches_and_only_when_their_time_is_over,
            deleted_sessions_are_removed_for_good_with_all_that_is_theirs,
            a_long_session_is_removed_in_several_batches);
    };
    (@use $fixture:expr) => {
        $crate::session_contract!(@module sessions, $fixture;
            a_session_comes_back_as_it_was_stored,
            an_equal_id_conflicts,
            a_session_of_another_store_is_unknown,
            look_ups_at_once_each_find_their_own_session,
            a_look_up_sees_what_was_written_before_it_was_asked_for,
            callers_that_go_away_take_nobodys_look_up_along,
            the_store_of_a_session_is_known_by_the_id_alone,
            an_update_writes_what_may_change_and_leaves_the_counters,
            a_stale_update_changes_nothing,
            touching_counts_and_moves_the_expiry_but_never_back,
            only_a_live_session_of_that_store_and_user_is_touched,
            concurrent_touches_are_all_counted,
            the_live_session_is_the_one_used_last_and_not_expired,
            lists_are_ordered_by_last_use_and_stable_across_pages,
            lists_filter_by_user_and_by_the_state_at_that_moment,
            an_empty_list_has_no_cursor,
            active_sessions_are_counted_at_the_boundary);
        $crate::session_contract!(@module turns, $fixture;
            opening_stores_the_question_and_moves_the_session,
            closing_stores_the_answer_with_every_field,
            a_repeated_request_finds_its_turn_open_or_closed,
            the_open_turn_of_a_session_is_found_as_long_as_it_is_open,
            a_client_message_id_with_another_body_is_refused,
            a_second_question_finds_the_session_busy,
            a_dead_turn_does_not_block_the_session_after_its_lease,
            ended_expired_deleted_and_foreign_sessions_refuse_a_turn,
            a_session_expires_exactly_at_its_time,
            closing_twice_changes_nothing,
            a_turn_can_be_closed_without_an_answer,
            business_fields_and_title_are_kept_by_the_session,
            concurrent_questions_open_exactly_one_turn,
            concurrent_repeats_of_one_request_make_one_turn,
            concurrent_sessions_number_their_messages_without_gaps,
            the_sweeper_interrupts_only_turns_whose_lease_is_over,
            a_renewed_lease_keeps_the_session_and_a_closed_turn_has_lost_it,
            a_turn_is_asked_to_stop_once_and_its_owner_hears_of_it,
            a_late_answer_fills_a_turn_that_was_interrupted_unanswered,
            a_question_answered_again_is_stored_once);
        $crate::session_contract!(@module messages, $fixture;
            hangul_emoji_and_long_text_come_back_unchanged,
            the_latest_page_reads_back_to_the_beginning,
            reading_forward_goes_from_a_number_to_the_end,
            another_stores_messages_are_not_there,
            figures_count_messages_tokens_and_the_mean_time_to_answer);
        $crate::session_contract!(@module search, $fixture;
            questions_and_answers_are_found_whatever_their_spacing_and_particles,
            syllables_apart_are_no_word,
            any_query_is_answered,
            the_query_as_written_comes_first_and_of_equals_the_newest,
            filters_narrow_a_search,
            pages_are_stable_while_messages_come,
            another_stores_messages_are_never_found,
            deleted_sessions_and_removed_messages_are_not_found,
            a_message_is_found_with_its_turn_or_not_at_all,
            a_very_long_message_is_found_by_its_beginning);
        $crate::session_contract!(@module feedback, $fixture;
            feedback_is_kept_and_a_later_one_replaces_it,
            feedback_needs_a_message_of_that_store);
        $crate::session_contract!(@module share, $fixture;
            a_link_is_found_by_its_hash_while_it_is_live,
            an_equal_hash_conflicts,
            a_link_needs_a_session_of_that_store_that_is_not_deleted,
            a_deleted_session_is_not_shown,
            revoking_takes_back_the_links_of_that_session_only,
            every_access_is_kept_and_read_the_last_one_first,
            removing_a_session_for_good_removes_its_links);
        $crate::session_contract!(@module user_context, $fixture;
            a_context_comes_back_as_it_was_written,
            any_text_and_any_shape_of_json_comes_back_unchanged,
            a_user_that_nothing_was_written_of_is_unknown,
            stores_and_users_have_contexts_of_their_own,
            a_change_made_from_another_revision_is_refused_and_changes_nothing,
            concurrent_changes_each_raise_the_revision_by_one,
            of_concurrent_changes_made_from_one_revision_one_is_kept,
            what_is_removed_is_gone_and_begins_anew);
    };
    (@module $module:ident, $fixture:expr; $($case:ident),+) => {
        mod $module {
            // The fixture's names; a fixture that names everything by its path needs none of them.
            #[allow(unused_imports)]
            use super::*;
            $(#[tokio::test]
            async fn $case() {
                if let Some(storage) = $fixture.await {
                    $crate::testing::contract::$module::$case(&storage).await;
                }
            })+
        }
    };
}

/// Makes every case of the stream log's contract a test. `$fixture` is a closure from the clock the
/// log must use (and the time it keeps finished turns, ten minutes) to a future of `Option<Arc<dyn TurnStreamLog>>`.
#[macro_export]
macro_rules! stream_log_contract {
    ($fixture:expr) => {
        $crate::stream_log_contract!(@cases $fixture;
            events_are_numbered_from_one_and_read_in_order,
            a_reader_waits_for_the_next_event,
            a_reader_from_any_number_sees_the_rest,
            an_ended_log_ends_its_readers,
            a_glance_never_waits,
            an_unknown_log_is_told_as_such,
            nothing_is_added_before_the_start_or_after_the_end,
            a_finished_log_is_forgotten_after_its_time,
            a_turn_may_say_more_than_a_log_holds,
            a_reader_gets_a_long_log_in_parts);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            let clock = std::sync::Arc::new(kernel::testing::ManualClock::new());
            if let Some(log) = ($fixture)(clock.clone()).await {
                $crate::testing::contract::stream_log::$case(&*log, &clock).await;
            }
        })+
    };
}

/// Makes every case of the signals' contract a test. `$fixture` is an expression that is a future of an `Option` of
/// two `Arc<dyn TurnSignals>`, those of two processes that share a storage, and of what must live as long as the test.
#[macro_export]
macro_rules! signals_contract {
    ($fixture:expr) => {
        $crate::signals_contract!(@cases $fixture;
            every_listener_of_every_process_hears_a_signal_once,
            one_process_is_heard_in_the_order_in_which_it_tells,
            only_what_is_told_from_now_on_is_heard,
            telling_nobody_is_no_error);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            if let Some((one, other, _guard)) = $fixture.await {
                $crate::testing::contract::signals::$case(&*one, &*other).await;
            }
        })+
    };
}

/// Makes every case of the contract of the fleet's signals a test. `$fixture` is an expression that is a future of an
/// `Option` of two `Arc<dyn FleetSignals>`, those of two processes, and of what must live as long as the test.
#[macro_export]
macro_rules! fleet_signals_contract {
    ($fixture:expr) => {
        $crate::fleet_signals_contract!(@cases $fixture;
            both_processes_hear_what_either_tells_in_its_order,
            telling_a_fleet_that_does_not_listen_is_no_error);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            if let Some((one, other, _guard)) = $fixture.await {
                $crate::testing::contract::fleet::$case(&*one, &*other).await;
            }
        })+
    };
}

/// Makes every case of the session cache's contract a test. `$fixture` is an expression that is a future of an
/// `Option` of an `Arc<impl SessionCache + UserContextCache>` that knows nothing yet, and of what must live as long as
/// the test.
#[macro_export]
macro_rules! session_cache_contract {
    ($fixture:expr) => {
        $crate::session_cache_contract!(@cases $fixture;
            a_session_that_was_read_is_recalled_as_it_was,
            a_session_that_is_not_there_is_not_asked_for_again,
            what_upkeep_may_change_is_not_kept,
            of_those_who_miss_one_keeps_what_it_reads,
            what_is_being_written_is_not_known,
            the_revision_of_a_session_is_known_as_long_as_the_session_is,
            a_write_that_changed_nothing_leaves_what_is_known,
            a_write_whose_outcome_is_in_doubt_makes_it_unknown,
            what_was_read_before_a_write_is_not_kept,
            of_two_writes_the_later_one_counts_however_they_end,
            a_write_does_not_count_that_another_one_in_doubt_may_have_overtaken,
            messages_follow_a_session_from_its_beginning,
            messages_that_were_read_are_kept_and_go_on,
            messages_of_another_revision_are_not_kept,
            messages_with_a_gap_are_not_known,
            only_so_many_messages_are_kept,
            a_context_that_was_read_is_recalled_as_it_was_until_it_is_written,
            a_context_that_is_not_there_is_not_asked_for_again,
            a_context_that_was_read_before_a_write_is_not_kept);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            if let Some((cache, _guard)) = $fixture.await {
                $crate::testing::contract::cache::$case(&*cache).await;
            }
        })+
    };
}

/// Makes every case of the emergency spool's contract a test. `$fixture` is an expression that is a future
/// of an `Arc<impl TurnSpool>`, fresh and empty, and of what must live as long as the test.
#[macro_export]
macro_rules! spool_contract {
    ($fixture:expr) => {
        $crate::spool_contract!(@cases $fixture;
            an_empty_spool_has_nothing_pending,
            turns_are_pending_in_order_with_every_field,
            asking_again_tells_the_same_until_it_is_forgotten,
            what_came_after_the_question_is_not_forgotten,
            a_long_outage_is_told_in_parts_and_completely,
            a_turn_set_aside_is_not_pending);
    };
    (@cases $fixture:expr; $($case:ident),+) => {
        $(#[tokio::test]
        async fn $case() {
            let (spool, _guard) = $fixture.await;
            $crate::testing::contract::spool::$case(&*spool).await;
        })+
    };
}

#[cfg(test)]
mod memory {
    use super::Storage;
    use crate::testing::MemorySessions;

    crate::session_contract!(async { Some(Storage::new(MemorySessions::default(), ())) });

    mod cached {
        use crate::testing::contract::Storage;
        use crate::testing::{MemorySessions, memory_cache};

        // What is read through a cache is what is read without one.
        crate::session_contract!(but for upkeep, async {
            let sessions = MemorySessions::default();
            Some(Storage::new(sessions, ()).behind(memory_cache()))
        });
    }

    mod cache {
        use crate::testing::memory_cache;

        crate::session_cache_contract!(async { Some((memory_cache(), ())) });
    }

    mod fleet {
        use std::sync::Arc;

        use crate::ports::FleetSignals;
        use crate::testing::MemoryFleet;

        crate::fleet_signals_contract!(async {
            let signals = Arc::new(MemoryFleet::default()) as Arc<dyn FleetSignals>;
            Some((Arc::clone(&signals), signals, ()))
        });
    }

    mod signals {
        use std::sync::Arc;

        use crate::LocalSignals;
        use crate::ports::TurnSignals;

        crate::signals_contract!(async {
            let signals = Arc::new(LocalSignals::default()) as Arc<dyn TurnSignals>;
            Some((Arc::clone(&signals), signals, ()))
        });
    }

    mod streams {
        use std::sync::Arc;
        use std::time::Duration;

        use crate::ports::TurnStreamLog;
        use crate::stream::MemoryStreamLog;

        crate::stream_log_contract!(async |clock| {
            Some(Arc::new(MemoryStreamLog::new(clock, Duration::from_mins(10))) as Arc<dyn TurnStreamLog>)
        });
    }
}

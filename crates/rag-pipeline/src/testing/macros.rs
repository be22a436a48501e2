/// Makes every case of [`contract`](crate::testing::contract) a named `#[tokio::test]` for one storage.
///
/// The argument is an expression that evaluates, inside an async test, to a
/// `Option` of a [`Fixture`](crate::testing::Fixture) over an **empty** storage; it may `.await`, and is `None` when
/// what it needs is missing and was said to be. The calling
/// crate needs `tokio` with `macros` and `rt-multi-thread` among its dev-dependencies.
///
/// ```ignore
/// mod documents {
///     rag_pipeline::document_contract!(sqlite_fixture().await);
/// }
///
/// async fn sqlite_fixture() -> Option<rag_pipeline::testing::Fixture<tempfile::TempDir>> {
///     let folder = tempfile::tempdir().unwrap();
///     let storage = SqliteStorage::open(&folder.path().join("iyagi.db")).await.unwrap();
///     Some(Fixture::new(storage.documents(), storage.keywords(), storage.tasks(), folder))
/// }
/// ```
#[macro_export]
macro_rules! document_contract {
    ($fixture:expr) => {
        $crate::document_contract!(@cases $fixture;
            every_field_of_a_document_comes_back,
            every_field_of_a_chunk_comes_back,
            unicode_comes_back_as_it_was_stored,
            text_with_nul_is_refused_or_comes_back_whole,
            an_unknown_document_is_none,
            a_replaced_document_keeps_when_it_was_created,
            replacing_drops_old_chunks_and_terms,
            a_chunk_id_of_another_document_conflicts_and_changes_nothing,
            a_document_without_chunks_can_be_stored,
            deleting_removes_everything_once,
            stores_do_not_see_each_other,
            the_same_document_id_may_live_in_two_stores,
            pages_follow_the_order_of_ids_and_end,
            an_empty_store_has_an_empty_page,
            chunks_come_in_the_order_asked_for_without_unknown_ones,
            keywords_find_best_first_and_no_more_than_asked,
            a_heading_weighs_more_than_text,
            rare_terms_weigh_more_than_common_ones,
            no_terms_find_nothing,
            terms_that_look_like_query_syntax_are_harmless,
            single_syllables_and_mixed_scripts_are_found,
            collections_narrow_a_search,
            statistics_count_chunks_in_the_order_asked,
            concurrent_replacements_leave_one_whole_document,
            many_ids_and_terms_at_once_are_no_problem,
        );
        $crate::document_contract!(@lives $fixture;
            a_document_is_announced_once,
            a_failed_ingestion_keeps_the_old_chunks,
            the_text_lives_with_its_document,
            chunks_of_a_document_are_read_in_order,
            a_page_may_be_of_one_collection,
            a_collection_remembers_how_it_began,
            chunks_that_go_leave_a_plan_behind,
            a_plan_is_given_up_with_the_version_it_was_made_for,
            a_version_is_stored_only_while_its_task_is_held,
            a_collection_switches_when_nothing_changed_meanwhile,
            a_queued_task_comes_back,
            the_oldest_task_of_a_served_queue_is_given_out,
            a_task_is_not_given_out_before_its_time,
            tasks_of_one_subject_wait_for_each_other,
            a_task_is_given_to_one_worker,
            a_silent_worker_loses_its_task,
            parts_outlive_the_worker_and_go_with_the_task,
            a_failed_task_keeps_its_cause,
            cancelling_stops_waiting_and_running_tasks,
            a_cancelled_task_is_not_tried_again,
            the_tasks_of_a_dead_process_are_released,
            a_task_that_kills_its_workers_is_given_up,
            old_finished_tasks_are_forgotten,
            tasks_are_listed_newest_first,
        );
    };
    (@cases $fixture:expr; $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture: Option<_> = $fixture;
                let Some(fixture) = fixture else { return };
                $crate::testing::contract::$case(fixture.documents.as_ref(), fixture.keywords.as_ref()).await;
            }
        )+
    };
    (@lives $fixture:expr; $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture: Option<_> = $fixture;
                let Some(fixture) = fixture else { return };
                $crate::testing::contract::$case(&fixture).await;
            }
        )+
    };
}

/// Makes every case of [`contract::vectors`](crate::testing::contract::vectors) a named `#[tokio::test]` for one vector
/// store.
///
/// The argument is an `async` block that evaluates to an `Option` of a
/// [`VectorFixture`](crate::testing::VectorFixture) over an **empty** store; with `None`, because a server is missing
/// and that was told, the cases pass without running. The calling crate needs `tokio` with `macros` and
/// `rt-multi-thread` among its dev-dependencies.
#[macro_export]
macro_rules! vector_store_contract {
    ($fixture:expr) => {
        $crate::vector_store_contract!(@cases $fixture;
            the_nearest_come_first_with_cosine_scores,
            equal_scores_come_in_the_order_of_chunk_ids,
            no_more_are_found_than_asked_for,
            an_empty_vector_finds_nothing,
            a_kind_that_nothing_was_prepared_for_has_nothing,
            nothing_to_put_or_to_remove_is_fine,
            a_vector_without_direction_harms_no_other,
            kinds_of_one_length_never_meet,
            stores_never_meet,
            collections_narrow_a_search,
            a_point_put_twice_is_one_and_the_newer_wins,
            the_later_of_two_points_of_one_chunk_wins_within_a_call,
            exactly_those_asked_for_are_removed,
            removing_what_is_unknown_changes_nothing,
            a_store_cannot_remove_what_another_has,
            vectors_of_another_length_are_a_mismatch,
            room_for_another_length_is_a_mismatch,
            preparing_again_keeps_what_is_there,
            room_prepared_by_several_at_once_is_one,
            points_are_counted_by_kind_and_store,
            thousands_of_points_go_and_come_in_one_call,
            names_that_look_like_queries_are_only_names,
            writers_at_once_lose_nothing,
            writers_of_one_point_at_once_leave_one,
        );
    };
    (@cases $fixture:expr; $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(fixture) = $fixture.await else {
                    return;
                };
                $crate::testing::contract::vectors::$case(&fixture.subject).await;
            }
        )+
    };
}

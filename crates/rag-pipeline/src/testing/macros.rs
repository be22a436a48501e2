/// Makes every case of [`contract`](crate::testing::contract) a named `#[tokio::test]` for one storage.
///
/// The argument is an expression that evaluates, inside an async test, to a
/// [`Fixture`](crate::testing::Fixture) over an **empty** storage; it may `.await`. The calling
/// crate needs `tokio` with `macros` and `rt-multi-thread` among its dev-dependencies.
///
/// ```ignore
/// mod documents {
///     rag_pipeline::document_contract!(sqlite_fixture().await);
/// }
///
/// async fn sqlite_fixture() -> rag_pipeline::testing::Fixture<tempfile::TempDir> {
///     let folder = tempfile::tempdir().unwrap();
///     let storage = Arc::new(SqliteDocuments::open(folder.path()).await.unwrap());
///     Fixture { documents: storage.clone(), keywords: storage.clone(), vectors: storage, guard: folder }
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
            replacing_drops_old_chunks_terms_and_vectors,
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
            collections_narrow_both_searches,
            statistics_count_chunks_in_the_order_asked,
            vectors_find_the_nearest_first,
            vectors_of_another_dimension_are_not_considered,
            concurrent_replacements_leave_one_whole_document,
            many_ids_and_terms_at_once_are_no_problem,
        );
    };
    (@cases $fixture:expr; $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fixture;
                $crate::testing::contract::$case(
                    fixture.documents.as_ref(),
                    fixture.keywords.as_ref(),
                    fixture.vectors.as_ref(),
                )
                .await;
            }
        )+
    };
}

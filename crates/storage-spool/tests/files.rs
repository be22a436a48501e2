//! The file keeps the spool's contract, and what only a file can go through.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::Arc;

use session_core::ports::TurnSpool;
use session_core::testing::samples::closed_turn;
use storage_spool::FileSpool;
use tempfile::TempDir;

fn open(folder: &TempDir) -> FileSpool {
    FileSpool::open(&folder.path().join("spool")).unwrap()
}

mod contract {
    use super::*;

    session_core::spool_contract!(async {
        let folder = tempfile::tempdir().unwrap();
        (Arc::new(open(&folder)), folder)
    });
}

#[tokio::test]
async fn another_process_finds_what_the_first_one_answered_for() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder);
    for number in 1..=2 {
        spool.append(&closed_turn(number, "답변")).await.unwrap();
    }
    let next = open(&folder);
    assert_eq!(next.depth(), 2);
    assert_eq!(next.pending().await.unwrap().turns, [closed_turn(1, "답변"), closed_turn(2, "답변")]);
}

#[tokio::test]
async fn a_line_torn_anywhere_costs_that_line_only() {
    let whole = tempfile::tempdir().unwrap();
    let spool = open(&whole);
    spool.append(&closed_turn(1, "하나")).await.unwrap();
    let first = fs::metadata(whole.path().join("spool/turns.spool")).unwrap().len();
    spool.append(&closed_turn(2, "둘")).await.unwrap();
    let bytes = fs::read(whole.path().join("spool/turns.spool")).unwrap();
    for cut in (usize::try_from(first).unwrap() + 1..bytes.len() - 1).step_by(41) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("spool")).unwrap();
        fs::write(folder.path().join("spool/turns.spool"), &bytes[..cut]).unwrap();
        let torn = open(&folder);
        assert_eq!(torn.depth(), 1, "cut at {cut}");
        torn.append(&closed_turn(3, "셋")).await.unwrap();
        let pending = torn.pending().await.unwrap();
        assert_eq!(pending.turns, [closed_turn(1, "하나"), closed_turn(3, "셋")], "cut at {cut}");
        assert_eq!(pending.damaged, 1);
        torn.forget(pending.through).await.unwrap();
        assert!(torn.pending().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn damage_in_the_middle_is_counted_and_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder);
    spool.append(&closed_turn(1, "하나")).await.unwrap();
    let path = folder.path().join("spool/turns.spool");
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"00000000 3 {}}\n\xff\xfe\n").unwrap();
    spool.append(&closed_turn(2, "둘")).await.unwrap();
    let pending = spool.pending().await.unwrap();
    assert_eq!((pending.turns.len(), pending.damaged), (2, 2));
}

#[tokio::test]
async fn a_refused_turn_is_kept_for_a_person_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).set_aside(&closed_turn(1, "답변"), "the turn is not known").await.unwrap();
    let aside = fs::read_to_string(folder.path().join("spool/refused.jsonl")).unwrap();
    assert!(aside.contains("the turn is not known") && aside.contains("답변"), "{aside}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("spool"), "a file").unwrap();
    assert!(FileSpool::open(&folder.path().join("spool")).is_err());
}

//! Reading in child processes, and what is left when they fail.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use document_readers::{IsolatedReader, Limits, PoolOptions};
use rag_pipeline::model::{RawDocument, ReadError};
use rag_pipeline::ports::TextReader;
use rustix::process::{Pid, test_kill_process};
use test_support::wait::{wait_until, wait_until_blocking};

use crate::support::{outline, raw};

const WORKER: &str = env!("CARGO_BIN_EXE_reading-worker");
const PATIENCE: Duration = Duration::from_secs(20);

fn shell(script: &str) -> PoolOptions {
    PoolOptions::new("/bin/sh", ["-c", script])
}

fn seconds(seconds: u64) -> Limits {
    Limits { seconds, ..Limits::default() }
}

fn is_running(id: i32) -> bool {
    test_kill_process(Pid::from_raw(id).unwrap()).is_ok() && !is_zombie(id)
}

/// A process that nobody waits for any more is gone as soon as init has time for it; in a container that may be never.
fn is_zombie(id: i32) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z')))
}

/// The ids that scripts wrote into a file, one per line.
fn ids(file: &Path) -> Vec<i32> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// A folder with a `pdftotext` that never ends, and tells its process id.
fn hanging_pdftotext() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("pdftotext");
    let script = format!("#!/bin/sh\necho $$ >> {}/ids\nexec sleep 1000\n", folder.path().display());
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[tokio::test]
async fn documents_are_read_one_after_the_other_by_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let reader = IsolatedReader::new(shell(&format!("echo $$ >> {}; exec {WORKER}", started.display())));
    for text in ["하나", "둘", "셋"] {
        let document = reader.read(&raw("a.txt", text)).await.unwrap();
        assert_eq!(outline(&document), [format!("|p|{text}")]);
    }
    let error = reader.read(&raw("a.exe", "x")).await.unwrap_err();
    assert_eq!(error, ReadError::Unsupported { name: "a.exe".to_owned() });
    let ids = ids(&started);
    assert_eq!(ids.len(), 1);
    drop(reader);
    wait_until(PATIENCE, async || !is_running(ids[0])).await.unwrap();
}

#[tokio::test]
async fn a_thousand_small_documents_do_not_take_long() {
    let reader = IsolatedReader::new(PoolOptions::new(WORKER, [] as [&str; 0]));
    reader.read(&raw("a.txt", "warm")).await.unwrap();
    let started = Instant::now();
    for number in 0..1_000 {
        let document = reader.read(&raw("a.md", format!("# 제목\n\n글 {number}"))).await.unwrap();
        assert_eq!(document.blocks[0].text, format!("글 {number}"));
    }
    println!("1,000 documents took {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn no_more_processes_than_allowed_are_started() {
    let folder = tempfile::tempdir().unwrap();
    let started = folder.path().join("started");
    let mut options = shell(&format!("echo $$ >> {}; exec {WORKER}", started.display()));
    options.processes = 3;
    let reader = IsolatedReader::new(options);
    let all =
        (0..40).map(|n| {
            let reader = &reader;
            async move {
                reader.read(&raw("a.txt", format!("글 {n}"))).await.map(|document| document.blocks[0].text.clone())
            }
        });
    let all: Vec<_> = join_all(all).await;
    for (n, text) in all.into_iter().enumerate() {
        assert_eq!(text, Ok(format!("글 {n}")));
    }
    assert!((1..=3).contains(&ids(&started).len()), "{:?}", ids(&started));
}

#[tokio::test]
async fn a_process_that_hangs_is_killed_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ids");
    let mut options = shell(&format!("sleep 1000 & echo $! >> {0}; echo $$ >> {0}; wait", file.display()));
    options.limits = seconds(1);
    let reader = IsolatedReader::new(options);
    let error = reader.read(&raw("a.txt", "글")).await.unwrap_err();
    assert_eq!(error, ReadError::TimedOut { name: "a.txt".to_owned(), seconds: 1 });
    let ids = ids(&file);
    assert_eq!(ids.len(), 2);
    wait_until(PATIENCE, async || !ids.iter().any(|id| is_running(*id))).await.unwrap();
}

#[tokio::test]
async fn a_process_that_dies_fails_its_document_only() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let mark = mark.display();
    let script = format!("if [ -e {mark} ]; then exec {WORKER}; fi; touch {mark}; echo 'out of luck' >&2; exit 3");
    let reader = IsolatedReader::new(shell(&script));
    let error = reader.read(&raw("a.txt", "글")).await.unwrap_err();
    let reason = "exit status: 3; out of luck".to_owned();
    assert_eq!(error, ReadError::Crashed { name: "a.txt".to_owned(), reason });
    assert_eq!(reader.read(&raw("b.txt", "글")).await.unwrap().blocks.len(), 1);
}

#[tokio::test]
async fn a_process_that_ended_between_two_documents_is_replaced_without_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ids");
    let reader = IsolatedReader::new(shell(&format!("echo $$ >> {}; exec {WORKER}", file.display())));
    reader.read(&raw("a.txt", "글")).await.unwrap();
    let first = ids(&file)[0];
    rustix::process::kill_process(Pid::from_raw(first).unwrap(), rustix::process::Signal::KILL).unwrap();
    wait_until(PATIENCE, async || !is_running(first)).await.unwrap();
    assert_eq!(reader.read(&raw("b.txt", "글")).await.unwrap().blocks.len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_document_that_eats_memory_ends_its_process_and_not_this_one() {
    let mut options = PoolOptions::new(WORKER, [] as [&str; 0]);
    options.limits = Limits { memory_bytes: 48 << 20, characters: 1 << 30, ..Limits::default() };
    let reader = IsolatedReader::new(options);
    let error = reader.read(&raw("a.txt", "a line of text\n\n".repeat(2 << 20))).await.unwrap_err();
    let ReadError::Crashed { reason, .. } = error else { panic!("{error}") };
    assert!(reason.contains("memory allocation of") || reason.contains("OutOfMemory"), "{reason}");
    assert_eq!(reader.read(&raw("b.txt", "글")).await.unwrap().blocks.len(), 1);
}

#[tokio::test]
async fn a_process_without_work_ends_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ids");
    let mut options = shell(&format!("echo $$ >> {}; exec {WORKER}", file.display()));
    options.idle = Duration::from_millis(50);
    let reader = IsolatedReader::new(options);
    reader.read(&raw("a.txt", "글")).await.unwrap();
    wait_until(PATIENCE, async || !is_running(ids(&file)[0])).await.unwrap();
    assert_eq!(reader.read(&raw("b.txt", "글")).await.unwrap().blocks.len(), 1);
}

#[tokio::test]
async fn reading_that_is_given_up_leaves_no_process() {
    let folder = hanging_pdftotext();
    let file = folder.path().join("ids");
    let script = format!("echo $$ >> {}; PATH={}:$PATH exec {WORKER}", file.display(), folder.path().display());
    let reader = IsolatedReader::new(shell(&script));
    let file_of_both = file.clone();
    let document = raw("a.pdf", "%PDF-1.7");
    tokio::select! {
        _ = reader.read(&document) => panic!("it was read"),
        started = wait_until(PATIENCE, async || ids(&file_of_both).len() == 2) => started.unwrap(),
    }
    let ids = ids(&file);
    wait_until(PATIENCE, async || !ids.iter().any(|id| is_running(*id))).await.unwrap();
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_and_its_process_reads_on() {
    let folder = hanging_pdftotext();
    let file = folder.path().join("ids");
    let started = folder.path().join("started");
    let mut options =
        shell(&format!("echo $$ >> {}; PATH={}:$PATH exec {WORKER}", started.display(), folder.path().display()));
    options.limits = seconds(1);
    let reader = IsolatedReader::new(options);
    let error = reader.read(&raw("a.pdf", "%PDF-1.7")).await.unwrap_err();
    assert_eq!(error, ReadError::TimedOut { name: "a.pdf".to_owned(), seconds: 1 });
    assert!(!is_running(ids(&file)[0]));
    assert_eq!(reader.read(&raw("b.txt", "글")).await.unwrap().blocks.len(), 1);
    assert_eq!(ids(&started).len(), 1);
}

#[test]
fn when_the_process_that_asks_is_killed_nothing_it_started_is_left() {
    let folder = hanging_pdftotext();
    let file = folder.path().join("ids");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let mut worker = Command::new(WORKER);
    worker.env("PATH", path).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    let mut worker = worker.spawn().unwrap();
    let head = serde_json::json!({ "name": "a.pdf", "media_type": null, "limits": {} }).to_string();
    let file_bytes = b"%PDF-1.7";
    let mut stdin = worker.stdin.take().unwrap();
    stdin.write_all(&(head.len() as u32).to_le_bytes()).unwrap();
    stdin.write_all(&(file_bytes.len() as u64).to_le_bytes()).unwrap();
    stdin.write_all(head.as_bytes()).unwrap();
    stdin.write_all(file_bytes).unwrap();
    wait_until_blocking(PATIENCE, || ids(&file).len() == 1).unwrap();
    let program = ids(&file)[0];
    // What the kernel does with the pipe of a process that is killed.
    drop(stdin);
    assert!(!worker.wait().unwrap().success());
    wait_until_blocking(PATIENCE, || !is_running(program)).unwrap();
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told() {
    let reader = IsolatedReader::new(PoolOptions::new("/no/such/program", [] as [&str; 0]));
    let error = reader.read(&raw("a.txt", "글")).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/program cannot be started: there is no such program"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_too_large_is_not_even_sent() {
    let mut options = PoolOptions::new("/no/such/program", [] as [&str; 0]);
    options.limits.bytes = 3;
    let error = IsolatedReader::new(options).read(&raw("a.txt", "four")).await.unwrap_err();
    assert_eq!(error.to_string(), "\"a.txt\" is too large: bytes over 3");
}

#[tokio::test]
async fn the_environment_of_this_process_is_not_that_of_the_reader() {
    let reader = IsolatedReader::new(shell("env >&2; exit 1"));
    let document: RawDocument = raw("a.txt", "글");
    let ReadError::Crashed { reason, .. } = reader.read(&document).await.unwrap_err() else { panic!("it was read") };
    assert!(!reason.contains("CARGO"), "{reason}");
}

async fn join_all<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<F::Output>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, output) in all.iter_mut().zip(&mut done) {
            if output.is_none()
                && let std::task::Poll::Ready(ready) = future.as_mut().poll(context)
            {
                *output = Some(ready);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

//! The example runs, and remembers.
#![allow(clippy::unwrap_used)] // a test

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn desk(file: &Path, user: &str, questions: &str) -> String {
    let program = env!("CARGO_BIN_EXE_example-embedded");
    let mut child =
        Command::new(program).arg(file).arg(user).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(questions.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_service_of_ones_own_keeps_the_conversation_between_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.db");
    assert_eq!(desk(&file, "kim", "배송 언제 와요?\n"), "1번째 질문을 받았습니다: 배송 언제 와요?\n");
    let later =
        "(1) 배송 언제 와요?\n(2) 1번째 질문을 받았습니다: 배송 언제 와요?\n2번째 질문을 받았습니다: 환불은요?\n";
    assert_eq!(desk(&file, "kim", "환불은요?\n"), later);
    assert_eq!(desk(&file, "lee", ""), "");
}

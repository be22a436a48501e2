use std::{fs, path::Path};

use serde_json::Value;
use test_support::temp;

use crate::support::{Run, command, run, workspace};

const COMMANDS: &[&[&str]] = &[
    &["demo"],
    &["serve"],
    &["ingest"],
    &["reindex"],
    &["import"],
    &["eval"],
    &["db"],
    &["db", "test"],
    &["db", "info"],
    &["db", "backup"],
    &["db", "restore"],
    &["advisor"],
    &["config"],
    &["config", "check"],
    &["openapi"],
];

#[test]
fn the_program_and_every_command_of_it_explain_themselves() {
    let whole = run(&["--help"]);
    assert_eq!(whole.code, Some(0), "{whole:?}");
    for names in COMMANDS {
        assert!(whole.stdout.contains(names[0]), "{names:?} is not in the help");
        let help = run(&[names, &["--help"][..]].concat());
        assert_eq!(help.code, Some(0), "{names:?}: {help:?}");
        assert!(help.stdout.contains("Usage: iyagi") && help.stderr.is_empty(), "{names:?}: {help:?}");
        assert!(help.stdout.lines().next().is_some_and(|line| line.len() > 10), "{names:?}: {help:?}");
    }
    let listed = whole.stdout.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<&str> = listed.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let known = |name: &&str| *name == "help" || name.is_empty() || COMMANDS.iter().any(|names| names[0] == *name);
    assert!(listed.iter().all(known), "{listed:?}");
}

#[test]
fn what_cannot_be_understood_is_refused_with_the_usage() {
    for arguments in [&["serv"][..], &[], &["demo", "--prot", "1"], &["ingest"], &["demo", "--port", "http"]] {
        let run = run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:?}");
        assert!(run.stderr.contains("Usage") || run.stderr.contains("--help"), "{arguments:?}: {run:?}");
        assert!(run.stdout.is_empty(), "{run:?}");
    }
}

fn ingest(directory: &Path, arguments: &[&str]) -> Run {
    Run::of(&mut command(&[&["ingest", "--data", "data"], arguments].concat(), directory))
}

#[test]
fn documents_are_taken_in_once_and_a_changed_one_again() {
    let directory = temp::directory().unwrap();
    let folder = directory.path().join("docs");
    fs::create_dir(&folder).unwrap();
    for name in ["shipping.md", "refund.md"] {
        fs::copy(workspace().join("config/samples/docs").join(name), folder.join(name)).unwrap();
    }
    fs::write(folder.join("clip.mp4"), [0, 1, 2]).unwrap();
    let first = ingest(directory.path(), &["docs"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stdout.contains("2 added, 0 updated, 0 unchanged, 0 failed"), "{first:?}");

    let text = fs::read_to_string(folder.join("refund.md")).unwrap();
    fs::write(folder.join("refund.md"), text + "\n## 새 소식\n\n환불 문의는 언제나 환영합니다.\n").unwrap();
    let second = ingest(directory.path(), &["docs"]);
    assert!(second.stdout.contains("0 added, 1 updated, 1 unchanged, 0 failed"), "{second:?}");

    let third = ingest(directory.path(), &["docs", "--json"]);
    let lines: Vec<Value> = third.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line["outcome"] == "unchanged" && line["chunks"].as_u64() > Some(0)), "{lines:?}");
}

#[test]
fn a_path_that_is_not_there_is_named() {
    let directory = temp::directory().unwrap();
    let run = ingest(directory.path(), &["nowhere.md"]);
    assert!(run.code.is_some_and(|code| code != 0), "{run:?}");
    assert!(run.stderr.contains("nowhere.md"), "{run:?}");
}

#[test]
fn a_document_that_cannot_be_read_is_reported_and_the_others_are_taken_in() {
    let directory = temp::directory().unwrap();
    fs::create_dir(directory.path().join("docs")).unwrap();
    fs::write(directory.path().join("docs/good.md"), "# 배송\n\n배송은 이틀 걸립니다.\n").unwrap();
    fs::write(directory.path().join("docs/bad.docx"), b"PK\x03\x04 and no more").unwrap();
    let run = ingest(directory.path(), &["docs"]);
    assert!(run.code.is_some_and(|code| code != 0), "{run:?}");
    assert!(run.stdout.contains("bad.docx"), "{run:?}");
    assert!(run.stdout.contains("1 added, 0 updated, 0 unchanged, 1 failed"), "{run:?}");
}

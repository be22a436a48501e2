use std::{collections::BTreeSet, fs};

use super::{each_file, packages};
use crate::support::workspace;

/// Where a file asks to be split.
const LONGEST_FILE: usize = 400;
/// The crates whose signatures may speak of the database library.
const STORAGE: &[&str] = &["storage-sea", "storage-sqlite", "storage-postgres"];

#[test]
fn the_database_library_is_not_mentioned_outside_the_storage_crates() {
    for entry in fs::read_dir(workspace().join("crates")).unwrap() {
        let directory = entry.unwrap().path();
        if STORAGE.contains(&directory.file_name().unwrap().to_str().unwrap()) {
            continue;
        }
        each_file(&directory.join("src"), ".rs", &mut |path, text| {
            // A log filter may name it; code may not.
            let found = text.lines().find(|line| line.contains("sea_orm::") && !line.contains('"'));
            assert_eq!(found, None, "{}", path.display());
        });
    }
}

#[test]
fn no_source_file_is_longer_than_one_can_follow() {
    let mut long = Vec::new();
    for directory in ["crates", "migration/src", "benches/src", "tests/tests"] {
        each_file(&workspace().join(directory), ".rs", &mut |path, text| {
            let lines = text.lines().count();
            if lines > LONGEST_FILE {
                long.push(format!("{} has {lines} lines", path.display()));
            }
        });
    }
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn every_library_begins_by_saying_what_it_is() {
    for package in packages() {
        let library = std::path::Path::new(&package.manifest).with_file_name("src").join("lib.rs");
        if let Ok(text) = fs::read_to_string(&library) {
            assert!(text.starts_with("//! "), "{}", library.display());
        }
    }
}

#[test]
fn the_architecture_document_has_a_paragraph_for_every_crate() {
    let document = fs::read_to_string(workspace().join("docs/ARCHITECTURE.md")).unwrap();
    let mut described = BTreeSet::new();
    for section in document.split("\n### `").skip(1) {
        let (name, rest) = section.split_once('`').unwrap();
        let text = rest.split("\n#").next().unwrap();
        assert!(text.split_whitespace().count() >= 10, "`{name}` has a heading but no paragraph");
        assert!(described.insert(name.to_owned()), "`{name}` is described twice");
    }
    let there: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    assert_eq!(described, there);
}

#[test]
fn the_chat_page_loads_nothing_from_elsewhere() {
    const NAMESPACE: &str = "http://www.w3.org/2000/svg";
    for ending in [".html", ".js", ".css", ".svg"] {
        each_file(&workspace().join("crates/api-actix/assets"), ending, &mut |path, text| {
            let text = text.replace(NAMESPACE, "");
            let elsewhere = text.lines().find(|line| line.contains("http://") || line.contains("https://"));
            assert_eq!(elsewhere, None, "{}", path.display());
        });
    }
}

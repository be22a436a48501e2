use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::workspace;

/// Directories that hold nothing of ours.
const OTHERS: [&str; 3] = ["target", ".git", "node_modules"];

fn documents(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !OTHERS.contains(&name.as_str()) {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The targets of the links and images of a document that are not of the web. Code is no link.
fn links(markdown: &str) -> Vec<String> {
    let mut inside_code = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            inside_code = !inside_code;
        }
        if inside_code {
            continue;
        }
        let outside: String = line.split('`').step_by(2).collect();
        let targets = outside.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        found.extend(
            targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).map(str::to_owned),
        );
    }
    found
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn has_anchor(document: &Path, wanted: &str) -> bool {
    let text = fs::read_to_string(document).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
    headings.into_iter().any(|heading| anchor(heading) == wanted)
}

#[test]
fn every_relative_link_leads_to_a_file_and_every_anchor_to_a_heading() {
    let mut all = Vec::new();
    documents(workspace(), &mut all);
    assert!(all.len() > 3, "{all:?}");
    let mut broken = Vec::new();
    for document in &all {
        for link in links(&fs::read_to_string(document).unwrap()) {
            let (path, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { document.clone() } else { document.parent().unwrap().join(path) };
            let markdown = target.extension().is_some_and(|extension| extension == "md");
            if !target.exists() || (markdown && !heading.is_empty() && !has_anchor(&target, heading)) {
                broken.push(format!("{}: {link}", document.strip_prefix(workspace()).unwrap().display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn anchors_are_made_as_the_web_sites_of_repositories_do() {
    assert_eq!(anchor(" What it is, and isn't"), "what-it-is-and-isnt");
    assert_eq!(anchor(" 빠른 시작 (5분)"), "빠른-시작-5분");
}

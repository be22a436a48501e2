//! Files, folders, patterns and addresses.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, bail};
use document_readers::{Limits, Readers};
use rag_pipeline::ingest::NewDocument;
use rag_pipeline::model::{RawDocument, SourceUrl};
use rag_pipeline::ports::TextReader;

/// Something that can be taken in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Where it is.
    pub(crate) url: SourceUrl,
    /// What tells it from the others: its path below the folder that was named, or its address without the scheme.
    pub(crate) path: String,
}

impl Found {
    /// Something at an address.
    pub(crate) fn at(url: SourceUrl) -> Self {
        let path = url.as_str().split_once("://").map_or("", |(_, path)| path).trim_end_matches('/').to_owned();
        Self { url, path }
    }
}

/// The files named, everything readable below the folders named, what fits a pattern, and addresses; in order of their
/// names.
pub(crate) fn find(paths: &[String]) -> anyhow::Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        if path.contains("://") {
            found.push(Found::at(SourceUrl::new(path.as_str())?));
        } else {
            for file in files(path)? {
                found.push(of_file(&file, path)?);
            }
        }
    }
    if found.is_empty() {
        bail!(
            "there is nothing there that can be read: text, Markdown, HTML, PDF, Word, PowerPoint, Excel, CSV, images"
        );
    }
    Ok(found)
}

fn of_file(file: &Path, named: &str) -> anyhow::Result<Found> {
    let below = file.strip_prefix(named).ok().filter(|below| !below.as_os_str().is_empty());
    let path = below.unwrap_or_else(|| Path::new(file.file_name().unwrap_or_default()));
    let whole = fs::canonicalize(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let Some(text) = whole.to_str() else { bail!("the name of {} is not UTF-8", file.display()) };
    // What an address gives a meaning to.
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '%' | '?' | '#' | ' ' => format!("%{:02X}", u32::from(c)),
            c if c.is_control() || c.is_whitespace() => c.to_string().bytes().map(|b| format!("%{b:02X}")).collect(),
            c => c.to_string(),
        })
        .collect();
    Ok(Found { url: SourceUrl::new(format!("file://{escaped}"))?, path: path.display().to_string() })
}

/// A file that is named is always taken, and refused by the readers if they cannot read it; in a folder and by a pattern,
/// what they cannot read is passed over.
fn files(path: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if Path::new(path).exists() || !path.contains(['*', '?', '[']) {
        collect(Path::new(path), true, &mut found)?;
        return Ok(found);
    }
    // What is hidden is named or passed over, as in a folder.
    let plainly = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let matches = glob::glob_with(path, plainly).with_context(|| format!("the pattern {path} is not understood"))?;
    for file in matches {
        collect(&file?, false, &mut found)?;
    }
    Ok(found)
}

fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let kind = fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if !kind.is_dir() {
        if named || is_readable(path) {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| format!("the folder {} cannot be read", path.display()))?;
    let mut below = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<PathBuf>>>()?;
    below.sort();
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    // Links are not followed: they may lead in a circle.
    below.iter().filter(|path| !hidden(path) && !path.is_symlink()).try_for_each(|path| collect(path, false, files))
}

fn is_readable(path: &Path) -> bool {
    // Without an ending it may be anything.
    if path.extension().is_none() {
        return false;
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // A byte of no kind: the name decides.
    Readers::new(Limits::default()).reads(&RawDocument { name, media_type: None, bytes: b"?".to_vec() })
}

/// The files among the paths with their sizes and times, to see later what has changed.
pub(crate) fn watched(paths: &[String]) -> BTreeMap<Found, (u64, Option<SystemTime>)> {
    let of_path = |path: &String| {
        let files = files(path).unwrap_or_default().into_iter();
        let state = |file: PathBuf| {
            let metadata = fs::metadata(&file).ok()?;
            Some((of_file(&file, path).ok()?, (metadata.len(), metadata.modified().ok())))
        };
        files.filter_map(state).collect::<Vec<_>>()
    };
    paths.iter().filter(|path| !path.contains("://")).flat_map(of_path).collect()
}

/// Reads files whole, for those who have few of them.
pub(crate) fn read_all(paths: &[String]) -> anyhow::Result<Vec<NewDocument>> {
    let mut documents = Vec::new();
    for path in paths {
        for file in files(path)? {
            let bytes = fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            documents.push(NewDocument::from(RawDocument { name, media_type: None, bytes }));
        }
    }
    anyhow::ensure!(!documents.is_empty(), "there are no documents there that can be read");
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(found: &[Found]) -> Vec<String> {
        found.iter().map(|found| found.url.as_str().rsplit('/').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_folder_gives_its_readable_files_in_order_and_passes_over_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["b.md", "a.txt", "clip.mp4", ".hidden.md", "sub/c.MD", "sub/d.pdf", "e f%.csv"] {
            fs::write(folder.path().join(name), "# 제목\n내용").unwrap();
        }
        let path = folder.path().to_str().unwrap().to_owned();
        assert_eq!(
            named(&find(std::slice::from_ref(&path)).unwrap()),
            ["a.txt", "b.md", "e%20f%25.csv", "c.MD", "d.pdf"]
        );
        assert_eq!(named(&find(&[format!("{path}/**/*.md")]).unwrap()), ["b.md"]);
        assert_eq!(watched(&[path]).len(), 5);
    }

    #[test]
    fn addresses_are_taken_as_they_are() {
        let found = find(&["https://shop.example/help".to_owned()]).unwrap();
        assert_eq!(found[0].url.as_str(), "https://shop.example/help");
        assert!(find(&["https://shop.example/a b".to_owned()]).is_err());
    }

    #[test]
    fn a_missing_path_and_an_empty_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = find(&[folder.path().join("nowhere").display().to_string()]).unwrap_err();
        assert!(format!("{missing:#}").contains("nowhere"), "{missing:#}");
        let empty = find(&[folder.path().display().to_string()]).unwrap_err();
        assert!(empty.to_string().contains("nothing there"), "{empty}");
    }
}

//! Taking documents in with a progress bar.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use kernel::StoreId;
use rag_pipeline::ingest::{IngestError, IngestOutcome, Ingested, Ingestor, NewDocument};
use rag_pipeline::model::{Collection, RawDocument};

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// What came of taking documents in.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) added: usize,
    pub(crate) updated: usize,
    pub(crate) unchanged: usize,
    pub(crate) failed: usize,
}

impl Tally {
    fn count(&mut self, result: &Result<Ingested, IngestError>) {
        match result.as_ref().map(|ingested| ingested.outcome) {
            Ok(IngestOutcome::Added) => self.added += 1,
            Ok(IngestOutcome::Updated) => self.updated += 1,
            Ok(IngestOutcome::Unchanged) => self.unchanged += 1,
            Err(_) => self.failed += 1,
        }
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { added, updated, unchanged, failed } = self;
        write!(f, "{added} added, {updated} updated, {unchanged} unchanged, {failed} failed")
    }
}

/// Takes documents in, showing progress when stderr is a terminal; `each` sees every result.
pub(crate) async fn ingest(
    ingestor: &Ingestor,
    store: &StoreId,
    collection: &Collection,
    documents: Vec<NewDocument>,
    mut each: impl FnMut(&Result<Ingested, IngestError>) + Send,
) -> anyhow::Result<Tally> {
    let bar = ProgressBar::new(documents.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}")?);
    let mut tally = Tally::default();
    ingestor
        .ingest_all(store, collection, documents, |result| {
            tally.count(result);
            bar.inc(1);
            if let Ok(ingested) = result {
                bar.set_message(ingested.title.clone());
            }
            each(result);
        })
        .await;
    bar.finish_and_clear();
    Ok(tally)
}

/// The files named, and everything with a readable name below the folders named, in order of their names.
pub(crate) fn read_paths(paths: &[PathBuf]) -> anyhow::Result<Vec<NewDocument>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, true, &mut files)?;
    }
    if files.is_empty() {
        bail!("there are no .md, .markdown or .txt files there");
    }
    files.iter().map(|file| read(file)).collect()
}

/// A file that is named is always taken, and refused by the readers if they cannot read it; in a folder,
/// what they cannot read is passed over.
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
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("md" | "markdown" | "txt"))
}

fn read(file: &Path) -> anyhow::Result<NewDocument> {
    let size = fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?.len();
    if size > MAX_FILE_BYTES {
        bail!("{} is larger than {} MiB", file.display(), MAX_FILE_BYTES >> 20);
    }
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(NewDocument::from(RawDocument { name, media_type: None, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_readable_files_in_order_and_passes_over_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("sub")).unwrap();
        for name in ["b.md", "a.txt", "photo.png", ".hidden.md", "sub/c.MD"] {
            fs::write(folder.path().join(name), "# 제목\n내용").unwrap();
        }
        let documents = read_paths(&[folder.path().to_owned()]).unwrap();
        let names: Vec<&str> = documents.iter().map(|document| document.raw.name.as_str()).collect();
        assert_eq!(names, ["a.txt", "b.md", "c.MD"]);
    }

    #[test]
    fn a_missing_path_and_an_empty_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = read_paths(&[folder.path().join("nowhere")]).unwrap_err();
        assert!(format!("{missing:#}").contains("nowhere"), "{missing:#}");
        let empty = read_paths(&[folder.path().to_owned()]).unwrap_err();
        assert!(empty.to_string().contains("no .md"), "{empty}");
    }
}

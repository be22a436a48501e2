//! Data directories with the sample documents in them: ingested once for this process, then copied.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{self, Command},
    time::Duration,
};

use tempfile::TempDir;
use test_support::temp;
use tokio::sync::OnceCell;

use super::server;

const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A data directory of one's own that holds the ingested sample documents.
pub(crate) async fn ingested() -> TempDir {
    static PREPARED: OnceCell<PathBuf> = OnceCell::const_new();
    let prepared = PREPARED.get_or_init(prepare).await;
    let directory = temp::directory().unwrap();
    copy(prepared, directory.path());
    directory
}

async fn prepare() -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    remove_left_behind(parent);
    let directory = parent.join(format!("demo-data-{}", process::id()));
    fs::create_dir_all(&directory).unwrap();
    let (mut process, _) = server::launch(&directory, &[]).await;
    super::send_signal("TERM", process.id());
    let status = process.wait(STOP_LIMIT);
    assert!(status.success(), "{status}\n{}", process.stderr());
    directory
}

/// Directories of earlier runs: a static is never dropped, so none could remove its own.
fn remove_left_behind(parent: &Path) {
    for entry in fs::read_dir(parent).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let Some(owner) = name.strip_prefix("demo-data-") else { continue };
        let alive = Command::new("kill").args(["-0", owner]).output().unwrap().status.success();
        if !alive {
            fs::remove_dir_all(entry.path()).unwrap();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

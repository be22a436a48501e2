//! The folder of the embedded database, used by one process at a time.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The folder, locked until this value is gone.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if needed and locks it. The operating system lifts the lock with the process,
    /// however that ends.
    ///
    /// # Errors
    /// When the folder cannot be made or written, or another process uses it.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(path).with_context(|| {
            format!("the data folder {} cannot be made; choose another with --data", path.display())
        })?;
        let file = path.join("iyagi.lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&file)
            .with_context(|| format!("the data folder {} cannot be written", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "the data folder {} is used by another iyagi process; stop it, or choose another folder with --data",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", file.display()))
            }
        }
    }

    /// Where graphs of vectors are kept, which could be built anew.
    pub(crate) fn vectors(&self) -> PathBuf {
        self.path.join("vectors")
    }

    /// Where answered turns are kept while the database is gone.
    pub(crate) fn spool(&self) -> PathBuf {
        self.path.join("spool")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDir::open(&folder.path().join("deep/data")).unwrap();
        let second = DataDir::open(&folder.path().join("deep/data")).unwrap_err();
        assert!(second.to_string().contains("another iyagi process"), "{second}");
        drop(first);
        DataDir::open(&folder.path().join("deep/data")).unwrap();
    }
}

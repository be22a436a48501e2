//! Temporary directories, and names that no other test run uses.

use std::{
    env,
    hash::{BuildHasher, RandomState},
    io,
    path::PathBuf,
    process,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use tempfile::{Builder, TempDir};

static RUN: LazyLock<String> = LazyLock::new(|| {
    // Two containers may share a server and both run as process 1: the process id is not enough.
    let random = RandomState::new().hash_one(process::id());
    format!("{:x}{:08x}", process::id(), random >> 32)
});
static NAMES: AtomicU32 = AtomicU32::new(0);

/// A directory for one test, removed when the value is dropped.
///
/// # Errors
/// When it cannot be created.
pub fn directory() -> io::Result<TempDir> {
    Builder::new().prefix("iyagi-test-").tempdir()
}

/// What all [`unique`] names of this process have in common: lower-case hexadecimal digits.
#[must_use]
pub fn run() -> &'static str {
    &RUN
}

/// A short name of lower-case letters, digits and `_`, unlike any other of this or another run.
#[must_use]
pub fn unique() -> String {
    format!("{}_{}", run(), NAMES.fetch_add(1, Ordering::Relaxed))
}

/// A directory that a server's watchdog removes. `shared` ones can be reached by other accounts.
pub(crate) fn server_directory(name: &str, shared: bool) -> io::Result<PathBuf> {
    // TMPDIR of root may lie where the account a server runs under cannot go.
    let parent = if shared { PathBuf::from("/tmp") } else { env::temp_dir() };
    let directory = Builder::new().prefix(&format!("iyagi-{name}-")).tempdir_in(parent)?;
    Ok(directory.keep())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_names_differ_and_begin_with_the_run() {
        let (first, second) = (unique(), unique());
        assert_ne!(first, second);
        assert!(first.starts_with(run()));
    }

    #[test]
    fn a_test_directory_goes_with_its_value() -> io::Result<()> {
        let directory = directory()?;
        let path = directory.path().to_owned();
        assert!(path.is_dir());
        drop(directory);
        assert!(!path.exists());
        Ok(())
    }
}

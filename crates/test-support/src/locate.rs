//! Finding programs: on `PATH`, where package managers put them, and in Python packages that bring
//! server binaries.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

/// The first of `names` found in a directory of `PATH` or, failing that, in `others`.
#[must_use]
pub fn program(names: &[&str], others: &[PathBuf]) -> Option<PathBuf> {
    path_directories()
        .iter()
        .chain(others)
        .find_map(|directory| names.iter().find_map(|name| executable(directory, name)))
}

/// The directories of `PATH`, in order.
#[must_use]
pub fn path_directories() -> Vec<PathBuf> {
    env::var_os("PATH").map_or_else(Vec::new, |path| env::split_paths(&path).collect())
}

/// `directory/name` when that is a file that may be executed.
#[must_use]
pub fn executable(directory: &Path, name: &str) -> Option<PathBuf> {
    let path = directory.join(name);
    let metadata = fs::metadata(&path).ok()?;
    (metadata.is_file() && metadata.permissions().mode() & 0o111 != 0).then_some(path)
}

/// `parent/<one name>/tail` for every name that begins with `prefix`, the highest version first.
#[must_use]
pub fn versions(parent: &str, prefix: &str, tail: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<(Vec<u32>, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?;
            Some((version_key(version), entry.path().join(tail)))
        })
        .collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, path)| path).collect()
}

fn version_key(version: &str) -> Vec<u32> {
    version.split(|character: char| !character.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// The directory of a Python package: among the tools that `scripts/test.sh` unpacked, else where
/// `python3` would import it from.
#[must_use]
pub fn python_package(name: &str) -> Option<PathBuf> {
    let unpacked = test_tools().join("python").join(name);
    if unpacked.is_dir() {
        return Some(unpacked);
    }
    let question = format!(
        "import importlib.util as u; s = u.find_spec('{name}'); \
         print(s.submodule_search_locations[0] if s else '')"
    );
    let answer = Command::new("python3").args(["-c", &question]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    path.is_dir().then_some(path)
}

/// Where `scripts/test.sh` puts what it unpacks and makes.
pub(crate) fn test_tools() -> PathBuf {
    env::var_os("IYAGI_TEST_TOOLS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-tools"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::temp;
    use std::io;

    #[test]
    fn a_program_on_the_path_is_found_and_an_unknown_one_is_not() {
        assert!(program(&["no-such-program", "sh"], &[]).is_some());
        assert_eq!(program(&["no-such-program"], &[]), None);
    }

    #[test]
    fn only_files_that_may_be_executed_count() -> io::Result<()> {
        let directory = temp::directory()?;
        let path = directory.path().join("server");
        fs::write(&path, "")?;
        assert_eq!(executable(directory.path(), "server"), None);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        assert_eq!(executable(directory.path(), "server"), Some(path));
        Ok(())
    }

    #[test]
    fn version_10_comes_before_version_9() -> io::Result<()> {
        let directory = temp::directory()?;
        for name in ["postgresql@9.6", "postgresql@16", "postgresql@10", "other"] {
            fs::create_dir(directory.path().join(name))?;
        }
        let parent = directory.path().to_string_lossy();
        let found = versions(&parent, "postgresql@", "bin");
        let expected =
            ["postgresql@16", "postgresql@10", "postgresql@9.6"].map(|name| directory.path().join(name).join("bin"));
        assert_eq!(found, expected);
        Ok(())
    }
}

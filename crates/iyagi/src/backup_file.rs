//! The file of a backup, and the manifest beside it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// How much of a file is read at a time, in bytes.
const BLOCK: usize = 1 << 20;

/// What kind of file a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A SQLite database.
    Sqlite,
    /// `pg_dump --format=custom`.
    Custom,
    /// JSON Lines that restore into either kind of database.
    Portable,
}

impl Format {
    /// What a file is, by its first bytes.
    pub(crate) fn of(file: &Path) -> anyhow::Result<Self> {
        let place = || file.display().to_string();
        let mut beginning = Vec::new();
        File::open(file).with_context(place)?.take(16).read_to_end(&mut beginning).with_context(place)?;
        match beginning.as_slice() {
            bytes if bytes.starts_with(b"SQLite format 3\0") => Ok(Self::Sqlite),
            bytes if storage_postgres::is_custom_dump(bytes) => Ok(Self::Custom),
            bytes if bytes.starts_with(b"{\"iyagiDump\"") => Ok(Self::Portable),
            _ => bail!("{} is no backup of Iyagi", file.display()),
        }
    }

    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite database",
            Self::Custom => "pg_dump archive",
            Self::Portable => "portable dump",
        }
    }
}

/// What a backup holds, so that restoring can tell whether all of it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    /// The kind of file.
    pub(crate) format: Format,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// The version of Iyagi that made it.
    pub(crate) version: String,
    /// The size of the file, in bytes.
    pub(crate) bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub(crate) sha256: String,
    /// The rows of each table.
    pub(crate) rows: BTreeMap<String, u64>,
}

impl Manifest {
    /// Where a backup's manifest is.
    pub(crate) fn place(file: &Path) -> PathBuf {
        let mut name = OsString::from(file);
        name.push(".manifest.json");
        PathBuf::from(name)
    }

    /// The manifest of a backup whose file is as it says; `None` when there is none.
    pub(crate) fn verified(file: &Path, format: Format) -> anyhow::Result<Option<Self>> {
        let place = Self::place(file);
        let text = match fs::read_to_string(&place) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", place.display())),
        };
        let manifest: Self =
            serde_json::from_str(&text).with_context(|| format!("{} cannot be read", place.display()))?;
        let (bytes, sha256) = digest(file)?;
        ensure!(
            manifest.format == format && manifest.bytes == bytes && manifest.sha256 == sha256,
            "{} is not what was backed up: it differs from its manifest {}",
            file.display(),
            place.display()
        );
        Ok(Some(manifest))
    }

    /// Whether all rows arrived.
    pub(crate) fn compare(&self, rows: &BTreeMap<String, u64>) -> anyhow::Result<()> {
        ensure!(
            self.rows == *rows,
            "the rows that were restored ({rows:?}) are not those that were backed up ({:?})",
            self.rows
        );
        Ok(())
    }
}

/// A file in the making beside its place: either the whole backup appears there, or nothing.
pub(crate) struct NewBackup {
    target: PathBuf,
    force: bool,
    file: NamedTempFile,
}

impl NewBackup {
    /// Begins; the file can be read by its owner only, since conversations are in it.
    ///
    /// # Errors
    /// When there is such a file and it may not be replaced, or none can be made there.
    pub(crate) fn begin(target: &Path, force: bool) -> anyhow::Result<Self> {
        ensure!(!target.is_dir(), "{} is a folder; name a file", target.display());
        ensure!(force || !target.exists(), "{} exists; --force replaces it", target.display());
        let file = tempfile::Builder::new()
            .prefix(".iyagi-backup-")
            .tempfile_in(folder(target))
            .with_context(|| format!("no file can be made in {}", folder(target).display()))?;
        Ok(Self { target: target.to_owned(), force, file })
    }

    /// Where to write.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Puts the file in its place for good, and its manifest beside it.
    pub(crate) fn finish(
        self,
        format: Format,
        rows: BTreeMap<String, u64>,
        created_at: Timestamp,
    ) -> anyhow::Result<Manifest> {
        let folder = folder(&self.target).to_owned();
        // By its name: a program may have put another file there.
        File::open(self.path())?.sync_all()?;
        let (bytes, sha256) = digest(self.path())?;
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let manifest = Manifest { format, created_at, version, bytes, sha256, rows };
        let mut beside = tempfile::Builder::new().prefix(".iyagi-backup-").tempfile_in(&folder)?;
        beside.write_all(serde_json::to_string_pretty(&manifest)?.as_bytes())?;
        beside.as_file().sync_all()?;
        let place = Manifest::place(&self.target);
        if self.force {
            // A crash from here on leaves a backup without a manifest, never one with another's.
            remove_if_there(&place)?;
            self.file.persist(&self.target)?;
        } else {
            self.file.persist_noclobber(&self.target).with_context(|| self.target.display().to_string())?;
        }
        beside.persist(&place)?;
        sync_folder(&folder)?;
        Ok(manifest)
    }
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes names that were given or taken last a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The size and the SHA-256 of a file.
fn digest(file: &Path) -> anyhow::Result<(u64, String)> {
    let mut open = File::open(file).with_context(|| file.display().to_string())?;
    let (mut hash, mut size, mut block) = (Sha256::new(), 0_u64, vec![0; BLOCK]);
    loop {
        let read = open.read(&mut block).with_context(|| file.display().to_string())?;
        if read == 0 {
            break;
        }
        hash.update(&block[..read]);
        size += read as u64;
    }
    let hex = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((size, hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(target: &Path, text: &str, force: bool) -> anyhow::Result<Manifest> {
        let backup = NewBackup::begin(target, force)?;
        fs::write(backup.path(), text)?;
        backup.finish(Format::Portable, [("t".to_owned(), 1)].into(), Timestamp::from_unix_micros(0).unwrap())
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_backup_appears_whole_with_its_manifest_and_replaces_nothing_unless_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("b.dump");
        let manifest = made(&target, "one", false).unwrap();
        assert_eq!(names(folder.path()), ["b.dump", "b.dump.manifest.json"]);
        assert_eq!(Manifest::verified(&target, Format::Portable).unwrap(), Some(manifest));
        let refused = made(&target, "two", false).unwrap_err();
        assert!(refused.to_string().contains("--force"), "{refused}");
        assert_eq!(fs::read_to_string(&target).unwrap(), "one");
        made(&target, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "two");
        assert!(Manifest::verified(&target, Format::Portable).unwrap().is_some());
    }

    #[test]
    fn a_backup_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(NewBackup::begin(&folder.path().join("b.dump"), false).unwrap());
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn a_file_that_was_changed_since_is_refused_and_one_without_a_manifest_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("b.dump");
        made(&target, "one", false).unwrap();
        fs::write(&target, "onE").unwrap();
        let refused = Manifest::verified(&target, Format::Portable).unwrap_err();
        assert!(refused.to_string().contains("is not what was backed up"), "{refused}");
        fs::remove_file(Manifest::place(&target)).unwrap();
        assert_eq!(Manifest::verified(&target, Format::Portable).unwrap(), None);
    }

    #[test]
    fn a_file_is_known_by_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        for (text, format) in [
            ("SQLite format 3\0…", Some(Format::Sqlite)),
            ("PGDMP\u{1}", Some(Format::Custom)),
            ("{\"iyagiDump\":1", Some(Format::Portable)),
            ("장보기 목록", None),
            ("", None),
        ] {
            fs::write(&file, text).unwrap();
            assert_eq!(Format::of(&file).ok(), format, "{text}");
        }
    }
}

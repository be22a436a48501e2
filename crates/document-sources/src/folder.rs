//! Files of this machine.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rag_pipeline::model::{FetchedDocument, RawDocument, SourceError, SourceUrl};
use rag_pipeline::ports::FileSource;
use url::Url;

use crate::failure::{not_allowed, not_found, permanent, too_large, transient};
use crate::web::safe_name;

/// Which files of this machine may be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderOptions {
    /// Folders whose files may be fetched, at any depth; none.
    pub roots: Vec<PathBuf>,
    /// The largest file, in bytes; 50 MiB.
    pub max_bytes: u64,
}

impl Default for FolderOptions {
    fn default() -> Self {
        Self { roots: Vec::new(), max_bytes: 50 * 1_024 * 1_024 }
    }
}

/// Fetches `file:///path`: regular files below the folders that are opened. Symbolic links are followed as long as they
/// stay below one of them.
#[derive(Debug, Clone)]
pub struct FileFolderSource {
    options: FolderOptions,
}

impl FileFolderSource {
    /// A source of the files below `options.roots`. A root that does not exist yet may come later.
    pub fn new(options: FolderOptions) -> Self {
        Self { options }
    }

    fn read(&self, url: &str, path: &Path) -> Result<Vec<u8>, SourceError> {
        let (root, below) = self.place(url, path)?;
        let file = open_below(&root, &below).map_err(|error| told(url, &error))?;
        let about = file.metadata().map_err(|error| told(url, &error))?;
        if !about.is_file() {
            return Err(permanent(url, "it is not a regular file"));
        }
        let limit = self.options.max_bytes;
        if about.len() > limit {
            return Err(too_large(url, limit));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| told(url, &error))?;
        // It may have grown meanwhile, and files of the kernel say that they are empty.
        if bytes.len() as u64 > limit { Err(too_large(url, limit)) } else { Ok(bytes) }
    }

    /// The root that holds the file, and the way from there, both without symbolic links.
    fn place(&self, url: &str, path: &Path) -> Result<(PathBuf, PathBuf), SourceError> {
        if self.options.roots.is_empty() {
            return Err(not_allowed(url, "no folder of this server is opened; add one to the folders of file sources"));
        }
        let roots: Vec<PathBuf> = self.options.roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
        // What lies outside is told apart neither by its being there nor by its permissions.
        let outside =
            || not_allowed(url, "it is not below a folder that is opened; those are the folders of file sources");
        match path.canonicalize() {
            Ok(real) => {
                let found =
                    roots.iter().find_map(|root| Some((root.clone(), real.strip_prefix(root).ok()?.to_owned())));
                found.ok_or_else(outside)
            }
            Err(error) if self.seems_below(path) => Err(told(url, &error)),
            Err(_) => Err(outside()),
        }
    }

    fn seems_below(&self, path: &Path) -> bool {
        self.options.roots.iter().any(|root| {
            let real = root.canonicalize();
            path.starts_with(root) || real.is_ok_and(|real| path.starts_with(real))
        })
    }
}

#[async_trait]
impl FileSource for FileFolderSource {
    fn serves(&self, url: &SourceUrl) -> bool {
        url.scheme() == "file"
    }

    async fn fetch(&self, url: &SourceUrl) -> Result<FetchedDocument, SourceError> {
        let path = path(url)?;
        let name = path.file_name().and_then(|name| safe_name(&name.to_string_lossy()));
        let Some(name) = name else { return Err(permanent(url.as_str(), "it names no file")) };
        let (source, address) = (self.clone(), url.as_str().to_owned());
        let read = tokio::task::spawn_blocking(move || source.read(&address, &path)).await;
        let bytes = read.map_err(|_| transient(url.as_str(), "reading it was broken off"))??;
        Ok(FetchedDocument { raw: RawDocument { name, media_type: None, bytes }, title: None, url: None })
    }
}

fn path(url: &SourceUrl) -> Result<PathBuf, SourceError> {
    let wrong = |reason: &str| permanent(url.as_str(), reason.to_owned());
    let parsed =
        Url::parse(url.as_str()).map_err(|error| wrong(&format!("it is not an address of a file ({error})")))?;
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(wrong("? and # in the name of a file are written as %3F and %23"));
    }
    if parsed.path().to_ascii_lowercase().contains("%00") {
        return Err(wrong("no file has a NUL in its name"));
    }
    parsed.to_file_path().map_err(|()| wrong("it is not a path on this machine: write it as file:///folder/file"))
}

fn told(url: &str, error: &io::Error) -> SourceError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => not_found(url),
        io::ErrorKind::PermissionDenied => permanent(url, "this server may not read it; check its owner and its mode"),
        io::ErrorKind::IsADirectory => permanent(url, "it is not a regular file"),
        _ => transient(url, format!("it cannot be read ({error})")),
    }
}

/// Opens a file without following any symbolic link below `root`: whoever puts one there after the path was looked at
/// gains nothing. Does not wait for whoever writes into a pipe.
#[cfg(unix)]
fn open_below(root: &Path, below: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open, openat};

    let plain = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let folder = plain | OFlags::DIRECTORY;
    let mut at = open(root, folder, Mode::empty())?;
    let mut names = below.iter().peekable();
    while let Some(name) = names.next() {
        at = openat(&at, name, if names.peek().is_some() { folder } else { plain }, Mode::empty())?;
    }
    Ok(at.into())
}

#[cfg(not(unix))]
fn open_below(root: &Path, below: &Path) -> io::Result<File> {
    File::open(root.join(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_that_was_put_there_after_the_check_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("root"), folder.path().join("outside"));
        for made in [&root, &outside] {
            std::fs::create_dir(made).unwrap();
        }
        std::fs::write(outside.join("secret"), "geheim").unwrap();
        std::os::unix::fs::symlink(outside.join("secret"), root.join("file")).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("way")).unwrap();
        assert!(open_below(&root, Path::new("file")).is_err());
        assert!(open_below(&root, Path::new("way/secret")).is_err());
        assert!(open_below(&outside, Path::new("secret")).is_ok());
    }

    #[test]
    fn an_address_is_read_as_a_path_of_this_machine() {
        let read = |url: &str| path(&SourceUrl::new(url).unwrap());
        assert_eq!(read("file:///a/%EC%95%BD%EA%B4%80.md").unwrap(), Path::new("/a/약관.md"));
        assert_eq!(read("file:///a/약관.md").unwrap(), Path::new("/a/약관.md"));
        assert_eq!(read("file://localhost/a/b").unwrap(), Path::new("/a/b"));
        assert_eq!(read("file:///a/../../b/./c").unwrap(), Path::new("/b/c"));
        for wrong in ["file://other/a", "file:///a?b", "file:///a#b", "file:///a%00b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

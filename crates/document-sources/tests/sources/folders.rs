use std::fs;
use std::path::Path;

use document_sources::{FileFolderSource, FolderOptions};
use rag_pipeline::model::{FetchedDocument, SourceError};
use rag_pipeline::ports::FileSource;
use tempfile::TempDir;

use crate::support::url;

/// `root` with a file in it, and one beside it.
fn folders() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("root/deep")).unwrap();
    fs::create_dir_all(folder.path().join("root-not")).unwrap();
    fs::write(folder.path().join("root/deep/약관 1.md"), "# 약관").unwrap();
    fs::write(folder.path().join("root-not/secret"), "geheim").unwrap();
    folder
}

fn source(folder: &TempDir) -> FileFolderSource {
    FileFolderSource::new(FolderOptions { roots: vec![folder.path().join("root")], max_bytes: 100 })
}

async fn fetch(source: &FileFolderSource, path: &Path) -> Result<FetchedDocument, SourceError> {
    let address = url::Url::from_file_path(path).unwrap();
    source.fetch(&url(address)).await
}

#[tokio::test]
async fn a_file_below_an_opened_folder_is_fetched() {
    let folder = folders();
    let fetched = fetch(&source(&folder), &folder.path().join("root/deep/약관 1.md")).await.unwrap();
    assert_eq!((fetched.raw.name.as_str(), fetched.raw.bytes.as_slice()), ("약관 1.md", "# 약관".as_bytes()));
}

#[tokio::test]
async fn without_a_folder_nothing_is_fetched_and_the_error_says_how() {
    let error = FileFolderSource::new(FolderOptions::default()).fetch(&url("file:///etc/passwd")).await.unwrap_err();
    assert_eq!(error.code(), "source_not_allowed");
    assert!(error.to_string().contains("add one to the folders of file sources"), "{error}");
}

#[tokio::test]
async fn what_lies_outside_is_refused_whether_it_is_there_or_not() {
    let folder = folders();
    let mut told = Vec::new();
    for path in ["root-not/secret", "root-not/nothing", "root/../root-not/secret", "root/../../etc/passwd"] {
        let address = format!("file://{}/{path}", folder.path().display());
        let error = source(&folder).fetch(&url(address)).await.unwrap_err();
        assert_eq!(error.code(), "source_not_allowed", "{path}: {error}");
        told.push(error.to_string().split_once(": ").map(|(_, reason)| reason.to_owned()));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");
}

#[tokio::test]
async fn what_is_not_there_is_told_within_the_folder() {
    let folder = folders();
    let error = fetch(&source(&folder), &folder.path().join("root/nothing.md")).await.unwrap_err();
    assert_eq!(error.code(), "source_not_found");
}

#[tokio::test]
async fn a_large_file_is_not_read() {
    let folder = folders();
    let path = folder.path().join("root/large");
    fs::write(&path, vec![b'x'; 101]).unwrap();
    let error = fetch(&source(&folder), &path).await.unwrap_err();
    assert!(matches!(error, SourceError::TooLarge { limit: 100, .. }), "{error:?}");
    fs::write(&path, vec![b'x'; 100]).unwrap();
    assert_eq!(fetch(&source(&folder), &path).await.unwrap().raw.bytes.len(), 100);
}

#[tokio::test]
async fn a_folder_is_no_document() {
    let folder = folders();
    for path in ["root/deep", "root"] {
        let error = fetch(&source(&folder), &folder.path().join(path)).await.unwrap_err();
        assert_eq!(error.code(), "source_failed", "{path}: {error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_followed_as_long_as_it_stays_below() {
    use std::os::unix::fs::symlink;
    let folder = folders();
    let at = |path: &str| folder.path().join(path);
    symlink(at("root/deep/약관 1.md"), at("root/inside")).unwrap();
    symlink(at("root-not/secret"), at("root/outside")).unwrap();
    symlink(at("root-not"), at("root/way")).unwrap();
    symlink(at("root-not/nothing"), at("root/dangling")).unwrap();
    let source = source(&folder);
    assert_eq!(fetch(&source, &at("root/inside")).await.unwrap().raw.bytes, "# 약관".as_bytes());
    for path in ["root/outside", "root/way/secret"] {
        let error = fetch(&source, &at(path)).await.unwrap_err();
        assert_eq!(error.code(), "source_not_allowed", "{path}: {error}");
    }
    assert_eq!(fetch(&source, &at("root/dangling")).await.unwrap_err().code(), "source_not_found");
}

#[cfg(unix)]
#[tokio::test]
async fn a_root_may_be_a_link_itself() {
    let folder = folders();
    std::os::unix::fs::symlink(folder.path().join("root"), folder.path().join("docs")).unwrap();
    let source = FileFolderSource::new(FolderOptions { roots: vec![folder.path().join("docs")], max_bytes: 100 });
    fetch(&source, &folder.path().join("docs/deep/약관 1.md")).await.unwrap();
}

#[cfg(unix)]
#[test]
fn nobody_waits_at_a_pipe_or_a_socket() {
    use std::sync::mpsc;
    use std::time::Duration;

    let folder = folders();
    let (pipe, socket) = (folder.path().join("root/pipe"), folder.path().join("root/socket"));
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [pipe, socket] {
        // On a thread of its own, which a test that fails leaves behind.
        let (source, (tell, told)) = (source(&folder), mpsc::channel());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            tell.send(runtime.block_on(fetch(&source, &path))).ok();
        });
        let error = told.recv_timeout(Duration::from_secs(10)).unwrap().unwrap_err();
        assert!(["source_failed", "source_unavailable"].contains(&error.code()), "{error}");
    }
}

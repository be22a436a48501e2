//! The spool's files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use session_core::model::ClosedTurn;
use session_core::ports::{SpoolError, SpooledTurns, TurnSpool};

use crate::record;

/// What waits to be replayed.
const PENDING: &str = "turns.spool";
/// What the database refused.
const ASIDE: &str = "refused.jsonl";
/// A new generation of [`PENDING`] on its way.
const REST: &str = "turns.spool.new";
/// The most records told at once, so that a long outage does not fill the memory.
const PART: usize = 256;

/// A spool in a folder of its own.
#[derive(Debug, Clone)]
pub struct FileSpool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    files: Mutex<Files>,
    depth: AtomicU64,
}

#[derive(Debug)]
struct Files {
    pending: File,
    /// Bytes forgotten since the spool was opened: positions given out stay valid when the file shrinks.
    forgotten: u64,
}

impl FileSpool {
    /// Opens the spool, making its folder if there is none, and counts what it holds.
    ///
    /// # Errors
    /// When the folder or its files cannot be made, read or written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        match fs::remove_file(folder.join(REST)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut pending = OpenOptions::new().create(true).read(true).append(true).open(folder.join(PENDING))?;
        end_torn_line(&mut pending)?;
        sync_folder(folder)?;
        pending.seek(SeekFrom::Start(0))?;
        let depth = count(BufReader::new(&pending))?;
        let files = Mutex::new(Files { pending, forgotten: 0 });
        Ok(Self(Arc::new(Shared { folder: folder.to_owned(), files, depth: AtomicU64::new(depth) })))
    }

    /// Does blocking work where it holds nobody up.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &mut Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let shared = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || {
            let mut files = shared.files.lock().unwrap_or_else(PoisonError::into_inner);
            work(&shared, &mut files)
        });
        done.await.map_err(io::Error::other).flatten().map_err(|error| SpoolError::Backend(error.into()))
    }
}

#[async_trait]
impl TurnSpool for FileSpool {
    async fn append(&self, turn: &ClosedTurn) -> Result<(), SpoolError> {
        let line = record::line(turn).map_err(|error| SpoolError::Backend(error.into()))?;
        self.blocking(move |shared, files| {
            let whole = files.pending.seek(SeekFrom::End(0))?;
            let written = files.pending.write_all(line.as_bytes()).and_then(|()| files.pending.sync_data());
            if let Err(error) = written {
                // What was not answered for must not be replayed, and must not spoil the next line.
                files.pending.set_len(whole)?;
                return Err(error);
            }
            shared.depth.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .await
    }

    async fn pending(&self) -> Result<SpooledTurns, SpoolError> {
        self.blocking(|_, files| {
            files.pending.seek(SeekFrom::Start(0))?;
            let mut told = SpooledTurns { through: files.forgotten, ..SpooledTurns::default() };
            let mut reader = BufReader::new(&files.pending);
            let mut line = Vec::new();
            while told.turns.len() < PART && reader.read_until(b'\n', &mut line)? > 0 {
                told.through += line.len() as u64;
                match record::read(line.strip_suffix(b"\n").unwrap_or(&line)) {
                    Some(turn) => told.turns.push(turn),
                    // The line that ends a torn one may be empty.
                    None => told.damaged += u64::from(line != b"\n"),
                }
                line.clear();
            }
            Ok(told)
        })
        .await
    }

    async fn forget(&self, through: u64) -> Result<(), SpoolError> {
        self.blocking(move |shared, files| {
            let length = files.pending.seek(SeekFrom::End(0))?;
            let gone = through.saturating_sub(files.forgotten).min(length);
            if gone == 0 {
                return Ok(());
            }
            if gone == length {
                files.pending.set_len(0)?;
                files.pending.sync_data()?;
            } else {
                files.pending = shared.keep_from(&files.pending, gone)?;
            }
            files.forgotten += gone;
            files.pending.seek(SeekFrom::Start(0))?;
            shared.depth.store(count(BufReader::new(&files.pending))?, Ordering::Relaxed);
            Ok(())
        })
        .await
    }

    async fn set_aside(&self, turn: &ClosedTurn, why: &str) -> Result<(), SpoolError> {
        let record = serde_json::json!({"why": why, "turn": turn}).to_string() + "\n";
        self.blocking(move |shared, _| {
            let mut aside = OpenOptions::new().create(true).append(true).open(shared.folder.join(ASIDE))?;
            aside.write_all(record.as_bytes())?;
            aside.sync_data()?;
            sync_folder(&shared.folder)
        })
        .await
    }

    fn depth(&self) -> u64 {
        self.0.depth.load(Ordering::Relaxed)
    }
}

impl Shared {
    /// The file without its first bytes, put in its place in one step.
    fn keep_from(&self, mut pending: &File, gone: u64) -> io::Result<File> {
        let (new, place) = (self.folder.join(REST), self.folder.join(PENDING));
        let mut rest = OpenOptions::new().create(true).truncate(true).write(true).open(&new)?;
        pending.seek(SeekFrom::Start(gone))?;
        io::copy(&mut pending, &mut rest)?;
        rest.sync_all()?;
        fs::rename(&new, &place)?;
        sync_folder(&self.folder)?;
        OpenOptions::new().read(true).append(true).open(&place)
    }
}

fn count(lines: impl BufRead) -> io::Result<u64> {
    lines.split(b'\n').try_fold(0, |count, line| Ok(count + u64::from(record::read(&line?).is_some())))
}

/// A line that a crash cut short is ended, so that the next one begins on its own.
fn end_torn_line(file: &mut File) -> io::Result<()> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    io::Read::read_exact(file, &mut last)?;
    if last != *b"\n" {
        file.write_all(b"\n")?;
        file.sync_data()?;
    }
    Ok(())
}

/// Makes new and renamed files survive the loss of power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

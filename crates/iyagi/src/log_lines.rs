//! Log lines on their way to stderr, several at a time: there is one for each request, and a write costs more than the
//! line. What is wrong is written at once, with all that was said before.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others at most. It is lost when the process is killed meanwhile.
const PAUSE: Duration = Duration::from_millis(20);
/// Bytes that wait at most; whoever says more writes them.
const MOST: usize = 1 << 18;

/// Lines that wait. Those that still do are written when it is dropped.
pub(crate) struct LogLines(Arc<Inner>);

struct Inner {
    waiting: Mutex<Waiting>,
    said: Condvar,
    out: Box<dyn Fn() -> Box<dyn Write> + Send + Sync>,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    over: bool,
}

impl LogLines {
    /// Lines for stderr.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn to_stderr() -> anyhow::Result<Self> {
        Self::to(|| Box::new(io::stderr()))
    }

    fn to(out: impl Fn() -> Box<dyn Write> + Send + Sync + 'static) -> anyhow::Result<Self> {
        let inner = Arc::new(Inner { waiting: Mutex::default(), said: Condvar::new(), out: Box::new(out) });
        let writing = Arc::clone(&inner);
        let started = thread::Builder::new().name("log".into()).spawn(move || writing.write_now_and_then());
        started.context("the thread that writes the log cannot be started")?;
        Ok(Self(inner))
    }

    /// What events are written to.
    pub(crate) fn writer(&self) -> LogWriter {
        LogWriter { lines: Arc::clone(&self.0), at_once: false }
    }
}

impl Drop for LogLines {
    fn drop(&mut self) {
        self.0.waiting().over = true;
        self.0.said.notify_one();
        self.0.write();
    }
}

impl Inner {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_now_and_then(&self) {
        loop {
            let quiet = |waiting: &mut Waiting| waiting.bytes.is_empty() && !waiting.over;
            let over = self.said.wait_while(self.waiting(), quiet).unwrap_or_else(PoisonError::into_inner).over;
            if over {
                return;
            }
            thread::sleep(PAUSE);
            self.write();
        }
    }

    fn write(&self) {
        // Held while it is written: lines stay in order.
        let mut waiting = self.waiting();
        let mut out = (self.out)();
        let mut written = 0;
        while written < waiting.bytes.len() {
            match out.write(&waiting.bytes[written..]) {
                Ok(bytes) if bytes > 0 => written += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A pipe that is full for whoever does not want to wait, but the lines have to.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
                // There is nobody to tell that nobody can be told.
                _ => break,
            }
        }
        waiting.bytes.clear();
    }
}

/// Takes the lines of one event, or of many.
#[derive(Clone)]
pub(crate) struct LogWriter {
    lines: Arc<Inner>,
    at_once: bool,
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lines.waiting();
        let first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(bytes);
        let (full, over) = (waiting.bytes.len() > MOST, waiting.over);
        drop(waiting);
        if self.at_once || full || over {
            self.lines.write();
        } else if first {
            self.lines.said.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self {
        Self { lines: Arc::clone(&self.lines), at_once: *event.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Out {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().concat()).unwrap()
        }
    }

    fn lines() -> (LogLines, Out) {
        let out = Out::default();
        let to = out.clone();
        (LogLines::to(move || Box::new(to.clone())).unwrap(), out)
    }

    #[test]
    fn lines_are_written_in_order_and_fewer_times_than_there_are() {
        let (lines, out) = lines();
        let expected: String = (0..5_000).map(|number| format!("line {number}\n")).collect();
        for line in expected.split_inclusive('\n') {
            lines.writer().write_all(line.as_bytes()).unwrap();
        }
        drop(lines);
        assert_eq!(out.text(), expected);
        assert!(out.0.lock().unwrap().len() < 1_000);
    }

    #[test]
    fn a_line_is_written_without_another_one_after_it() {
        let (lines, out) = lines();
        lines.writer().write_all(b"alone\n").unwrap();
        let begun = std::time::Instant::now();
        while out.text() != "alone\n" {
            assert!(begun.elapsed() < Duration::from_secs(30));
            thread::yield_now();
        }
    }

    #[test]
    fn what_is_wrong_is_written_at_once_after_what_was_said_before() {
        let (lines, out) = lines();
        let subscriber = tracing_subscriber::fmt().with_writer(lines.writer()).with_ansi(false).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("before");
            tracing::warn!("wrong");
            let text = out.text();
            assert!(text.find("before").unwrap() < text.find("wrong").unwrap(), "{text}");
        });
    }
}

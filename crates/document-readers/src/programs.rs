//! Running a program on a document: bounded in time and output, and gone when this is over.

use std::env;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Where package managers put programs that a service's `PATH` may leave out.
const OTHER_PLACES: &[&str] = &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin"];
/// How much of what a program complains about is kept: a broken PDF can have a complaint for each of its objects.
const COMPLAINTS: u64 = 64 << 10;
/// The pause between two looks at whether a program that closed its output is gone.
const PAUSE: Duration = Duration::from_millis(2);

/// What a program said.
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// Why there is no output.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The time was over; the program was killed.
    TimedOut,
    /// It said more than allowed; it was killed.
    TooMuch,
    Io(io::Error),
}

/// The program of that name, on `PATH` or where package managers put it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(OTHER_PLACES.iter().map(PathBuf::from));
    places.map(|place| place.join(name)).find(|program| program.is_file())
}

/// Runs a program with `input` on its standard input, and waits for its end.
pub(crate) fn run(mut command: Command, input: &[u8], most: u64, time: Duration) -> Result<Output, Failure> {
    let deadline = Instant::now() + time;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().map_err(Failure::Io)?);
    let (stdin, stdout, stderr) = (running.0.stdin.take(), running.0.stdout.take(), running.0.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(Failure::Io(io::ErrorKind::BrokenPipe.into()));
    };
    thread::scope(|scope| {
        // A program that has seen enough closes its input; that is not an error.
        scope.spawn(move || stdin.write_all(input).unwrap_or_default());
        let complaints = scope.spawn(move || first_of(stderr, COMPLAINTS));
        let (done, wait) = mpsc::channel();
        scope.spawn(move || {
            let mut said = Vec::new();
            let read = stdout.take(most.saturating_add(1)).read_to_end(&mut said);
            // Nobody waits any more when the time was over.
            done.send(read.map(|_| said)).unwrap_or_default();
        });
        let result = wait.recv_timeout(time).map_err(|_| Failure::TimedOut).and_then(|said| said.map_err(Failure::Io));
        let result = result.and_then(|said| if said.len() as u64 > most { Err(Failure::TooMuch) } else { Ok(said) });
        let ended = result.and_then(|said| Ok((said, running.wait_until(deadline)?)));
        // Only when the program is gone do the threads above end, which the scope waits for.
        drop(running);
        let stderr = complaints.join().unwrap_or_default();
        ended.map(|(stdout, status)| Output { status, stdout, stderr })
    })
}

/// The first bytes of a stream as text; the rest is read and forgotten, so that the writer does not wait.
fn first_of(mut stream: impl Read, most: u64) -> String {
    let mut start = Vec::new();
    let read = stream.by_ref().take(most).read_to_end(&mut start);
    if read.is_ok() {
        io::copy(&mut stream, &mut io::sink()).unwrap_or_default();
    }
    String::from_utf8_lossy(&start).into_owned()
}

/// A program that is killed and waited for when this is dropped.
struct Running(Child);

impl Running {
    fn wait_until(&mut self, deadline: Instant) -> Result<ExitStatus, Failure> {
        loop {
            if let Some(status) = self.0.try_wait().map_err(Failure::Io)? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(Failure::TimedOut);
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a program that has ended and was waited for.
        self.0.kill().unwrap_or_default();
        self.0.wait().map(|_| ()).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn input_goes_in_and_both_outputs_come_out() {
        let large = vec![b'x'; 300_000];
        let output = run(shell("cat; echo no >&2; exit 3"), &large, 1 << 20, Duration::from_secs(20)).ok().unwrap();
        assert_eq!((output.stdout.len(), output.stderr.as_str(), output.status.code()), (300_000, "no\n", Some(3)));
    }

    #[test]
    fn a_program_that_hangs_or_floods_is_ended() {
        let started = Instant::now();
        let hangs = run(shell("exec sleep 1000"), b"", 10, Duration::from_millis(50));
        assert!(matches!(hangs, Err(Failure::TimedOut)));
        let hangs_silently = run(shell("exec sleep 1000 >&- 2>&-"), b"", 10, Duration::from_millis(50));
        assert!(matches!(hangs_silently, Err(Failure::TimedOut)));
        let floods = run(shell("exec yes"), b"", 1_000, Duration::from_secs(20));
        assert!(matches!(floods, Err(Failure::TooMuch)));
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn programs_are_found_by_name() {
        assert!(find("sh").is_some());
        assert_eq!(find("no-such-program"), None);
    }
}

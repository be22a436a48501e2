//! Servers that do not outlive the test process.
//!
//! Rust runs no destructors for statics, and a test process may be killed. So every server runs
//! under a small shell whose standard input is a pipe from this process. When the pipe closes, for
//! whatever reason, that shell stops the server and removes its directory.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use crate::{temp, unavailable::complain};

const SCRIPT: &str = include_str!("watchdog.sh");
/// How much of a server's log is worth showing when it failed.
const LOG_LINES: usize = 15;

/// The signal that makes a server stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// What most programs end on.
    Terminate,
    /// PostgreSQL's immediate shutdown: it does not wait for clients and saves nothing.
    Quit,
}

/// An account that servers are run under, because PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// Looks up an account by name.
    pub fn find(name: &str) -> Option<Self> {
        Some(Self { user: ask_id("-u", name)?, group: ask_id("-g", name)? })
    }

    /// Makes `command` run under this account.
    pub fn run(self, command: &mut Command) -> &mut Command {
        command.uid(self.user).gid(self.group)
    }
}

fn ask_id(question: &str, name: &str) -> Option<u32> {
    let answer = Command::new("id").args([question, name]).output().ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

/// Whether this process is root.
///
/// # Errors
/// When no temporary directory can be made: its owner is what tells.
pub fn is_root() -> io::Result<bool> {
    Ok(temp::directory()?.path().metadata()?.uid() == 0)
}

/// A running server and the directory it may fill. Dropping it stops the one and removes the other.
#[derive(Debug)]
pub struct Watchdog {
    directory: PathBuf,
    shell: Child,
    lifeline: Option<ChildStdin>,
}

/// How to start a server.
#[derive(Debug)]
pub struct Server {
    directory: PathBuf,
    account: Option<Account>,
    stop: StopSignal,
    environment: Vec<(&'static str, String)>,
}

impl Server {
    /// Makes the directory of a server that `stop` ends; the server runs in it, as `account`.
    ///
    /// # Errors
    /// When the directory cannot be made or handed over.
    pub fn new(name: &str, account: Option<Account>, stop: StopSignal) -> io::Result<Self> {
        let directory = temp::server_directory(name, account.is_some())?;
        if let Some(account) = account {
            std::os::unix::fs::chown(&directory, Some(account.user), Some(account.group))?;
        }
        Ok(Self { directory, account, stop, environment: Vec::new() })
    }

    /// The directory, for use in the server's arguments.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Puts a file into the directory that only the server's account may read.
    ///
    /// # Errors
    /// When it cannot be written or handed over.
    pub fn private_file(&self, name: &str, content: &str) -> io::Result<()> {
        let path = self.directory.join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        match self.account {
            Some(account) => std::os::unix::fs::chown(&path, Some(account.user), Some(account.group)),
            None => Ok(()),
        }
    }

    /// Sets a variable of the server's environment.
    #[must_use]
    pub fn environment(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// Runs `command` (a program and its arguments) under a watchdog.
    ///
    /// # Errors
    /// When `/bin/sh` cannot be run. That the server itself fails shows in [`Watchdog::ended`].
    pub fn start<C>(self, command: C) -> io::Result<Watchdog>
    where
        C: IntoIterator,
        C::Item: Into<OsString>,
    {
        let signal = match self.stop {
            StopSignal::Terminate => "TERM",
            StopSignal::Quit => "QUIT",
        };
        let mut shell = lifeline_shell(SCRIPT);
        shell
            .arg(&self.directory)
            .arg(signal)
            .args(command.into_iter().map(Into::into))
            .current_dir(&self.directory)
            .env("HOME", &self.directory)
            .envs(self.environment);
        if let Some(account) = self.account {
            account.run(&mut shell);
        }
        match shell.spawn() {
            Ok(mut shell) => Ok(Watchdog { directory: self.directory, lifeline: shell.stdin.take(), shell }),
            Err(error) => {
                fs::remove_dir_all(&self.directory)?;
                Err(error)
            }
        }
    }
}

/// A shell in a process group of its own, out of reach of the terminal's Ctrl-C, whose standard
/// input closes with this process.
fn lifeline_shell(script: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", script, "test-watchdog"])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    shell
}

/// Runs `command` when this process has ended or dropped the returned value, whichever is first.
///
/// # Errors
/// When `/bin/sh` cannot be run.
pub fn run_afterwards<C>(command: C) -> io::Result<Option<ChildStdin>>
where
    C: IntoIterator,
    C::Item: Into<OsString>,
{
    let mut shell = lifeline_shell("cat >/dev/null; exec \"$@\" </dev/null");
    shell.args(command.into_iter().map(Into::into));
    Ok(shell.spawn()?.stdin.take())
}

impl Watchdog {
    /// The server's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The end of the server's log when the server has ended by itself.
    pub fn ended(&self) -> Option<String> {
        let status = fs::read_to_string(self.directory.join("exit-status")).ok()?;
        Some(format!("exit status {}\n{}", status.trim(), self.log()))
    }

    /// The last lines of what the server printed.
    pub fn log(&self) -> String {
        match fs::read(self.directory.join("server.log")) {
            Err(error) => format!("no log: {error}"),
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let lines: Vec<&str> = text.lines().collect();
                lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
            }
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Err(error) = self.shell.wait() {
            complain("a test server was not stopped", &error);
        }
    }
}

use std::{fs, path::Path, process::Command, time::Duration};

use test_support::{
    Unavailable, ports,
    postgres::{self, TestDatabase},
    redis, temp,
    wait::wait_until,
};

use super::{
    READMES,
    console::{Shown, commands, missing},
};
use crate::support::{Process, Run, binary, workspace};

/// How the READMEs call the binary. Here it is there already, as a debug build.
const CALLS: [&str; 3] = ["cargo run --release --package iyagi --", "cargo run --release --", "./target/release/iyagi"];
/// The first thing a reader does; the server then runs while everything else is tried.
const DEMO: &str = "cargo run --release -- demo";
/// This is what runs these tests.
const EXEMPT: &str = "./scripts/test.sh";
/// The servers that the READMEs name.
const DATABASE: &str = "postgres://iyagi:secret@db/iyagi";
const REDIS: &str = "redis://cache:6379";
const START_LIMIT: Duration = Duration::from_mins(3);

fn shown(readme: &str) -> Vec<Shown> {
    commands(&fs::read_to_string(workspace().join(readme)).unwrap())
}

/// Runs the commands of one document in order, with a data folder and a port of its own.
struct Session {
    data: tempfile::TempDir,
    port: u16,
    server: Option<Process>,
    /// The servers that the documents name, and those that are here in their place.
    servers: [(&'static str, String); 2],
    _database: TestDatabase,
}

impl Session {
    async fn new() -> Result<Self, Unavailable> {
        let (database, redis) = (postgres::database().await?, redis::server().await?);
        let servers = [(DATABASE, database.url.clone()), (REDIS, redis.url().to_owned())];
        let (data, port) = (temp::directory().unwrap(), ports::free().unwrap());
        Ok(Self { data, port, server: None, servers, _database: database })
    }

    fn as_run_here(&self, command: &str) -> String {
        let binary = binary().display().to_string();
        let called = CALLS.iter().fold(command.to_owned(), |text, call| text.replace(call, &binary));
        let called = called.replace("8000", &self.port.to_string());
        self.servers.iter().fold(called, |text, (named, here)| text.replace(named, here))
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("bash");
        shell.args(["-c", command]).current_dir(workspace());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("IYAGI") || name.starts_with("DATABASE"))
        {
            shell.env_remove(name);
        }
        // Servers are shared by tests; what each remembers there is its own.
        shell.env("IYAGI__REDIS__PREFIX", format!("{}:", self.port));
        shell.env("IYAGI__DATA__DIR", self.data.path()).env("PORT", self.port.to_string());
        shell
    }

    /// The server that a command starts goes on running; the next one takes its place.
    async fn serve(&mut self, command: &str) -> String {
        self.server = None;
        // Variables before the command are set by `env`, which `exec` can become.
        let process = Process::start(&mut self.shell(&format!("exec env {command}")));
        let process = self.server.insert(process);
        let ready = format!("http://127.0.0.1:{}/ready", self.port);
        let answered = wait_until(START_LIMIT, || {
            let ended = process.ended();
            assert!(ended.is_none(), "`{command}` ended: {ended:?}\n{}", process.stderr());
            let look = crate::support::http::client().get(&ready).send();
            async { look.await.is_ok_and(|response| response.status().is_success()) }
        });
        assert!(answered.await.is_ok(), "`{command}` is not ready:\n{}", process.stderr());
        process.stdout()
    }

    async fn run(&mut self, shown: &Shown) {
        let command = self.as_run_here(&shown.command);
        let serves = [" demo", " serve"].iter().any(|name| command.contains(&format!("{}{name}", binary().display())));
        let output = if serves && !command.contains("--help") {
            self.serve(&command).await
        } else {
            let run = Run::of(&mut self.shell(&format!("set -o pipefail; {command}")));
            assert_eq!(run.code, Some(0), "`{}`: {run:?}", shown.command);
            run.stdout + &run.stderr
        };
        let expected: Vec<String> =
            shown.output.iter().map(|line| line.replace("8000", &self.port.to_string())).collect();
        let absent = missing(&expected, &output);
        assert!(absent.is_empty(), "`{}` does not say {absent:#?}, but\n{output}", shown.command);
    }
}

async fn run_all(readme: &str) {
    let text = fs::read_to_string(workspace().join(readme)).unwrap();
    assert!(text.contains(DEMO), "{readme} does not tell how to begin");
    let mut session = test_support::require!(Session::new().await);
    let demo = session.as_run_here(DEMO);
    session.serve(&demo).await;
    let commands = commands(&text);
    assert!(!commands.is_empty(), "{readme} shows no command");
    for shown in commands.iter().filter(|shown| !is_exempt(&shown.command)) {
        session.run(shown).await;
    }
}

/// Running the tests, fetching the project, and entering it are not for a test that runs inside of it.
fn is_exempt(command: &str) -> bool {
    command.starts_with(EXEMPT) || command.starts_with("git clone") || command.starts_with("cd ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_command_of_the_english_readme_works() {
    run_all(READMES[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_command_of_the_korean_readme_works() {
    run_all(READMES[1]).await;
}

#[test]
fn both_readmes_show_the_same_commands() {
    let of = |readme: &str| shown(readme).into_iter().map(|shown| shown.command).collect::<Vec<_>>();
    assert_eq!(of(READMES[0]), of(READMES[1]));
}

#[test]
fn what_a_readme_calls_is_there() {
    for readme in READMES {
        for shown in shown(readme) {
            let program = shown.command.split_whitespace().next().unwrap().to_owned();
            if program.starts_with("./") && !program.starts_with("./target/") {
                assert!(workspace().join(Path::new(&program)).is_file(), "{readme}: {program}");
            }
        }
    }
}

use std::{fs, path::Path, process::Command, time::Duration};

use test_support::{ports, temp, wait::wait_until};

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
const START_LIMIT: Duration = Duration::from_mins(3);

fn shown(readme: &str) -> Vec<Shown> {
    commands(&fs::read_to_string(workspace().join(readme)).unwrap())
}

/// Runs the commands of one document in order, with a data folder and a port of its own.
struct Session {
    data: tempfile::TempDir,
    port: u16,
    server: Option<Process>,
}

impl Session {
    fn new() -> Self {
        Self { data: temp::directory().unwrap(), port: ports::free().unwrap(), server: None }
    }

    fn as_run_here(&self, command: &str) -> String {
        let binary = binary().display().to_string();
        let called = CALLS.iter().fold(command.to_owned(), |text, call| text.replace(call, &binary));
        called.replace("8000", &self.port.to_string())
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("bash");
        shell.args(["-c", command]).current_dir(workspace());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("IYAGI") || name.starts_with("DATABASE"))
        {
            shell.env_remove(name);
        }
        shell.env("IYAGI__DATA__DIR", self.data.path()).env("PORT", self.port.to_string());
        shell
    }

    /// The server that a command starts goes on running; the next one takes its place.
    async fn serve(&mut self, command: &str) -> String {
        self.server = None;
        let process = Process::start(&mut self.shell(&format!("exec {command}")));
        let process = self.server.insert(process);
        let ready = format!("http://127.0.0.1:{}/ready", self.port);
        let answered = wait_until(START_LIMIT, || {
            let ended = process.ended();
            assert!(ended.is_none(), "`{command}` ended: {ended:?}\n{}", process.stderr());
            let look = reqwest::get(&ready);
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
    let mut session = Session::new();
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

//! Building the binary once, and running it to its end.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The root of the project.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The debug binary, built from the sources as they are.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "iyagi", "--locked"])
            .current_dir(workspace())
            .status()
            .unwrap();
        assert!(built.success(), "iyagi does not build");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
        let binary = workspace().join(target).join("debug/iyagi");
        assert!(binary.is_file(), "{} is missing after the build", binary.display());
        binary
    })
}

/// A command of the binary in an empty directory of the caller's, without any of this process's settings.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: &[S], directory: &Path) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).current_dir(directory).env_clear().stdin(Stdio::null());
    for name in ["PATH", "HOME"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs the binary in an empty directory until it ends.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Run {
    let directory = test_support::temp::directory().unwrap();
    Run::of(&mut command(arguments, directory.path()))
}

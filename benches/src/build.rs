//! The server that belongs to this build of the load program.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::options::Options;

/// The server to measure. Under `cargo run` it is built first with this program's own profile, so that one
/// command repeats a figure and never measures an older server.
pub(crate) fn server_binary(options: &Options) -> Result<PathBuf> {
    if let Some(server) = &options.server {
        return server.canonicalize().with_context(|| format!("no server at {}", server.display()));
    }
    let own = std::env::current_exe()?;
    let directory = own.parent().context("this program lies in no directory")?;
    if let Some(cargo) = std::env::var_os("CARGO") {
        let profile = profile_of(directory)?;
        let built = Command::new(cargo)
            .args(["build", "--locked", "--package", "iyagi", "--profile", profile])
            .current_dir(workspace())
            .status()?;
        ensure!(built.success(), "the server does not build");
    }
    let server = directory.join("iyagi");
    ensure!(server.is_file(), "no server at {}: build it, or name one with --server", server.display());
    Ok(server)
}

/// The repository this program was built from.
pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

fn profile_of(directory: &Path) -> Result<&str> {
    let name = directory.file_name().and_then(|name| name.to_str()).context("the build directory has no name")?;
    Ok(if name == "debug" { "dev" } else { name })
}

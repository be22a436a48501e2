//! The line that says where the figures come from.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// One line: processor, cores, memory, system, compiler, build and the load before the run.
pub(crate) fn describe(server: &Path) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let cpu = field("/proc/cpuinfo", "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let system = field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned());
    let memory = field("/proc/meminfo", "MemTotal", ':').unwrap_or_else(|| "unknown".to_owned());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".to_owned());
    let load = load.split(' ').next().unwrap_or_default();
    let compiler = Command::new("rustc").arg("-V").output().context("rustc does not say its version")?;
    let compiler = String::from_utf8_lossy(&compiler.stdout).trim().to_owned();
    let build = server.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    Ok(format!("{cpu}, {cores} cores, memory {memory}, {system}, {compiler}, build {build}, load {load} before"))
}

fn field(file: &str, key: &str, separator: char) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let (_, value) = text.lines().filter_map(|line| line.split_once(separator)).find(|(name, _)| name.trim() == key)?;
    Some(value.trim().trim_matches('"').to_owned())
}

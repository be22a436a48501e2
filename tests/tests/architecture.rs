//! The shape of the workspace: who may depend on whom, and what every crate owes its readers.

mod dependencies;
mod sources;

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::workspace;

/// A package of the workspace and what it is built from.
struct Package {
    name: String,
    manifest: String,
    /// Normal dependencies, by the name of their package.
    dependencies: Vec<String>,
}

/// The packages of the workspace, as Cargo sees them.
fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn package(metadata: &Value) -> Package {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dependencies = metadata["dependencies"].as_array().unwrap().iter();
    Package {
        name: text(&metadata["name"]),
        manifest: text(&metadata["manifest_path"]),
        dependencies: dependencies.filter(|used| used["kind"].is_null()).map(|used| text(&used["name"])).collect(),
    }
}

/// Calls `visit` with every file below a directory whose name ends so.
fn each_file(directory: &Path, ending: &str, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_file(&path, ending, visit);
        } else if path.to_string_lossy().ends_with(ending) {
            visit(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

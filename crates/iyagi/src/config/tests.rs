//! How layers combine, how they fail, and what is said about them.

mod environment;
mod layering;
mod problems;
mod report;

use std::path::Path;

use tempfile::TempDir;

use super::*;

/// A configuration directory, variables and flags of a test's own.
struct Setup {
    directory: TempDir,
    options: LoadOptions,
}

impl Setup {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config_dir = directory.path().join("config");
        std::fs::create_dir(&config_dir).unwrap();
        let options = LoadOptions { environment: None, config_dir, variables: Vec::new(), flags: Vec::new() };
        Self { directory, options }
    }

    /// Writes a file of the configuration directory.
    fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.options.config_dir.join(name), text).unwrap();
        self
    }

    fn environment(mut self, name: &str) -> Self {
        self.options.environment = Some(name.to_owned());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.options.variables.push((name.into(), value.into()));
        self
    }

    fn variables(self, variables: &[(&str, &str)]) -> Self {
        variables.iter().fold(self, |setup, (name, value)| setup.variable(name, value))
    }

    /// Sets a variable to the path of a new file outside the configuration directory.
    fn secret_file(self, name: &str, text: &str) -> Self {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        self.variable(name, &path)
    }

    fn flag(mut self, name: &'static str, key: &'static str, value: &str) -> Self {
        self.options.flags.push(Flag { key, value: value.to_owned(), name });
        self
    }

    fn load(&self) -> Loaded {
        load(&self.options).unwrap()
    }

    /// The problems as lines, without the path of the test's directory.
    fn problems(&self) -> Vec<String> {
        let errors = load(&self.options).unwrap_err();
        errors.problems.iter().map(|problem| without_path(&problem.to_string(), self.directory.path())).collect()
    }

    fn origin(&self, key: &str) -> String {
        without_path(&self.load().origins[key].to_string(), self.directory.path())
    }
}

fn without_path(text: &str, directory: &Path) -> String {
    text.replace(&format!("{}/", directory.display()), "")
}

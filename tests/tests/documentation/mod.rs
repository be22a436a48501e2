//! What the READMEs tell one to type works, and every link of the documentation leads somewhere.

mod commands;
mod console;
mod links;

/// The READMEs, which tell the same in two languages.
const READMES: [&str; 2] = ["README.md", "README.ko.md"];

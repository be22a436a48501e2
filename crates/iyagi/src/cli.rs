//! What can be typed.

mod db;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::{Flag, LoadOptions};

pub(crate) use db::{Backup, DbCommand, Output, Restore};

/// A chat server for the support team of an online shop: answers from the shop's own documents with
/// citations, and remembers every conversation.
#[derive(Debug, Parser)]
#[command(name = "iyagi", version, after_help = "Try it:  iyagi demo   then open http://127.0.0.1:8000/")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Which config/{environment}.toml to read [default: production, if there is one]
    #[arg(long, global = true, value_name = "NAME")]
    environment: Option<String>,
    /// Folder of the embedded database [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How to log to stderr [default: pretty]
    #[arg(long, global = true, value_name = "FORMAT")]
    log: Option<LogFlag>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFlag {
    /// One readable line per event
    Pretty,
    /// One JSON object per line
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve a sample shop: its documents are taken in at the first start, nothing else is needed
    Demo(Listen),
    /// Serve your own documents (take them in with `iyagi ingest`)
    Serve(Listen),
    /// Take documents in: files, folders, patterns, addresses, whole sites; text, PDF, Office, CSV, images
    Ingest(Ingest),
    /// Embed collections anew, as the configuration says now; servers on the same PostgreSQL go on searching them
    Reindex(Reindex),
    /// Read documents for a server that starts this process (nobody else needs it)
    #[command(name = READ_DOCUMENTS, hide = true)]
    ReadDocuments,
    /// Bring conversations in from another system's database, and take them back
    Import(Box<crate::commands::ImportArguments>),
    /// Measure retrieval and answers, on the sample shop or on your questions: recall, facts, refusals
    Eval(Eval),
    /// Test, describe, back up and restore the database
    #[command(subcommand)]
    Db(DbCommand),
    /// Ask the running server whether adding Redis would pay: figures, thresholds, a recommendation
    Advisor(crate::commands::AdvisorArguments),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document of the HTTP interface
    Openapi,
}

/// Where to listen.
#[derive(Debug, Clone, Args)]
pub(crate) struct Listen {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on; 0 takes a free one [default: 8000]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

/// The command that a server starts to have documents read.
pub(crate) const READ_DOCUMENTS: &str = "read-documents";

#[derive(Debug, Clone, Args)]
pub(crate) struct Reindex {
    /// Only this store [default: all]
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<String>,
    /// Only this collection [default: all]
    #[arg(long, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// Also collections that are embedded as the configuration says: the vector store may have lost what it had
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Ingest {
    /// Files, folders, patterns in quotes ("docs/**/*.pdf"), or addresses (https, s3, notion)
    #[arg(value_name = "PATH", required_unless_present = "site")]
    pub(crate) paths: Vec<String>,
    /// Take in every page below this address (sitemap or links, robots.txt respected); "notion" for the configured database
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) site: Vec<String>,
    /// Pages of a site at most
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) limit: usize,
    /// Go on, and take files in again when they change
    #[arg(long)]
    pub(crate) watch: bool,
    /// The store they belong to [default: the configured store]
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<String>,
    /// The collection of documents that name none
    #[arg(long, value_name = "NAME", default_value = "help")]
    pub(crate) collection: String,
    /// Print one JSON object per document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Eval {
    /// Your own cases in place of the built-in ones (JSON Lines; see config/samples/README.md)
    #[arg(long, value_name = "FILE", requires = "documents")]
    pub(crate) cases: Option<PathBuf>,
    /// The documents that your cases are about: files or folders
    #[arg(long, value_name = "PATH", num_args = 1.., requires = "cases")]
    pub(crate) documents: Vec<String>,
    /// The harder built-in cases: words the documents avoid, unanswerable questions that nearly have an answer
    #[arg(long, conflicts_with = "cases")]
    pub(crate) hard: bool,
    /// Only how passages are found, on a question-answering file of the SQuAD shape (JSON; KorQuAD is one)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cases", "hard", "misses"])]
    pub(crate) squad: Option<PathBuf>,
    /// Ask so many of its questions, evenly spread, of all its passages [default: all]
    #[arg(long, value_name = "N", requires = "squad", value_parser = at_least_one)]
    pub(crate) limit: Option<usize>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print what went wrong, case by case; held-out cases are never shown
    #[arg(long)]
    pub(crate) misses: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least one question must be asked".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a whole number".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Say what is wrong, and where each value came from
    Check {
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
}

impl Cli {
    /// Where the configuration comes from, flags included.
    pub(crate) fn load_options(&self) -> LoadOptions {
        let mut flags = Vec::new();
        let mut set = |key, name, value: Option<String>| {
            flags.extend(value.map(|value| Flag { key, value, name }));
        };
        set("data.dir", "--data", self.global.data.as_ref().map(|dir| dir.display().to_string()));
        let format = self.global.log.map(|format| match format {
            LogFlag::Pretty => "pretty".to_owned(),
            LogFlag::Json => "json".to_owned(),
        });
        set("log.format", "--log", format);
        if let Command::Demo(listen) | Command::Serve(listen) = &self.command {
            set("server.host", "--host", listen.host.clone());
            set("server.port", "--port", listen.port.map(|port| port.to_string()));
        }
        LoadOptions::from_process(self.global.environment.clone(), flags)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_sample_of_questions_needs_a_file_to_take_them_from() {
        let refused = |arguments: &[&str]| Cli::try_parse_from([&["iyagi", "eval"], arguments].concat()).is_err();
        assert!(!refused(&["--squad", "f.json", "--limit", "5", "--json"]));
        assert!(refused(&["--limit", "5"]));
        assert!(refused(&["--squad", "f.json", "--limit", "0"]));
        assert!(refused(&["--squad", "f.json", "--hard"]));
    }

    #[test]
    fn flags_become_settings_that_remember_their_name() {
        let cli = Cli::try_parse_from(["iyagi", "serve", "--port", "0", "--data", "/tmp/x", "--log", "json"]).unwrap();
        let flags: Vec<_> = cli.load_options().flags.into_iter().map(|f| (f.key, f.value, f.name)).collect();
        assert_eq!(
            flags,
            [
                ("data.dir", "/tmp/x".into(), "--data"),
                ("log.format", "json".into(), "--log"),
                ("server.port", "0".into(), "--port")
            ]
        );
    }
}

use std::path::PathBuf;

use clap::Args;
use session_import::{ImportId, SourceKind};

use crate::config::Secret;

const EXAMPLES: &str = "\
What is read, told by its tables (or by --kind):
  iyagi            another Iyagi: sessions, turns, messages, feedback (not documents: use `iyagi ingest`)
  session-manager  sessions(session_id, user_id, metadata, …), without messages
  stage1           chat_sessions and chat_messages
  conversations    conversations and messages, with agents, routing and references

It is read only, as it is at one moment; stop what writes to it first. What can be repaired is repaired and
counted, what cannot be used is named. Every conversation is copied whole, then compared with the source. An
import that was killed goes on when it is run again, and one that is repeated brings only what is new.

Examples:
  iyagi import --from sqlite:old.db --dry-run        what would come, and in what state it is
  iyagi import --from sqlite:old.db                  into the database that the configuration names
  IYAGI_IMPORT_FROM=postgres://app:secret@db/chat iyagi import --store my-shop
  iyagi import --list                                what was imported
  iyagi import --rollback ID                         removes what that import brought, nothing else

A URL on the command line can be seen by others on the machine: put one with a password into
IYAGI_IMPORT_FROM, or into a file that IYAGI_IMPORT_FROM_FILE or --from-file names.";

/// Bring conversations in from another system's database, and take them back
///
/// Sessions and messages of an older system are copied into the configured database: SQLite in the data
/// folder (stop the server first), or PostgreSQL. A backup is made before.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
#[allow(clippy::struct_excessive_bools)] // flags
pub(crate) struct ImportArguments {
    /// Where they are: `sqlite:PATH` or `postgres://user:password@host/database`
    #[arg(long, value_name = "SOURCE", value_parser = secret, conflicts_with = "from_file")]
    pub(super) from: Option<Secret>,
    /// A file with that address in it
    #[arg(long, value_name = "FILE")]
    pub(super) from_file: Option<PathBuf>,
    /// What the source is: iyagi, session-manager, stage1, conversations [default: told by its tables]
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Option<SourceKind>,
    /// The store of conversations that name none [default: the configured store]
    #[arg(long, value_name = "STORE")]
    pub(super) store: Option<String>,
    /// A name that keeps the ids of several sources apart when they count 1, 2, 3 …
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub(super) namespace: String,
    /// Read and check everything, write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Import without making a backup first
    #[arg(long)]
    pub(super) no_backup: bool,
    /// List the imports there are
    #[arg(long, group = "other", conflicts_with_all = ["from", "from_file"])]
    pub(super) list: bool,
    /// Compare what an import brought with what is there now
    #[arg(long, value_name = "ID", group = "other", conflicts_with_all = ["from", "from_file"])]
    pub(super) verify: Option<ImportId>,
    /// Remove what an import brought; sessions that were used since are kept and listed
    #[arg(long, value_name = "ID", group = "other", conflicts_with_all = ["from", "from_file"])]
    pub(super) rollback: Option<ImportId>,
    /// With --rollback: remove those as well
    #[arg(long, requires = "rollback")]
    pub(super) force: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Nothing is refused here: an error of the command line would repeat the value.
#[allow(clippy::unnecessary_wraps)] // what a value parser looks like
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

impl ImportArguments {
    /// The source's address, from a flag, a variable or a file.
    pub(super) fn source(&self) -> anyhow::Result<Secret> {
        const NAME: &str = "IYAGI_IMPORT_FROM";
        const FILE: &str = "IYAGI_IMPORT_FROM_FILE";
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let Some(from) = &self.from {
            return Ok(from.clone());
        }
        let file = self.from_file.clone().or_else(|| variable(FILE).map(PathBuf::from));
        match (file, variable(NAME)) {
            (Some(_), Some(_)) if self.from_file.is_none() => {
                anyhow::bail!("{NAME} and {FILE} are both set; set one of them")
            }
            (Some(file), _) => {
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| anyhow::anyhow!("{} cannot be read: {error}", file.display()))?;
                Ok(Secret::new(text.trim()))
            }
            (None, Some(address)) => Ok(Secret::new(address)),
            (None, None) => anyhow::bail!(
                "say what to import: --from sqlite:PATH, --from postgres://…, or {NAME}; `iyagi import --help` has more"
            ),
        }
    }
}

//! Where PostgreSQL's programs are.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Unavailable, locate, watchdog::Account};

/// The programs of one PostgreSQL installation.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) initdb: PathBuf,
    pub(super) postgres: PathBuf,
}

impl Programs {
    /// The first installation that works under `account`.
    pub(super) fn find(account: Option<Account>) -> Result<Self, Unavailable> {
        let usual = locate::path_directories().into_iter().chain(usual_places());
        usual
            .filter_map(|directory| Self::inside(&directory))
            .find(|programs| programs.work(account))
            .or_else(|| {
                let package = locate::python_package("pgserver")?;
                Self::inside(&package.join("pginstall/bin")).filter(|found| found.work(account))
            })
            .ok_or_else(|| {
                Unavailable::missing(
                    "PostgreSQL's server",
                    "the package postgresql (Debian) or postgresql@16 (Homebrew)",
                )
            })
    }

    fn inside(directory: &Path) -> Option<Self> {
        let postgres = locate::executable(directory, "postgres")?;
        // A link on PATH may bring its target's neighbours with it or not.
        let target = postgres.canonicalize().ok()?;
        let home = target.parent()?;
        Some(Self { initdb: locate::executable(home, "initdb")?, postgres: target })
    }

    /// Another account may not reach the programs, and a foreign build may lack its libraries.
    fn work(&self, account: Option<Account>) -> bool {
        [&self.initdb, &self.postgres].into_iter().all(|program| {
            let mut command = Command::new(program);
            command.arg("--version").current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
            if let Some(account) = account {
                account.run(&mut command);
            }
            command.status().is_ok_and(|status| status.success())
        })
    }
}

fn usual_places() -> Vec<PathBuf> {
    let mut places = locate::versions("/usr/lib/postgresql", "", "bin");
    places.push(PathBuf::from("/usr/local/bin"));
    for homebrew in ["/opt/homebrew/opt", "/usr/local/opt"] {
        places.extend(locate::versions(homebrew, "postgresql@", "bin"));
        places.push(Path::new(homebrew).join("postgresql/bin"));
    }
    places.extend(locate::versions("/Applications/Postgres.app/Contents/Versions", "", "bin"));
    places
}

/// The interactive client, which is packaged apart from the server.
pub(super) fn psql() -> Option<PathBuf> {
    let mut places = usual_places();
    places.extend(env::var_os("HOMEBREW_PREFIX").map(|home| Path::new(&home).join("opt/libpq/bin")));
    locate::program(&["psql"], &places)
}

use serde::Serialize;

use crate::ports::Removal;
use crate::verification::PAGE;
use crate::{Difference, Import, ImportError, ImportId, ImportState, Importer};

/// What taking an import back did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackReport {
    /// The import.
    pub import: ImportId,
    /// Sessions that were removed.
    pub sessions: u64,
    /// Messages that went with them.
    pub messages: u64,
    /// Sessions that were gone already.
    pub gone: u64,
    /// Sessions that were used since and are kept.
    pub kept: Vec<Difference>,
}

impl Importer {
    /// Removes exactly what an import brought. Sessions with later turns or feedback are kept and named,
    /// unless `force` is set. Killed at any moment, it goes on when it is run again.
    ///
    /// # Errors
    /// [`ImportError::UnknownImport`]; [`ImportError::RolledBack`]; storage errors.
    pub async fn roll_back(&self, id: ImportId, force: bool) -> Result<RollbackReport, ImportError> {
        let import = self.standing_import(id).await?;
        let mut report = RollbackReport { import: id, sessions: 0, messages: 0, gone: 0, kept: Vec::new() };
        let mut after = None;
        loop {
            let entries = self.ledger.entries(id, after, PAGE).await.map_err(ImportError::Target)?;
            let Some(last) = entries.last() else { break };
            after = Some(last.session);
            for entry in &entries {
                match self.target.remove(entry, force).await.map_err(ImportError::Target)? {
                    Removal::Removed { messages } => {
                        report.sessions += 1;
                        report.messages += messages;
                    }
                    Removal::Gone => report.gone += 1,
                    Removal::Used => report.kept.push(Difference {
                        session: entry.session,
                        source_id: entry.source_id.clone(),
                        what: "it was used since it was imported".to_owned(),
                    }),
                }
            }
        }
        let state = if report.kept.is_empty() { ImportState::RolledBack } else { ImportState::PartlyRolledBack };
        let finished_at = Some(self.clock.now());
        self.ledger.save(&Import { state, finished_at, ..import }).await.map_err(ImportError::Target)?;
        Ok(report)
    }

    /// All imports, the newest first.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn list(&self) -> Result<Vec<Import>, ImportError> {
        self.ledger.list().await.map_err(ImportError::Target)
    }

    /// An import that was not taken back.
    pub(crate) async fn standing_import(&self, id: ImportId) -> Result<Import, ImportError> {
        let import = self.ledger.find(id).await.map_err(ImportError::Target)?;
        match import {
            None => Err(ImportError::UnknownImport(id)),
            Some(import) if import.state == ImportState::RolledBack => Err(ImportError::RolledBack(id)),
            Some(import) => Ok(import),
        }
    }
}

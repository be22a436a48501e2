use serde::Serialize;

use crate::{Entry, ImportError, ImportId, Importer, digests};
use kernel::SessionId;

/// How many entries are read at once.
pub(crate) const PAGE: u64 = 200;

/// A session that is not what was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The session here.
    pub session: SessionId,
    /// Its id in the source.
    pub source_id: String,
    /// What differs.
    pub what: String,
}

/// What comparing all that an import brought with what was meant found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Sessions that were compared.
    pub sessions: u64,
    /// Messages that were compared.
    pub messages: u64,
    /// Those of them that were talked in since; what was imported was compared all the same.
    pub used_since: u64,
    /// Those that differ.
    pub differences: Vec<Difference>,
}

impl Importer {
    /// Compares all that an import brought with what was meant: the number of messages and the checksum of
    /// their content, session by session.
    ///
    /// # Errors
    /// [`ImportError::UnknownImport`]; [`ImportError::RolledBack`]; storage errors. A difference is no error
    /// here: it is in the answer.
    pub async fn verify(&self, id: ImportId) -> Result<Verification, ImportError> {
        self.standing_import(id).await?;
        self.compare(id).await
    }

    pub(crate) async fn compare(&self, id: ImportId) -> Result<Verification, ImportError> {
        let mut found = Verification::default();
        let mut after = None;
        loop {
            let entries = self.ledger.entries(id, after, PAGE).await.map_err(ImportError::Target)?;
            let Some(last) = entries.last() else { return Ok(found) };
            after = Some(last.session);
            for entry in &entries {
                self.compare_one(entry, &mut found).await?;
            }
        }
    }

    async fn compare_one(&self, entry: &Entry, found: &mut Verification) -> Result<(), ImportError> {
        found.sessions += 1;
        found.messages += entry.messages;
        let mut differs = |what: String| {
            let source_id = entry.source_id.clone();
            found.differences.push(Difference { session: entry.session, source_id, what });
        };
        let Some(stored) = self.target.read(entry.session).await.map_err(ImportError::Target)? else {
            differs("it is not there".to_owned());
            return Ok(());
        };
        let there = stored.messages.iter().filter(|message| message.sequence <= entry.messages).count() as u64;
        let now = digests(&stored, entry.messages);
        if there != entry.messages {
            differs(format!("{} messages were imported, {there} are there", entry.messages));
        } else if now.messages != entry.digests.messages {
            differs("the content of its messages is another one".to_owned());
        } else if stored.session.revision == 0 && now.session != entry.digests.session {
            // Later a title or a label may be another one rightly.
            differs("what the session says of itself is another one".to_owned());
        }
        found.used_since += u64::from(stored.turns.len() as u64 > entry.turns);
        Ok(())
    }
}

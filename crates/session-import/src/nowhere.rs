use async_trait::async_trait;
use kernel::{RepositoryError, SessionId};

use crate::ports::{ImportLedger, ImportTarget, Removal, Standing};
use crate::{Conversation, Entry, Import, ImportId, SourceKind};

/// A database that is not there yet: everything is free, nothing was imported, and nothing can be stored.
/// It is what a dry run rehearses on before the first start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

fn nothing<T>() -> Result<T, RepositoryError> {
    Err(RepositoryError::unavailable("the database is not there yet"))
}

#[async_trait]
impl ImportTarget for Nowhere {
    async fn identity(&self) -> Result<String, RepositoryError> {
        Ok("nowhere".to_owned())
    }

    async fn standing(&self, _: SessionId) -> Result<Standing, RepositoryError> {
        Ok(Standing::Free)
    }

    async fn store(&self, _: &Conversation, _: &Entry) -> Result<(), RepositoryError> {
        nothing()
    }

    async fn read(&self, _: SessionId) -> Result<Option<Conversation>, RepositoryError> {
        Ok(None)
    }

    async fn remove(&self, _: &Entry, _: bool) -> Result<Removal, RepositoryError> {
        nothing()
    }
}

#[async_trait]
impl ImportLedger for Nowhere {
    async fn save(&self, _: &Import) -> Result<(), RepositoryError> {
        nothing()
    }

    async fn find(&self, _: ImportId) -> Result<Option<Import>, RepositoryError> {
        Ok(None)
    }

    async fn unfinished(&self, _: SourceKind, _: &str) -> Result<Option<Import>, RepositoryError> {
        Ok(None)
    }

    async fn list(&self) -> Result<Vec<Import>, RepositoryError> {
        Ok(Vec::new())
    }

    async fn entries(&self, _: ImportId, _: Option<SessionId>, _: u64) -> Result<Vec<Entry>, RepositoryError> {
        Ok(Vec::new())
    }
}

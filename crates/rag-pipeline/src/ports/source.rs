use async_trait::async_trait;

use crate::model::{FetchedDocument, FoundSource, SourceError, SourceUrl};

/// Fetches documents by their address.
///
/// Contract: bounded in size and time; an address that the configuration or the rules of the net forbid is never
/// connected to, not even by a redirect or a name that resolves differently the second time; no error holds a credential.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait FileSource: Send + Sync {
    /// Whether this source serves the address, judged by its scheme.
    fn serves(&self, url: &SourceUrl) -> bool;

    /// Fetches it.
    ///
    /// # Errors
    /// [`SourceError`] tells whether trying again may help.
    async fn fetch(&self, url: &SourceUrl) -> Result<FetchedDocument, SourceError>;
}

/// Lists the documents below an address: the pages of a site, of a database, of a folder.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SourceCatalogue: Send + Sync {
    /// Everything below `root`, each once, in a stable order; at most `limit`.
    ///
    /// # Errors
    /// [`SourceError`] when the root itself cannot be listed; what cannot be listed below it is left out and logged.
    async fn list(&self, root: &SourceUrl, limit: usize) -> Result<Vec<FoundSource>, SourceError>;
}

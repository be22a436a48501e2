//! Fetching documents: the web, S3, files, Notion, whole sites.
//!
//! Addresses may come from anybody who may import, and from pages of strangers; so each source is bounded in size and
//! time, and reaches only what its options open. [`Sources`] picks by scheme.

mod failure;
mod folder;
mod http;
mod notion;
mod pace;
mod s3;
mod secret;
mod site;
mod sources;
mod web;

pub use folder::{FileFolderSource, FolderOptions};
pub use http::{HttpOptions, HttpSource};
pub use notion::{InvalidNotionOptions, NotionOptions, NotionSource};
pub use s3::{InvalidS3Options, S3Keys, S3Options, S3Source};
pub use secret::Secret;
pub use site::{SiteCatalogue, SiteOptions};
pub use sources::{InvalidSources, Sources, SourcesOptions};
pub use web::{
    Allowed, FetchLimits, InvalidAllowed, InvalidWebOptions, NameLookup, NetRules, SystemLookup, WebOptions,
};

//! Asking web servers: which addresses may be reached, within which limits, and what their answers mean.

mod address;
mod body;
mod client;
mod names;
mod redirects;
mod resolver;
mod rules;
mod status;
mod trouble;

pub use client::{FetchLimits, InvalidWebOptions, WebOptions};
pub use resolver::{NameLookup, SystemLookup};
pub use rules::{Allowed, InvalidAllowed, NetRules};

pub(crate) use body::{Limit, within_limit};
pub(crate) use client::{Reply, WebClient};
pub(crate) use names::{file_name, media_type, safe_name};
pub(crate) use redirects::{AnyHop, Hop, follow, target};
pub(crate) use rules::Guard;
pub(crate) use status::{checked, is_busy, retry_after};

//! What several instances and their streams cost.

pub(crate) mod pace;
mod reads;
pub(crate) mod server;
mod streams;

use std::path::Path;

use anyhow::Result;

use crate::options::Options;
use crate::report::Figure;

pub(crate) async fn measure(options: &Options, binary: &Path) -> Result<Vec<Figure>> {
    let mut figures = reads::measure(options, binary).await?;
    figures.extend(streams::measure(options).await?);
    Ok(figures)
}

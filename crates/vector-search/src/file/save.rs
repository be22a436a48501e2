use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::header::Header;
use super::{block, path};
use crate::error::SearchError;
use crate::space::Inner;
use crate::version::Version;

/// Writes a space with its graph; false when it has none, or there is no folder for it.
pub(crate) fn save(inner: &Inner) -> Result<bool, SearchError> {
    let Some(folder) = &inner.settings.folder else { return Ok(false) };
    // Nobody links meanwhile: the graph leads to rows of this version only.
    let _turn = inner.turn();
    let version = inner.version();
    if version.graph.is_none() {
        return Ok(false);
    }
    let path = path(folder, inner.id);
    let written = write_beside(folder, &path, inner, &version);
    written.map(|()| true).map_err(|source| SearchError::File { path, source })
}

fn write_beside(folder: &Path, path: &Path, inner: &Inner, version: &Version) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let beside = path.with_extension("vectors.new");
    let mut file = BufWriter::new(File::create(&beside)?);
    write(&mut file, inner, version)?;
    file.into_inner()?.sync_all()?;
    fs::rename(&beside, path)?;
    sync_folder(folder)
}

fn write(file: &mut impl Write, inner: &Inner, version: &Version) -> io::Result<()> {
    let Some(links) = &version.graph else { return Ok(()) };
    let header = Header {
        dimension: inner.dimension,
        connectivity: links.connectivity(),
        entry: links.entry(),
        rows: version.rows.len(),
        revision: version.revision,
        space: inner.id,
        origin: inner.settings.origin,
    };
    header.write(file)?;
    (0..version.rows.blocks()).try_for_each(|number| block::write(file, &version.rows, links, number))
}

/// A rename is kept by the folder.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be synced.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

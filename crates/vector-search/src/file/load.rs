use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};

use super::header::Header;
use super::{Refused, block, path};
use crate::change::Writer;
use crate::graph::Links;
use crate::rows::{BLOCK, Rows};
use crate::settings::Settings;
use crate::version::Version;

/// What a file held.
pub(crate) struct Loaded {
    pub(crate) version: Version,
    pub(crate) writer: Writer,
}

/// Reads the file of a space whose truth is at the revision `newest`. None when there is no file.
pub(crate) fn load(settings: &Settings, space: i64, dimension: usize, newest: i64) -> Result<Option<Loaded>, Refused> {
    let Some(folder) = &settings.folder else { return Ok(None) };
    let file = match File::open(path(folder, space)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if file.metadata()?.len() > settings.memory_limit {
        return Err(Refused::TooLarge);
    }
    let mut file = BufReader::new(file);
    let header = Header::read(&mut file)?;
    let ours = header.space == space
        && header.origin == settings.origin
        && header.dimension == dimension
        && header.connectivity == settings.connectivity;
    if !ours {
        return Err(Refused::Foreign);
    }
    if header.revision > newest {
        return Err(Refused::Newer);
    }
    read(&mut file, &header).map(Some)
}

fn read(file: &mut impl Read, header: &Header) -> Result<Loaded, Refused> {
    let mut rows = Rows::new(header.dimension);
    let mut links = Links::new(header.connectivity, 0);
    while rows.len() < header.rows {
        let count = (header.rows - rows.len()).min(BLOCK);
        block::read(file, count, &mut rows, &mut links)?;
    }
    if file.read(&mut [0])? != 0 {
        return Err(Refused::Damaged);
    }
    if let Some((row, level)) = header.entry {
        if rows.vector(row).is_none() {
            return Err(Refused::Damaged);
        }
        links.enter_at(row, level);
    }
    let version = Version { revision: header.revision, rows, graph: Some(links) };
    let writer = Writer::of(&version).ok_or(Refused::Damaged)?;
    Ok(Loaded { version, writer })
}

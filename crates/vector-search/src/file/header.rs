use std::io::{Read, Write};

use uuid::Uuid;

use super::Refused;
use super::bytes::{Cursor, read_check, read_more, write_checked};
use crate::graph::TOP;

const MAGIC: [u8; 8] = *b"iyagivec";
/// Goes up with every change of the format or of how a graph is built.
const FORMAT: u32 = 1;
/// The length of a header without its checksum, in bytes.
pub(super) const LENGTH: usize = 8 + 5 * 4 + 3 * 8 + 16;
/// The entry row of a graph without rows.
const NO_ENTRY: u32 = u32::MAX;

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) dimension: usize,
    pub(super) connectivity: usize,
    pub(super) entry: Option<(u32, usize)>,
    pub(super) rows: usize,
    pub(super) revision: i64,
    pub(super) space: i64,
    pub(super) origin: Uuid,
}

impl Header {
    pub(super) fn write(&self, file: &mut impl Write) -> std::io::Result<()> {
        let (row, level) = self.entry.unwrap_or((NO_ENTRY, 0));
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(MAGIC);
        for number in [FORMAT, self.dimension as u32, self.connectivity as u32, row, level as u32] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend((self.rows as u64).to_le_bytes());
        bytes.extend(self.revision.to_le_bytes());
        bytes.extend(self.space.to_le_bytes());
        bytes.extend(self.origin.as_bytes());
        write_checked(file, &bytes)
    }

    pub(super) fn read(file: &mut impl Read) -> Result<Self, Refused> {
        let mut bytes = Vec::new();
        read_more(file, &mut bytes, LENGTH)?;
        let mut cursor = Cursor(&bytes);
        if cursor.array()? != MAGIC || cursor.u32()? != FORMAT {
            return Err(Refused::Format);
        }
        read_check(file, &bytes)?;
        let (dimension, connectivity) = (cursor.u32()? as usize, cursor.u32()? as usize);
        let (row, level) = (cursor.u32()?, cursor.u32()? as usize);
        Ok(Self {
            dimension,
            connectivity,
            entry: (row != NO_ENTRY).then_some((row, level.min(TOP))),
            rows: usize::try_from(cursor.u64()?).map_err(|_| Refused::Damaged)?,
            revision: i64::from_le_bytes(cursor.array()?),
            space: i64::from_le_bytes(cursor.array()?),
            origin: Uuid::from_bytes(cursor.array()?),
        })
    }
}

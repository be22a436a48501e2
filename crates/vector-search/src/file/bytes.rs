//! Numbers as little-endian bytes.

use std::io::{self, Read, Write};

use super::Refused;

/// Appends numbers.
pub(super) fn put_floats(bytes: &mut Vec<u8>, numbers: &[f32]) {
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

/// Writes bytes and their CRC-32.
pub(super) fn write_checked(file: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.write_all(&crc32fast::hash(bytes).to_le_bytes())
}

/// Reads so many more bytes.
pub(super) fn read_more(file: &mut impl Read, bytes: &mut Vec<u8>, count: usize) -> Result<(), Refused> {
    let start = bytes.len();
    bytes.resize(start + count, 0);
    file.read_exact(&mut bytes[start..]).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Refused::Damaged,
        _ => Refused::Read(error),
    })
}

/// Reads a CRC-32 and compares it with that of the bytes.
pub(super) fn read_check(file: &mut impl Read, bytes: &[u8]) -> Result<(), Refused> {
    let mut check = Vec::new();
    read_more(file, &mut check, 4)?;
    if check == crc32fast::hash(bytes).to_le_bytes() { Ok(()) } else { Err(Refused::Damaged) }
}

/// Takes numbers from the front of bytes, of which there have to be enough.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Refused::Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Refused> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Refused> {
        self.array().map(u64::from_le_bytes)
    }

    /// So many numbers of four bytes each.
    pub(super) fn words(&mut self, count: usize) -> Result<impl Iterator<Item = [u8; 4]> + use<'a>, Refused> {
        let (taken, rest) = self.0.split_at_checked(count * 4).ok_or(Refused::Damaged)?;
        self.0 = rest;
        Ok(taken.as_chunks::<4>().0.iter().copied())
    }
}

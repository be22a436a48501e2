use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::reading::{End, TableLine};
use super::{DumpEnd, DumpError, DumpHeader};
use crate::hex::hex;

/// Writes a portable dump.
pub struct DumpWriter<W> {
    to: W,
    hash: Sha256,
    rows: BTreeMap<String, u64>,
    table: String,
}

impl<W: Write> DumpWriter<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(to: W, header: &DumpHeader) -> Result<Self, DumpError> {
        let mut writer = Self { to, hash: Sha256::new(), rows: BTreeMap::new(), table: String::new() };
        writer.json(header)?;
        Ok(writer)
    }

    /// Goes on to a table.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn table(&mut self, name: &str) -> Result<(), DumpError> {
        name.clone_into(&mut self.table);
        self.rows.insert(name.to_owned(), 0);
        self.json(&TableLine { table: name.to_owned() })
    }

    /// Writes a row: the text of a JSON array on one line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, row: &str) -> Result<(), DumpError> {
        if let Some(rows) = self.rows.get_mut(&self.table) {
            *rows += 1;
        }
        self.line(row.as_bytes())
    }

    /// Writes the last line, and gives the rows of each table and what was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> Result<(BTreeMap<String, u64>, W), DumpError> {
        let end = DumpEnd { rows: self.rows.clone(), sha256: hex(&self.hash.clone().finalize()) };
        self.json(&End { end })?;
        self.to.flush()?;
        Ok((self.rows, self.to))
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), DumpError> {
        let text = serde_json::to_vec(value).map_err(std::io::Error::other)?;
        self.line(&text)
    }

    fn line(&mut self, text: &[u8]) -> Result<(), DumpError> {
        for part in [text, b"\n"] {
            self.hash.update(part);
            self.to.write_all(part)?;
        }
        Ok(())
    }
}

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{DUMP_VERSION, DumpEnd, DumpError, DumpHeader};
use crate::hex::hex;

#[derive(Serialize, Deserialize)]
pub(super) struct TableLine {
    pub(super) table: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct End {
    pub(super) end: DumpEnd,
}

/// A row of a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpRow {
    /// The table's place in the header.
    pub table: usize,
    /// The row: the text of a JSON array with as many values as the table has columns.
    pub text: String,
}

impl DumpRow {
    /// The values, one for each column.
    ///
    /// # Errors
    /// When the text is no JSON; a row of [`DumpReader`] is.
    pub fn values(&self) -> Result<Vec<serde_json::Value>, serde_json::Error> {
        serde_json::from_str(&self.text)
    }
}

/// Reads a portable dump from its beginning to its end, once. Only the end tells that the rows before it were whole:
/// what was read counts when [`DumpReader::row`] has given `None`.
pub struct DumpReader<R> {
    from: R,
    hash: Sha256,
    header: DumpHeader,
    line: u64,
    table: Option<usize>,
    rows: BTreeMap<String, u64>,
}

impl<R: BufRead> DumpReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`DumpError::Line`] when the first line is no header, or one of a later version.
    pub fn begin(from: R) -> Result<Self, DumpError> {
        let empty = DumpHeader { iyagi_dump: DUMP_VERSION, migrations: Vec::new(), tables: Vec::new() };
        let mut reader = Self { from, hash: Sha256::new(), header: empty, line: 0, table: None, rows: BTreeMap::new() };
        let text = reader.next_line()?.ok_or(DumpError::CutOff)?;
        reader.hash.update(&text);
        reader.header = reader.parse(&text)?;
        if reader.header.iyagi_dump != DUMP_VERSION {
            return Err(reader.wrong(format!("version {} is not known here", reader.header.iyagi_dump)));
        }
        Ok(reader)
    }

    /// What the dump holds.
    pub const fn header(&self) -> &DumpHeader {
        &self.header
    }

    /// The next row; `None` at the end, once counts and checksum were found right.
    ///
    /// # Errors
    /// Whatever is wrong with the dump.
    pub fn row(&mut self) -> Result<Option<DumpRow>, DumpError> {
        loop {
            let text = self.next_line()?.ok_or(DumpError::CutOff)?;
            if text.starts_with(b"{\"end\"") {
                let End { end } = self.parse(&text)?;
                return self.finish(&end).map(|()| None);
            }
            self.hash.update(&text);
            if text.starts_with(b"{") {
                let TableLine { table } = self.parse(&text)?;
                self.enter(table)?;
                continue;
            }
            return self.row_of(text).map(Some);
        }
    }

    /// The rows of each table, as far as they were read.
    pub const fn rows(&self) -> &BTreeMap<String, u64> {
        &self.rows
    }

    fn enter(&mut self, name: String) -> Result<(), DumpError> {
        let place = self.header.tables.iter().position(|table| table.name == name);
        self.table = Some(place.ok_or_else(|| self.wrong("the table is not in the header"))?);
        self.rows.entry(name).or_default();
        Ok(())
    }

    fn row_of(&mut self, text: Vec<u8>) -> Result<DumpRow, DumpError> {
        let table = self.table.ok_or_else(|| self.wrong("a row before the first table"))?;
        let values: Vec<serde_json::Value> = self.parse(&text)?;
        let shape = &self.header.tables[table];
        if values.len() != shape.columns.len() {
            return Err(self.wrong(format!("{} values for {} columns", values.len(), shape.columns.len())));
        }
        *self.rows.entry(shape.name.clone()).or_default() += 1;
        let text = String::from_utf8(text).map_err(|_| self.wrong("not UTF-8"))?;
        Ok(DumpRow { table, text })
    }

    fn finish(&mut self, end: &DumpEnd) -> Result<(), DumpError> {
        let digest = hex(&self.hash.clone().finalize());
        let more = self.next_line()?.is_some();
        if more || digest != end.sha256 || self.rows != end.rows { Err(DumpError::Changed) } else { Ok(()) }
    }

    /// The next line with its end; `None` when the file is over.
    fn next_line(&mut self) -> Result<Option<Vec<u8>>, DumpError> {
        let mut text = Vec::new();
        self.from.read_until(b'\n', &mut text)?;
        self.line += 1;
        match text.last() {
            None => Ok(None),
            Some(b'\n') => Ok(Some(text)),
            Some(_) => Err(DumpError::CutOff),
        }
    }

    fn parse<T: DeserializeOwned>(&self, text: &[u8]) -> Result<T, DumpError> {
        serde_json::from_slice(text).map_err(|error| self.wrong(error.to_string()))
    }

    fn wrong(&self, reason: impl Into<String>) -> DumpError {
        DumpError::Line { line: self.line, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dump::{ColumnKind, DumpColumn, DumpTable, DumpWriter};

    fn dump() -> Vec<u8> {
        let column = DumpColumn { name: "말".into(), kind: ColumnKind::Text };
        let table = DumpTable { name: "talk".into(), columns: vec![column] };
        let header = DumpHeader { iyagi_dump: DUMP_VERSION, migrations: vec!["m1".into()], tables: vec![table] };
        let mut writer = DumpWriter::begin(Vec::new(), &header).unwrap();
        writer.table("talk").unwrap();
        for row in ["[\"안녕\"]", "[null]"] {
            writer.row(row).unwrap();
        }
        writer.end().unwrap().1
    }

    fn read(bytes: &[u8]) -> Result<Vec<String>, DumpError> {
        let mut reader = DumpReader::begin(bytes)?;
        let mut rows = Vec::new();
        while let Some(row) = reader.row()? {
            rows.push(row.text.trim_end().to_owned());
        }
        Ok(rows)
    }

    #[test]
    fn what_was_written_is_read_in_order() {
        assert_eq!(read(&dump()).unwrap(), ["[\"안녕\"]", "[null]"]);
    }

    #[test]
    fn a_dump_that_is_cut_off_anywhere_is_refused() {
        let whole = dump();
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end} of {} bytes", whole.len());
        }
    }

    #[test]
    fn a_changed_value_a_missing_row_and_an_added_line_are_noticed() {
        let whole = String::from_utf8(dump()).unwrap();
        for changed in [
            whole.replace("안녕", "안경"),
            whole.replace("[null]\n", ""),
            whole.replace("\"m1\"", "\"m2\""),
            format!("{whole}[null]\n"),
        ] {
            assert!(matches!(read(changed.as_bytes()), Err(DumpError::Changed)), "{changed}");
        }
    }

    #[test]
    fn a_row_of_another_width_and_a_later_version_are_named_by_line() {
        let whole = String::from_utf8(dump()).unwrap();
        let wide = read(whole.replace("[null]", "[null,1]").as_bytes()).unwrap_err();
        assert_eq!(wide.to_string(), "line 4 of the dump cannot be read: 2 values for 1 columns");
        let later = read(whole.replace("\"iyagiDump\":1", "\"iyagiDump\":2").as_bytes()).unwrap_err();
        assert_eq!(later.to_string(), "line 1 of the dump cannot be read: version 2 is not known here");
    }
}

//! Comma- and tab-separated values.

use csv::ReaderBuilder;
use rag_pipeline::model::{ReadDocument, ReadError};

use crate::encoding;
use crate::job::Job;
use crate::names::base_name;
use crate::outline::Outline;
use crate::tables::Table;

/// How many bytes the delimiter is looked for in.
const START: usize = 8_192;

/// Reads the values as one table, the first row its header. The title is the file's name.
///
/// Without a `delimiter` it is the one of `,` `;` tab and `|` that parts the first rows into most columns, of the same
/// number in each.
pub(crate) fn read(job: &Job<'_>, delimiter: Option<u8>) -> Result<ReadDocument, ReadError> {
    let text = encoding::text(job, None)?;
    let delimiter = delimiter.unwrap_or_else(|| likely_delimiter(&text));
    let mut rows = Vec::new();
    for record in reader(&text, delimiter).into_records() {
        let record = record.map_err(|cause| job.unreadable(format!("it is not a table of values: {cause}")))?;
        job.take_cells(record.len() as u64)?;
        rows.push(record.iter().map(str::to_owned).collect());
    }
    let mut outline = Outline::new(job);
    outline.table(Table::of(rows))?;
    if outline.is_empty() {
        return Err(job.empty());
    }
    Ok(outline.finish(Some(base_name(&job.raw.name)), 0))
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes())
}

fn likely_delimiter(text: &str) -> u8 {
    let mut end = text.len().min(START);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let start = text[..end].rsplit_once('\n').map_or(&text[..end], |(whole_lines, _)| whole_lines);
    let even_columns = |delimiter: u8| {
        let widths: Vec<usize> = reader(start, delimiter).records().take(20).flatten().map(|r| r.len()).collect();
        let first = widths.first().copied().unwrap_or(0);
        let alike = widths.iter().filter(|width| **width == first).count();
        if first > 1 { (alike * 100 / widths.len().max(1), first) } else { (0, 0) }
    };
    let mut best = (b',', (0, 0));
    for delimiter in [b',', b'\t', b';', b'|'] {
        let columns = even_columns(delimiter);
        if columns > best.1 {
            best = (delimiter, columns);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_makes_even_columns() {
        assert_eq!(likely_delimiter("a;b,c;d\n1;2;3\n"), b';');
        assert_eq!(likely_delimiter("이름\t값\n가\t1,000\n나\t2,000\n"), b'\t');
        assert_eq!(likely_delimiter("a,b\n\"x;y\",2\n"), b',');
        assert_eq!(likely_delimiter("한 열"), b',');
    }
}

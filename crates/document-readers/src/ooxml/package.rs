//! The zip that an Office document is, within limits.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use encoding_rs::{Encoding, UTF_8};
use rag_pipeline::model::ReadError;
use zip::ZipArchive;
use zip::result::ZipError;

use super::xml::{self, Element};
use crate::job::Job;

/// Parts smaller than this may be packed as well as they are: nothing of this size harms.
const SMALL: u64 = 1 << 20;

/// An opened document.
pub(crate) struct Package<'a> {
    job: &'a Job<'a>,
    zip: ZipArchive<Cursor<&'a [u8]>>,
}

/// How a part refers to another.
#[derive(Debug, Clone)]
pub(crate) struct Relationship {
    /// The last word of its type's address: `slide`, `notesSlide`, `officeDocument` …
    pub(crate) kind: String,
    /// The part's name.
    pub(crate) target: String,
}

impl<'a> Package<'a> {
    pub(crate) fn open(job: &'a Job<'a>) -> Result<Self, ReadError> {
        let damaged = |cause: ZipError| job.unreadable(format!("its zip is damaged: {cause}"));
        let mut zip = ZipArchive::new(Cursor::new(job.raw.bytes.as_slice())).map_err(damaged)?;
        if zip.len() as u64 > job.limits.parts {
            return Err(job.too_large("parts", job.limits.parts));
        }
        if zip.has_overlapping_files().map_err(damaged)? {
            return Err(job.unreadable("its zip is made to unpack the same bytes many times"));
        }
        Ok(Self { job, zip })
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.zip.index_for_name(part).is_some()
    }

    /// The text of a part; `None` when there is none of that name.
    pub(crate) fn text(&mut self, part: &str) -> Result<Option<String>, ReadError> {
        let job = self.job;
        let damaged = |cause: &dyn std::fmt::Display| job.unreadable(format!("its part {part} is damaged: {cause}"));
        let file = match self.zip.by_name(part) {
            Ok(file) => file,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED)) => return Err(job.encrypted()),
            Err(cause) => return Err(damaged(&cause)),
        };
        let by_ratio = file.compressed_size().saturating_mul(job.limits.compression_ratio).max(SMALL);
        let most = by_ratio.min(job.unpacked_left());
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|cause| damaged(&cause))?;
        job.take_unpacked(bytes.len() as u64)?;
        if bytes.len() as u64 > most {
            return Err(job.too_large("unpacked bytes", most));
        }
        let (encoding, mark) = Encoding::for_bom(&bytes).unwrap_or((UTF_8, 0));
        match encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]) {
            Some(text) => Ok(Some(text.into_owned())),
            None => Err(damaged(&"it is not UTF-8")),
        }
    }

    /// A part as a tree; `None` when there is none of that name.
    pub(crate) fn xml(&mut self, part: &str) -> Result<Option<Element>, ReadError> {
        let job = self.job;
        self.text(part)?.map(|text| xml::parse(job, part, &text)).transpose()
    }

    /// A part as a tree.
    ///
    /// # Errors
    /// [`ReadError::Unreadable`] when there is none of that name.
    pub(crate) fn needed_xml(&mut self, part: &str) -> Result<Element, ReadError> {
        let job = self.job;
        self.xml(part)?.ok_or_else(|| job.unreadable(format!("its part {part} is missing")))
    }

    /// What a part refers to within the document, by id. The package itself is the part `""`.
    pub(crate) fn relationships(&mut self, part: &str) -> Result<BTreeMap<String, Relationship>, ReadError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let at = if folder.is_empty() { format!("_rels/{file}.rels") } else { format!("{folder}/_rels/{file}.rels") };
        let Some(list) = self.xml(&at)? else { return Ok(BTreeMap::new()) };
        let of = |element: &Element| {
            if element.attribute("TargetMode") == Some("External") {
                return None;
            }
            let kind = element.attribute("Type")?.rsplit('/').next()?.to_owned();
            let target = resolved(folder, element.attribute("Target")?);
            Some((element.attribute("Id")?.to_owned(), Relationship { kind, target }))
        };
        Ok(list.elements().filter_map(of).collect())
    }

    /// The first part of a kind that a part refers to.
    pub(crate) fn related(&mut self, part: &str, kind: &str) -> Result<Option<String>, ReadError> {
        let all = self.relationships(part)?;
        Ok(all.into_values().find(|relationship| relationship.kind == kind).map(|relationship| relationship.target))
    }
}

/// The name of a part that is given relative to a folder.
fn resolved(folder: &str, target: &str) -> String {
    let whole = match target.strip_prefix('/') {
        Some(absolute) => absolute.to_owned(),
        None => format!("{folder}/{target}"),
    };
    let mut steps: Vec<&str> = Vec::new();
    for step in whole.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_the_folder_of_the_part() {
        assert_eq!(resolved("ppt/slides", "../notesSlides/n1.xml"), "ppt/notesSlides/n1.xml");
        assert_eq!(resolved("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("", "../../word/document.xml"), "word/document.xml");
    }
}

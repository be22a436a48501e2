//! Office documents: what all three kinds have in common.

mod package;
mod xml;

pub(crate) use package::Package;
pub(crate) use xml::{Element, Node, Step, each_event};

use rag_pipeline::model::{ReadDocument, ReadError};

use crate::job::Job;
use crate::{docx, pptx, xlsx};

/// Reads a zip as the Office document it is; its name does not matter.
///
/// # Errors
/// [`ReadError::Unsupported`] for a zip of another kind.
pub(crate) fn read(job: &Job<'_>) -> Result<ReadDocument, ReadError> {
    let mut package = Package::open(job)?;
    let Some(main) = package.related("", "officeDocument")? else { return Err(other_zip(job, &mut package)?) };
    if std::path::Path::new(&main).extension().is_some_and(|ending| ending == "bin") {
        return Err(job.unreadable("it is a binary workbook (.xlsb); save it as XLSX"));
    }
    let root = package.needed_xml(&main)?;
    let title = title(&mut package)?;
    match root.name.as_str() {
        "document" => docx::read(job, &mut package, &main, &root, title.as_deref()),
        "presentation" => pptx::read(job, &mut package, &main, &root, title.as_deref()),
        "workbook" => xlsx::read(job, &mut package, &main, &root, title.as_deref()),
        _ => Err(job.unsupported()),
    }
}

/// The title in the properties of the document.
fn title(package: &mut Package<'_>) -> Result<Option<String>, ReadError> {
    let Some(part) = package.related("", "core-properties")? else { return Ok(None) };
    let properties = package.xml(&part)?;
    Ok(properties.and_then(|properties| properties.child("title").map(Element::text)))
}

/// Why a zip that is no Office document is not read.
fn other_zip(job: &Job<'_>, package: &mut Package<'_>) -> Result<ReadError, ReadError> {
    if package.has("[Content_Types].xml") {
        return Ok(job.unreadable("its main part is missing"));
    }
    if !package.has("mimetype") {
        return Ok(job.unsupported());
    }
    let said = package.text("mimetype")?.unwrap_or_default();
    Ok(match said.trim() {
        "application/hwp+zip" => job.unreadable("it is a HWPX document; save it as PDF or DOCX"),
        said if said.starts_with("application/vnd.oasis.opendocument") => {
            job.unreadable("it is an OpenDocument file; save it as DOCX, PPTX, XLSX or PDF")
        }
        _ => job.unsupported(),
    })
}

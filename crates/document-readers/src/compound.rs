//! OLE compound files: encrypted Office documents, and those of before 2007. Neither is read; the error says which.

use rag_pipeline::model::{ReadDocument, ReadError};

use crate::job::Job;

/// Names of streams that tell the kind, as they stand in the directory (UTF-16), and what to say.
const STREAMS: &[(&str, &str)] = &[
    ("WordDocument", "it is a Word document of before 2007 (.doc); save it as DOCX"),
    ("PowerPoint Document", "it is a PowerPoint file of before 2007 (.ppt); save it as PPTX"),
    ("Workbook", "it is an Excel file of before 2007 (.xls); save it as XLSX"),
    ("Book", "it is an Excel file of before 1997 (.xls); save it as XLSX"),
    ("HwpSummaryInformation", "it is a HWP document; save it as PDF or DOCX"),
];

/// Always an error: encrypted, or of a kind that is not read.
pub(crate) fn read(job: &Job<'_>) -> Result<ReadDocument, ReadError> {
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        job.raw.bytes.windows(wide.len()).any(|window| window == wide)
    };
    if has("EncryptedPackage") {
        return Err(job.encrypted());
    }
    match STREAMS.iter().find(|(name, _)| has(name)) {
        Some((_, reason)) => Err(job.unreadable(*reason)),
        None => Err(job.unsupported()),
    }
}

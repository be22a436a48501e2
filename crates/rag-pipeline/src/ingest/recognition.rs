//! Text for the pages that have none.

use kernel::RepositoryError;

use super::{Desk, IngestError, Ingestor, Part, Stage};
use crate::model::{Block, BlockKind, RawDocument, ReadDocument, ReadError};
use crate::ports::{Ocr, OcrError};

impl Ingestor {
    /// Has the scans of a document recognised, page by page; each finished page is kept for a later attempt.
    pub(super) async fn recognise(
        &self,
        raw: &RawDocument,
        mut read: ReadDocument,
        desk: &dyn Desk,
    ) -> Result<ReadDocument, IngestError> {
        let Some(first) = read.scans.first() else { return Ok(read) };
        let Some(ocr) = &self.ports.ocr else {
            return Err(ReadError::NeedsOcr { name: raw.name.clone(), page: *first }.into());
        };
        let stored = |source: RepositoryError| IngestError::Store { name: raw.name.clone(), source };
        let scans = std::mem::take(&mut read.scans);
        for (done, page) in scans.iter().enumerate() {
            desk.progress(Stage::Ocr, done as u32, scans.len() as u32).await;
            let kept = desk.kept(Part::Page, *page).await.map_err(stored)?;
            // What is not text was not laid down by us: the page is recognised anew.
            let text = if let Some(Ok(text)) = kept.map(String::from_utf8) {
                text
            } else {
                let text = self.page(ocr.as_ref(), raw, *page).await?;
                desk.keep(Part::Page, *page, text.as_bytes()).await.map_err(stored)?;
                text
            };
            read.blocks.extend(blocks(&text, *page));
        }
        // Stable: what was read of a page stays in its order.
        read.blocks.sort_by_key(|block| block.page);
        Ok(read)
    }

    async fn page(&self, ocr: &dyn Ocr, raw: &RawDocument, page: u32) -> Result<String, IngestError> {
        let image = self.ports.renderer.render(raw, page).await?;
        ocr.recognize(&image).await.map_err(|error| match error {
            OcrError::Transient(reason) => IngestError::Ocr { name: raw.name.clone(), page, reason },
            OcrError::Permanent(reason) => ReadError::OcrFailed { name: raw.name.clone(), page, reason }.into(),
        })
    }
}

fn blocks(text: &str, page: u32) -> impl Iterator<Item = Block> {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(move |text| Block {
        heading_path: Vec::new(),
        kind: BlockKind::Paragraph,
        text: text.to_owned(),
        page: Some(page),
    })
}

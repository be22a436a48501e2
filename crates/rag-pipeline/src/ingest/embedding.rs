//! Vectors for chunks, and their way into the vector store.

use kernel::RepositoryError;
use uuid::Uuid;

use super::{Desk, IngestError, Ingestor, Part, Stage, identity};
use crate::model::{Document, ModelError, VectorPoint, VectorRemoval};
use crate::text::Piece;

/// How many texts are embedded in one call of the port: what the smaller services take at once.
const EMBED_BATCH: usize = 32;
/// How long an ingestion may take from its first vector to its last chunk before its vectors are taken for left behind.
const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_hours(6);
/// The bytes of a hash in hex.
const HASH: usize = 64;

impl Ingestor {
    /// A vector for each piece. Batches of an embedder that is costly are kept for a later attempt.
    pub(super) async fn embed(
        &self,
        document: &Document,
        pieces: &[Piece],
        name: &str,
        desk: &dyn Desk,
    ) -> Result<Vec<Vec<f32>>, IngestError> {
        let mut vectors = Vec::with_capacity(pieces.len());
        let batches = pieces.len().div_ceil(EMBED_BATCH) as u32;
        for (number, batch) in (0..).zip(pieces.chunks(EMBED_BATCH)) {
            desk.progress(Stage::Embed, number, batches).await;
            let texts: Vec<String> = batch.iter().map(|piece| embedded_text(&document.title, piece)).collect();
            vectors.extend(self.batch(number, &texts, name, desk).await?);
        }
        Ok(vectors)
    }

    async fn batch(
        &self,
        number: u32,
        texts: &[String],
        name: &str,
        desk: &dyn Desk,
    ) -> Result<Vec<Vec<f32>>, IngestError> {
        let stored = |source: RepositoryError| IngestError::Store { name: name.to_owned(), source };
        let dimension = self.ports.embedder.dimension();
        let costly = self.ports.embedder.is_costly();
        // Kept under what it was made of and by: a batch of other texts is not taken for this one.
        let parts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
        let mark = if costly { identity::hash(&parts) } else { String::new() };
        if costly
            && let Some(bytes) = desk.kept(Part::Batch, number).await.map_err(stored)?
            && let Some(vectors) = unpacked(&bytes, &mark, dimension, texts.len())
        {
            return Ok(vectors);
        }
        let failed = |source| IngestError::Embed { name: name.to_owned(), source };
        let vectors = self.ports.embedder.embed(texts).await.map_err(failed)?;
        if vectors.len() != texts.len() || vectors.iter().any(|v| v.len() != dimension) {
            let wrong = format!("{} answered with vectors that do not fit", self.ports.embedder.name());
            return Err(failed(ModelError::Permanent(wrong)));
        }
        if costly {
            desk.keep(Part::Batch, number, &packed(&mark, &vectors)).await.map_err(stored)?;
        }
        Ok(vectors)
    }

    /// Puts points into the vector store, under a plan to remove them: what is not given up within hours was left behind.
    pub(super) async fn put(
        &self,
        document: &Document,
        points: Vec<VectorPoint>,
        name: &str,
    ) -> Result<Option<Uuid>, IngestError> {
        if points.is_empty() {
            return Ok(None);
        }
        let embedding = self.embedding();
        let plan = VectorRemoval {
            id: self.ports.ids.uuid(),
            store: document.store.clone(),
            vector_store: self.ports.vectors.name().to_owned(),
            embedding: embedding.clone(),
            chunks: points.iter().map(|point| point.chunk).collect(),
            due_at: self.ports.clock.now().plus(ABANDONED_AFTER),
        };
        let stored = |source: RepositoryError| IngestError::Store { name: name.to_owned(), source };
        self.ports.removals.plan(&plan).await.map_err(stored)?;
        let failed = |source| IngestError::Vectors { name: name.to_owned(), source };
        self.ports.vectors.prepare(&embedding).await.map_err(failed)?;
        self.ports.vectors.upsert(&embedding, &document.store, &points).await.map_err(failed)?;
        Ok(Some(plan.id))
    }
}

/// A chunk is embedded with the headings it stands under: a sentence alone rarely names its topic.
pub(crate) fn embedded_text(title: &str, piece: &Piece) -> String {
    heading_text(title, &piece.heading_path, &piece.text)
}

/// The text that a chunk is embedded as.
pub(crate) fn heading_text(title: &str, heading_path: &[String], text: &str) -> String {
    format!("{title}\n{}\n{text}", heading_path.join("\n"))
}

fn packed(mark: &str, vectors: &[Vec<f32>]) -> Vec<u8> {
    mark.bytes().chain(vectors.iter().flatten().flat_map(|x| x.to_le_bytes())).collect()
}

fn unpacked(bytes: &[u8], mark: &str, dimension: usize, texts: usize) -> Option<Vec<Vec<f32>>> {
    let (head, body) = bytes.split_at_checked(HASH)?;
    if head != mark.as_bytes() || body.len() != dimension * texts * 4 {
        return None;
    }
    let (floats, _) = body.as_chunks::<4>();
    let floats: Vec<f32> = floats.iter().map(|x| f32::from_le_bytes(*x)).collect();
    Some(floats.chunks(dimension).map(<[f32]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_batch_is_taken_only_for_the_texts_it_was_made_of() {
        let vectors = vec![vec![1.0, -0.5], vec![0.25, 3.0]];
        let (mark, other) = ("a".repeat(HASH), "b".repeat(HASH));
        let bytes = packed(&mark, &vectors);
        assert_eq!(unpacked(&bytes, &mark, 2, 2), Some(vectors));
        for (mark, dimension, texts) in [(&other, 2, 2), (&mark, 4, 2), (&mark, 2, 1)] {
            assert_eq!(unpacked(&bytes, mark, dimension, texts), None);
        }
        assert_eq!(unpacked(b"short", &mark, 2, 2), None);
    }
}

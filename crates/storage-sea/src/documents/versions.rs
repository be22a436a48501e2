//! Versions of a document: written unseen, seen all at once, removed bit by bit.
//!
//! A large document would hold SQLite's one writer for seconds, and every question would wait behind it. So its chunks are
//! written in batches that nobody sees, since `documents.version` does not name them; one small transaction then changes
//! that, and the chunks of the version before are removed in batches again. `chunk_sweeps` names every version that is
//! neither, so that what a crash leaves behind is found.

use kernel::{ChunkId, DocumentId, RepositoryError, StoreId, Timestamp};
use rag_pipeline::model::{Document, DocumentVersion, EmbeddingSpec, IndexedChunk, VectorRemoval};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{ChunkRow, SeaDocuments, key};
use crate::entity::{chunk_sweep, collection, document, document_chunk, document_text, vector_removal};
use crate::error::repository_error;
use crate::tasks::complete_in;
use crate::time::Ts;

/// Chunks of a transaction: about ten milliseconds of the writer.
const BATCH: usize = 64;
/// How long writing a version may take before it is taken for left behind.
const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_hours(6);

/// A version that is not seen any more, or not yet.
pub(super) struct Unseen<'a> {
    pub(super) store: &'a StoreId,
    pub(super) document: &'a DocumentId,
    pub(super) version: Uuid,
}

impl Unseen<'_> {
    fn chunks(&self) -> Condition {
        Condition::all()
            .add(document_chunk::Column::StoreId.eq(self.store.as_str()))
            .add(document_chunk::Column::DocumentId.eq(self.document.as_str()))
            .add(document_chunk::Column::Version.eq(self.version))
    }
}

impl SeaDocuments {
    /// Writes a version and makes it the one that is seen.
    pub(super) async fn put_version(&self, new: &DocumentVersion<'_>) -> Result<(), RepositoryError> {
        let document = new.document;
        // The first chunk's id is as good a name as any, and nobody else has it.
        let Some(version) = new.chunks.first().map(|chunk| chunk.chunk.id.as_uuid()) else {
            return self.put_empty(new).await;
        };
        let unseen = Unseen { store: &document.store, document: &document.id, version };
        let (staged, last) = match new.chunks.len().checked_sub(BATCH) {
            Some(before) if before > 0 => new.chunks.split_at(before),
            _ => (&[][..], new.chunks),
        };
        if !staged.is_empty() {
            self.stage(&unseen, document, staged).await?;
        }
        match self.see(Some(version), new, last).await {
            Ok(before) => self.sweep_left(new, before).await,
            Err(error) => {
                if !staged.is_empty() {
                    self.sweep(&unseen).await?;
                }
                Err(error)
            }
        }
    }

    async fn put_empty(&self, new: &DocumentVersion<'_>) -> Result<(), RepositoryError> {
        let before = self.see(None, new, &[]).await?;
        self.sweep_left(new, before).await
    }

    async fn sweep_left(&self, new: &DocumentVersion<'_>, before: Option<Uuid>) -> Result<(), RepositoryError> {
        let Some(version) = before else { return Ok(()) };
        self.sweep(&Unseen { store: &new.document.store, document: &new.document.id, version }).await
    }

    /// Writes chunks that nobody sees yet, a batch at a time.
    async fn stage(
        &self,
        unseen: &Unseen<'_>,
        document: &Document,
        chunks: &[IndexedChunk],
    ) -> Result<(), RepositoryError> {
        let due = document.updated_at.plus(ABANDONED_AFTER);
        for (number, batch) in chunks.chunks(BATCH).enumerate() {
            let transaction = self.pools.begin().await.map_err(repository_error)?;
            if number == 0 {
                plan_sweep(&transaction, unseen, due).await?;
            }
            self.insert(&transaction, unseen.version, document, batch).await?;
            transaction.commit().await.map_err(repository_error)?;
        }
        Ok(())
    }

    /// Writes what is left of the version and makes it the one that is seen; gives the one before.
    async fn see(
        &self,
        version: Option<Uuid>,
        new: &DocumentVersion<'_>,
        last: &[IndexedChunk],
    ) -> Result<Option<Uuid>, RepositoryError> {
        let (document, at) = (new.document, new.document.updated_at);
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        if let Some((claim, result)) = new.task
            && !complete_in(&transaction, claim, result, at).await?
        {
            transaction.rollback().await.map_err(repository_error)?;
            return Err(RepositoryError::Stale);
        }
        if !is_embedded_alike(&transaction, document).await? {
            transaction.rollback().await.map_err(repository_error)?;
            return Err(RepositoryError::unavailable("the collection was embedded another way meanwhile"));
        }
        let before = leave(&transaction, &document.store, &document.id, at).await?;
        upsert(&transaction, document, version).await?;
        write_text(&transaction, document, new.text).await?;
        if let Some(version) = version {
            chunk_sweep::Entity::delete_by_id(version).exec(&transaction).await.map_err(repository_error)?;
            self.insert(&transaction, version, document, last).await?;
        }
        if let Some(planned) = new.planned {
            vector_removal::Entity::delete_by_id(planned).exec(&transaction).await.map_err(repository_error)?;
        }
        transaction.commit().await.map_err(repository_error)?;
        Ok(before)
    }

    async fn insert(
        &self,
        transaction: &DatabaseTransaction,
        version: Uuid,
        document: &Document,
        chunks: &[IndexedChunk],
    ) -> Result<(), RepositoryError> {
        use document_chunk::{Column, Entity};
        let rows: Vec<_> = chunks
            .iter()
            .map(|chunk| document_chunk::row(&document.store, version, &chunk.chunk))
            .collect::<Result<_, _>>()?;
        Entity::insert_many(rows).exec_without_returning(transaction).await.map_err(repository_error)?;
        let numbers: Vec<(Uuid, i64)> = Entity::find()
            .select_only()
            .column(Column::Id)
            .column(Column::Seq)
            .filter(Column::Id.is_in(chunks.iter().map(|chunk| chunk.chunk.id.as_uuid())))
            .into_tuple()
            .all(transaction)
            .await
            .map_err(repository_error)?;
        let rows = chunks.iter().filter_map(|chunk| {
            let seq = numbers.iter().find(|(id, _)| *id == chunk.chunk.id.as_uuid())?.1;
            Some(ChunkRow { seq, chunk })
        });
        self.index.add(transaction, document, &rows.collect::<Vec<_>>()).await
    }

    /// Removes a document; what it had goes afterwards, bit by bit.
    pub(super) async fn remove_document(
        &self,
        store: &StoreId,
        id: &DocumentId,
        at: Timestamp,
    ) -> Result<bool, RepositoryError> {
        let transaction = self.pools.begin().await.map_err(repository_error)?;
        let before = leave(&transaction, store, id, at).await?;
        let delete = document::Entity::delete_by_id(key(store, id));
        let deleted = delete.exec(&transaction).await.map_err(repository_error)?.rows_affected > 0;
        transaction.commit().await.map_err(repository_error)?;
        if let Some(version) = before {
            self.sweep(&Unseen { store, document: id, version }).await?;
        }
        Ok(deleted)
    }

    /// Removes the chunks of a version that nobody sees, a batch at a time, and then its name.
    pub(super) async fn sweep(&self, unseen: &Unseen<'_>) -> Result<(), RepositoryError> {
        loop {
            let transaction = self.pools.begin().await.map_err(repository_error)?;
            let rows: Vec<i64> = document_chunk::Entity::find()
                .select_only()
                .column(document_chunk::Column::Seq)
                .filter(unseen.chunks())
                .limit(BATCH as u64)
                .into_tuple()
                .all(&transaction)
                .await
                .map_err(repository_error)?;
            self.index.remove(&transaction, &rows).await?;
            let delete =
                document_chunk::Entity::delete_many().filter(document_chunk::Column::Seq.is_in(rows.iter().copied()));
            delete.exec(&transaction).await.map_err(repository_error)?;
            if rows.len() < BATCH {
                chunk_sweep::Entity::delete_by_id(unseen.version).exec(&transaction).await.map_err(repository_error)?;
                return transaction.commit().await.map_err(repository_error);
            }
            transaction.commit().await.map_err(repository_error)?;
        }
    }

    /// Removes what replaced or unfinished versions left behind.
    pub(super) async fn sweep_due(&self, now: Timestamp, limit: usize) -> Result<u64, RepositoryError> {
        let due = chunk_sweep::Entity::find()
            .filter(chunk_sweep::Column::DueAt.lte(Ts::from(now)))
            .order_by_asc(chunk_sweep::Column::DueAt)
            .limit(limit as u64)
            .all(&self.pools.reader)
            .await
            .map_err(repository_error)?;
        for row in &due {
            let corrupt = |error: kernel::InvalidId| RepositoryError::Corrupt(error.to_string());
            let store = StoreId::new(row.store_id.as_str()).map_err(corrupt)?;
            let document = DocumentId::new(row.document_id.as_str()).map_err(corrupt)?;
            self.sweep(&Unseen { store: &store, document: &document, version: row.version }).await?;
        }
        Ok(due.len() as u64)
    }
}

/// Whether the document's collection is embedded as the document is; it stays so until the transaction ends. One that nobody
/// keeps anything of has no say.
async fn is_embedded_alike(transaction: &DatabaseTransaction, new: &Document) -> Result<bool, RepositoryError> {
    let key = (new.store.as_str().to_owned(), new.collection.as_str().to_owned());
    let kept = collection::Entity::find_by_id(key).lock_shared().one(transaction).await.map_err(repository_error)?;
    let (Some(kept), Some(given)) = (kept, &new.embedding) else { return Ok(true) };
    Ok(kept.embedder == given.embedder && i64::from(kept.dimension) == i64::from(given.dimension))
}

/// The version that is seen is not to be any more: its chunks and their vectors are planned to be removed.
async fn leave(
    transaction: &DatabaseTransaction,
    store: &StoreId,
    id: &DocumentId,
    at: Timestamp,
) -> Result<Option<Uuid>, RepositoryError> {
    let find = document::Entity::find_by_id(key(store, id)).lock_exclusive();
    let Some(before) = find.one(transaction).await.map_err(repository_error)? else { return Ok(None) };
    let Some(version) = before.version else { return Ok(None) };
    let unseen = Unseen { store, document: id, version };
    if let Some(embedding) = before.embedding()? {
        plan_removal(transaction, &unseen, &before.collection, embedding, at).await?;
    }
    plan_sweep(transaction, &unseen, at).await?;
    Ok(Some(version))
}

async fn plan_sweep(
    transaction: &DatabaseTransaction,
    unseen: &Unseen<'_>,
    due: Timestamp,
) -> Result<(), RepositoryError> {
    let row = chunk_sweep::ActiveModel {
        version: Set(unseen.version),
        store_id: Set(unseen.store.as_str().to_owned()),
        document_id: Set(unseen.document.as_str().to_owned()),
        due_at: Set(due.into()),
    };
    let insert = chunk_sweep::Entity::insert(row).exec_without_returning(transaction).await;
    insert.map(|_| ()).map_err(repository_error)
}

/// Plans to remove the vectors of a version's chunks from where its collection keeps them.
pub(super) async fn plan_removal(
    transaction: &impl ConnectionTrait,
    unseen: &Unseen<'_>,
    collection_name: &str,
    embedding: EmbeddingSpec,
    at: Timestamp,
) -> Result<(), RepositoryError> {
    let key = (unseen.store.as_str().to_owned(), collection_name.to_owned());
    let kept = collection::Entity::find_by_id(key).one(transaction).await.map_err(repository_error)?;
    let Some(collection::Model { vector_store, .. }) = kept else { return Ok(()) };
    let chunks: Vec<Uuid> = document_chunk::Entity::find()
        .select_only()
        .column(document_chunk::Column::Id)
        .filter(unseen.chunks())
        .order_by_asc(document_chunk::Column::Ordinal)
        .into_tuple()
        .all(transaction)
        .await
        .map_err(repository_error)?;
    if chunks.is_empty() {
        return Ok(());
    }
    let removal = VectorRemoval {
        id: unseen.version,
        store: unseen.store.clone(),
        vector_store,
        embedding,
        chunks: chunks.into_iter().map(ChunkId::from_uuid).collect(),
        due_at: at,
    };
    // A version that was embedded anew before has one by this name, if its vectors are not removed yet.
    let removal = VectorRemoval { id: fresh_name(&removal), ..removal };
    let insert = vector_removal::Entity::insert(vector_removal::row(&removal)?);
    insert.exec_without_returning(transaction).await.map(|_| ()).map_err(repository_error)
}

/// A name for a plan that is the same only for the same vectors.
fn fresh_name(removal: &VectorRemoval) -> Uuid {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    hash.update(removal.id.as_bytes());
    hash.update(removal.vector_store.as_bytes());
    hash.update([0]);
    hash.update(removal.embedding.embedder.as_bytes());
    let digest = hash.finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

async fn upsert(
    transaction: &DatabaseTransaction,
    new: &Document,
    version: Option<Uuid>,
) -> Result<(), RepositoryError> {
    use document::Column as C;
    let replace = OnConflict::columns([C::StoreId, C::Id])
        .update_columns([
            C::Collection,
            C::Title,
            C::Url,
            C::Metadata,
            C::ContentHash,
            C::Embedder,
            C::Dimension,
            C::Version,
            C::Status,
            C::FailureCode,
            C::Failure,
            C::ChunkCount,
            C::PageCount,
            C::UpdatedAt,
        ])
        .to_owned();
    let insert = document::Entity::insert(document::row(new, version)?).on_conflict(replace);
    insert.exec_without_returning(transaction).await.map(|_| ()).map_err(repository_error)
}

async fn write_text(transaction: &DatabaseTransaction, new: &Document, text: &str) -> Result<(), RepositoryError> {
    use document_text::{ActiveModel, Column as C, Entity};
    let (store, id) = key(&new.store, &new.id);
    let row = ActiveModel { store_id: Set(store), document_id: Set(id), text: Set(text.to_owned()) };
    let replace = OnConflict::columns([C::StoreId, C::DocumentId]).update_column(C::Text).to_owned();
    let insert = Entity::insert(row).on_conflict(replace).exec_without_returning(transaction).await;
    insert.map(|_| ()).map_err(repository_error)
}

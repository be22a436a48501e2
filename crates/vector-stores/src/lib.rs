//! Vector stores over HTTP: [`QdrantStore`], [`ChromaStore`] and [`PineconeStore`] behind the port `VectorStore`.
//!
//! They are indexes beside the database: what they find is looked up there before anybody reads it. Embeddings of
//! different kinds never share a room: Qdrant and Chroma have a collection for each kind, Pinecone a namespace for each
//! kind and store.

mod chroma;
mod failure;
mod http;
mod limits;
mod naming;
mod pinecone;
mod points;
mod qdrant;
mod secret;

pub use chroma::{ChromaKey, ChromaOptions, ChromaStore};
pub use limits::HttpLimits;
pub use naming::{InvalidPrefix, Prefix};
pub use pinecone::{PineconeIndex, PineconeOptions, PineconeStore};
pub use qdrant::{QdrantOptions, QdrantStore};
pub use secret::Secret;

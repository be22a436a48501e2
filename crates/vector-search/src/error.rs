use std::path::PathBuf;

/// Why a space does not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// A vector is of another length than those of the space.
    #[error("the vectors here have {kept} numbers, not {given}; embed anew with the model they were made by")]
    Length {
        /// How many numbers the vectors of the space have.
        kept: usize,
        /// How many were given.
        given: usize,
    },
    /// A vector is neither of unit length nor zero, or holds what is no number.
    #[error("a vector has length {length}, not 1; divide embeddings by their length before they are kept or searched")]
    NotUnit {
        /// The length it has.
        length: f32,
    },
    /// The vectors need more memory than is allowed.
    #[error(
        "vectors need {needed} bytes of memory and {limit} are allowed: \
         allow more, or keep them in a vector store of its own"
    )]
    TooLarge {
        /// What would be needed, in bytes.
        needed: u64,
        /// What is allowed, in bytes.
        limit: u64,
    },
    /// There are as many vectors as a space can number.
    #[error("a space holds four billion vectors at most")]
    Full,
    /// A file could not be written or removed.
    #[error("{path}: vectors could not be kept in a file")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
}

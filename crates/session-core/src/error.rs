use kernel::RepositoryError;

/// Why a session cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no such session, or it is not the caller's to see.
    #[error("the session is not known")]
    NotFound,
    /// Its time is over.
    #[error("the session has expired")]
    Expired,
    /// It was ended on purpose.
    #[error("the session has ended")]
    Ended,
    /// A title that is blank or longer than [`Session::MAX_TITLE_CHARS`](crate::model::Session::MAX_TITLE_CHARS).
    #[error("a title has 1 to 200 characters")]
    InvalidTitle,
    /// Business metadata over a limit.
    #[error("the business metadata is not acceptable")]
    InvalidBusiness(#[from] crate::model::InvalidBusinessMetadata),
    /// A number of hours no session can be extended by.
    #[error("a session is extended by 1 to {max} hours")]
    InvalidExtension {
        /// The most, in hours.
        max: u64,
    },
    /// The storage failed.
    #[error("the session storage failed")]
    Repository(#[from] RepositoryError),
}

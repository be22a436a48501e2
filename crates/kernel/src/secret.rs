use std::error::Error as StdError;

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("no randomness can be had")]
pub struct SecretError(#[source] Box<dyn StdError + Send + Sync>);

impl SecretError {
    /// Wraps the source's error.
    pub fn new(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Makes secrets. Ids are not secret: those of production tell when they were made.
pub trait SecretSource: Send + Sync {
    /// 256 bits that nobody can guess.
    ///
    /// # Errors
    /// When there is no randomness; nothing weaker is ever given instead.
    fn secret(&self) -> Result<[u8; 32], SecretError>;
}

/// The operating system's randomness: the one place that asks for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsSecrets;

impl SecretSource for OsSecrets {
    fn secret(&self) -> Result<[u8; 32], SecretError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(SecretError::new)?;
        Ok(secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_alike() {
        assert_ne!(OsSecrets.secret().unwrap(), OsSecrets.secret().unwrap());
    }
}

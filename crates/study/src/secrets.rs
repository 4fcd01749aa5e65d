//! Where the keys of picture services are found.

use async_trait::async_trait;
use imagery::{Secret, SecretName};

use crate::Error;

/// Finds the key that a name stands for.
#[async_trait]
pub trait SecretKeys: Send + Sync {
    /// The key of this name.
    ///
    /// # Errors
    /// [`Error::Secret`], which names the name and never the key.
    async fn find(&self, name: &SecretName) -> Result<Secret, Error>;
}

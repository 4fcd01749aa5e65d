//! Where the keys of picture services are found.

use async_trait::async_trait;
use imagery::{Secret, SecretName, SecretPlace};
use lambda::CloudSecrets;

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

/// Keys where their names say: in the environment, in Secrets Manager or in Parameter Store.
#[derive(Debug)]
pub struct CloudKeys(CloudSecrets);

impl CloudKeys {
    /// With the credentials of this process.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig) -> Self {
        Self(CloudSecrets::new(config))
    }
}

#[async_trait]
impl SecretKeys for CloudKeys {
    async fn find(&self, name: &SecretName) -> Result<Secret, Error> {
        let found = match name.place() {
            SecretPlace::Env(variable) => std::env::var(variable)
                .map_err(|_| format!("{variable} is not set in the environment")),
            SecretPlace::SecretsManager(id) => self.0.secret(id).await,
            SecretPlace::Ssm(path) => self.0.parameter(path).await,
        };
        found.map(Secret::new).map_err(|problem| Error::Secret {
            name: String::from(name.clone()),
            problem,
        })
    }
}

//! Keys of picture services where their names say: in the environment, in AWS Secrets Manager or in Parameter Store.
//!
//! [`CloudKeys`] is [`study::SecretKeys`] with the region, credentials and endpoint of an AWS configuration. The two services
//! are asked by one signed request each: their clients weigh more than the rest of a function (`docs/decisions.md`).
//!
//! ```no_run
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use study::SecretKeys;
//!
//! let keys = secrets::CloudKeys::new(&aws_config::load_from_env().await);
//! let key = keys.find(&"secret:transect/mapbox".parse().unwrap()).await?;
//! # Ok::<(), study::Error>(()) }).unwrap();
//! ```

mod call;
mod service;

use async_trait::async_trait;
use aws_config::SdkConfig;
use imagery::{Secret, SecretName, SecretPlace};
use serde::Deserialize;
use serde_json::json;
use study::{Error, SecretKeys};

use crate::call::Caller;
use crate::service::Service;

/// Finds keys with the credentials of this process. What goes wrong is told in the service's own word, which never repeats a
/// value.
#[derive(Debug)]
pub struct CloudKeys(Caller);

impl CloudKeys {
    /// By the configuration's region, credentials and endpoint.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self(Caller::new(config))
    }

    async fn secret(&self, id: &str) -> Result<String, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Reply {
            secret_string: Option<String>,
        }
        let request = json!({"SecretId": id});
        let reply: Reply = self.0.call(&Service::SECRETS_MANAGER, &request).await?;
        reply.secret_string.ok_or_else(holds_no_text)
    }

    async fn parameter(&self, path: &str) -> Result<String, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Reply {
            parameter: Option<Parameter>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Parameter {
            value: Option<String>,
        }
        let request = json!({"Name": path, "WithDecryption": true});
        let reply: Reply = self.0.call(&Service::PARAMETER_STORE, &request).await?;
        let value = reply.parameter.and_then(|parameter| parameter.value);
        value.ok_or_else(holds_no_text)
    }
}

#[async_trait]
impl SecretKeys for CloudKeys {
    async fn find(&self, name: &SecretName) -> Result<Secret, Error> {
        let found = match name.place() {
            SecretPlace::Env(variable) => std::env::var(variable)
                .map_err(|_| format!("{variable} is not set in the environment")),
            SecretPlace::SecretsManager(id) => self.secret(id).await,
            SecretPlace::Ssm(path) => self.parameter(path).await,
        };
        found.map(Secret::new).map_err(|problem| Error::Secret {
            name: String::from(name.clone()),
            problem,
        })
    }
}

fn holds_no_text() -> String {
    "it holds no text".to_owned()
}

//! Secrets of the account: Secrets Manager and Parameter Store.

use aws_config::SdkConfig;
use store::aws_reason;

/// Reads secrets with the credentials of this process. What goes wrong is told in the service's
/// own word, which never repeats a value.
#[derive(Debug)]
pub struct CloudSecrets {
    secrets: aws_sdk_secretsmanager::Client,
    parameters: aws_sdk_ssm::Client,
}

impl CloudSecrets {
    /// Clients by the configuration's region and endpoint.
    #[must_use]
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            secrets: aws_sdk_secretsmanager::Client::new(config),
            parameters: aws_sdk_ssm::Client::new(config),
        }
    }

    /// The text of a secret of Secrets Manager, by name or ARN.
    ///
    /// # Errors
    /// What the service says, or that the secret holds no text.
    pub async fn secret(&self, id: &str) -> Result<String, String> {
        let reply = self.secrets.get_secret_value().secret_id(id).send().await;
        reply
            .map_err(|error| aws_reason(&error))?
            .secret_string
            .ok_or_else(holds_no_text)
    }

    /// The value of a parameter of Parameter Store, decrypted, by path.
    ///
    /// # Errors
    /// As [`CloudSecrets::secret`].
    pub async fn parameter(&self, path: &str) -> Result<String, String> {
        let request = self.parameters.get_parameter().name(path);
        let reply = request.with_decryption(true).send().await;
        reply
            .map_err(|error| aws_reason(&error))?
            .parameter
            .and_then(|parameter| parameter.value)
            .ok_or_else(holds_no_text)
    }
}

fn holds_no_text() -> String {
    "it holds no text".to_owned()
}

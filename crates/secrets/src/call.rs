//! One signed request, and what is made of its reply.

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::service::Service;

/// Tries of a request that was throttled, that met a fault of the service, or that did not reach it.
const TRIES: u32 = 4;
/// Before the second try; twice as long before each further one.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const TIMEOUT: Duration = Duration::from_secs(10);
const JSON: &str = "application/x-amz-json-1.1";

/// Asks services of AWS.
#[derive(Debug)]
pub struct Caller {
    config: SdkConfig,
    client: Client,
}

/// Why a call failed.
#[derive(Debug)]
struct Failed {
    /// In one line, for people.
    reason: String,
    /// Whether the same call may succeed later.
    passing: bool,
}

/// The form of an error in JSON 1.1: the name may have a namespace before it, the message either case.
#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    name: Option<String>,
    #[serde(alias = "Message")]
    message: Option<String>,
}

impl Caller {
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            config: config.clone(),
            client: Client::new(),
        }
    }

    /// The reply of the service's operation.
    pub async fn call<T: DeserializeOwned>(
        &self,
        service: &Service,
        request: &Value,
    ) -> Result<T, String> {
        let mut wait = FIRST_WAIT;
        for _ in 1..TRIES {
            match self.attempt(service, request).await {
                Err(Failed { passing: true, .. }) => tokio::time::sleep(wait).await,
                done => return done.map_err(|failed| failed.reason),
            }
            wait *= 2;
        }
        let done = self.attempt(service, request).await;
        done.map_err(|failed| failed.reason)
    }

    async fn attempt<T: DeserializeOwned>(
        &self,
        service: &Service,
        request: &Value,
    ) -> Result<T, Failed> {
        let request = self.signed(service, request.to_string()).await?;
        let reply = self.client.execute(request).await.map_err(unreached)?;
        let status = reply.status();
        let body = reply.bytes().await.map_err(unreached)?;
        if status.is_success() {
            // Not the error itself: it may quote what it read.
            return serde_json::from_slice(&body)
                .map_err(|_| lasting("the reply is not in the form that the service documents"));
        }
        let refusal: Option<Refusal> = serde_json::from_slice(&body).ok();
        let (name, message) =
            refusal.map_or((None, None), |refusal| (refusal.name, refusal.message));
        let name = name.unwrap_or_else(|| format!("HTTP {}", status.as_u16()));
        let name = name.rsplit_once('#').map_or(&*name, |(_, name)| name);
        let throttled = name.contains("Throttl") || name == "TooManyRequestsException";
        Err(Failed {
            passing: status.is_server_error() || status.as_u16() == 429 || throttled,
            reason: match message {
                Some(message) => format!("{name}: {message}"),
                None => name.to_owned(),
            },
        })
    }

    async fn signed(&self, service: &Service, body: String) -> Result<reqwest::Request, Failed> {
        let region = self.config.region().ok_or_else(|| {
            lasting("no region is set: AWS_REGION or the profile's region would say it")
        })?;
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| lasting("there are no credentials"))?;
        let credentials = provider
            .provide_credentials()
            .await
            .map_err(|e| lasting(chain(&e)))?;
        let url = service.endpoint(&self.config, region.as_ref());
        let mut request = self
            .client
            .post(&url)
            .timeout(TIMEOUT)
            .header(CONTENT_TYPE, JSON)
            .header("x-amz-target", service.target)
            .body(body.clone())
            .build()
            .map_err(|e| lasting(chain(&e)))?;

        let identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region.as_ref())
            .name(service.name)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|e| lasting(chain(&e)))?
            .into();
        let headers = [("content-type", JSON), ("x-amz-target", service.target)];
        let body = SignableBody::Bytes(body.as_bytes());
        let signable =
            SignableRequest::new("POST", request.url().as_str(), headers.into_iter(), body)
                .map_err(|e| lasting(chain(&e)))?;
        let (signature, _) = sign(signable, &parameters)
            .map_err(|e| lasting(chain(&e)))?
            .into_parts();
        for header in signature.into_parts().0 {
            let mut value = reqwest::header::HeaderValue::from_str(header.value())
                .map_err(|e| lasting(chain(&e)))?;
            value.set_sensitive(header.sensitive());
            request.headers_mut().insert(header.name(), value);
        }
        Ok(request)
    }
}

fn lasting(reason: impl Into<String>) -> Failed {
    Failed {
        reason: reason.into(),
        passing: false,
    }
}

fn unreached(error: reqwest::Error) -> Failed {
    Failed {
        reason: chain(&error),
        passing: true,
    }
}

/// An error and its causes in one line; most causes repeat what is below them.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let line = error.to_string();
        if !lines.iter().any(|above| above.contains(&line)) {
            lines.push(line);
        }
        cause = error.source();
    }
    lines.join(": ")
}

//! Signing in as a service account: a signed claim for a short-lived token (RFC 7523, with Google's names).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;
use url::Url;

use crate::Error;
use crate::fetch::{Call, Miss, Rejection, Reply, Request, excerpt, plain_status};
use crate::secret::{Secret, SecretName};

const SCOPE: &str = "https://www.googleapis.com/auth/earthengine";
/// A token is replaced this long before it runs out, so that none runs out under way.
const EARLY: SignedDuration = SignedDuration::from_mins(10);

/// A service account that can sign in.
pub(super) struct TokenSource {
    account: String,
    key_id: String,
    key: RsaKeyPair,
    token_url: Url,
    current: Mutex<Option<(Secret, Timestamp)>>,
}

/// The parts of a key file that matter.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
    token_uri: String,
}

impl TokenSource {
    pub(super) fn new(name: &SecretName, key_file: &Secret) -> Result<Self, Error> {
        let expected = "the JSON key file of a service account";
        let bad = || Error::BadSecret {
            name: name.to_string(),
            expected,
        };
        let file: KeyFile = serde_json::from_str(key_file.reveal()).map_err(|_| bad())?;
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_bytes()).map_err(|_| bad())?;
        Ok(Self {
            key: RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| bad())?,
            token_url: Url::parse(&file.token_uri).map_err(|_| bad())?,
            account: file.client_email,
            key_id: file.private_key_id,
            current: Mutex::new(None),
        })
    }

    /// A token that is good for a while: the one at hand, or a new one. Whoever comes meanwhile waits for it.
    pub(super) async fn token(&self, call: &Call) -> Result<Secret, Miss> {
        let mut current = self.current.lock().await;
        let now = call.now();
        if let Some((token, until)) = current.as_ref()
            && until.duration_since(now) > EARLY
        {
            return Ok(token.clone());
        }
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &self.claim(now).map_err(Miss::Fatal)?)
            .finish();
        let request = Request::post(
            self.token_url.clone(),
            "application/x-www-form-urlencoded",
            body,
        )
        .confidential();
        let (token, seconds) = call.fetch(&request, judge).await?;
        let until = now
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(now);
        *current = Some((token.clone(), until));
        Ok(token)
    }

    /// The claim, as a JSON web token signed with RS256 (RFC 7515, RFC 7518).
    fn claim(&self, now: Timestamp) -> Result<String, Error> {
        let issued = now.as_second();
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let claim = json!({
            "iss": self.account,
            "scope": SCOPE,
            "aud": self.token_url.as_str(),
            "iat": issued,
            "exp": issued + 3600,
        });
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claim));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| Error::Internal {
                doing: "signing in",
            })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn judge(reply: &Reply) -> Result<(Secret, i64), Rejection> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        #[serde(default)]
        expires_in: i64,
    }
    if matches!(reply.status, 400 | 401 | 403) {
        let said = excerpt(&String::from_utf8_lossy(&reply.body));
        return Err(Rejection::Refused(format!("signing in: {said}")));
    }
    plain_status(reply)?;
    serde_json::from_slice(&reply.body)
        .map(|answer: Answer| (Secret::new(answer.access_token), answer.expires_in))
        .map_err(|_| Rejection::Defect("an answer without a token".to_owned()))
}

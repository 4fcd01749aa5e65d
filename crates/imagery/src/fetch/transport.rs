//! Requests and replies, and the seam between them.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::header::HeaderMap;
use url::Url;

use super::url_signature::UrlSigner;
use crate::secret::Secret;

/// Time that a request may take, its body included, unless the source says otherwise.
const USUAL_TIMEOUT: Duration = Duration::from_secs(30);

/// Replies longer than this are no error documents.
const LONGEST_DOCUMENT: usize = 4 << 20;

/// One request. Its secrets are apart from what is shown: `Debug` prints the public part only.
#[derive(Clone)]
pub struct Request {
    shown: Url,
    secret_query: Vec<(String, Secret)>,
    headers: Vec<(&'static str, String)>,
    secret_headers: Vec<(&'static str, Secret)>,
    body: Option<Bytes>,
    range: Option<Range<u64>>,
    signer: Option<UrlSigner>,
    timeout: Duration,
    confidential: bool,
}

impl Request {
    /// A GET of an address without secrets.
    pub fn get(url: Url) -> Self {
        Self {
            shown: url,
            secret_query: Vec::new(),
            headers: Vec::new(),
            secret_headers: Vec::new(),
            body: None,
            range: None,
            signer: None,
            timeout: USUAL_TIMEOUT,
            confidential: false,
        }
    }

    /// A POST of a JSON body.
    pub(crate) fn post_json(url: Url, body: &serde_json::Value) -> Self {
        Self::post(url, "application/json", body.to_string())
    }

    /// A POST of a body.
    pub(crate) fn post(url: Url, media_type: &str, body: impl Into<Bytes>) -> Self {
        let mut request = Self::get(url);
        request
            .headers
            .push(("content-type", media_type.to_owned()));
        request.body = Some(body.into());
        request
    }

    pub(crate) fn secret_query(mut self, name: &str, value: Option<&Secret>) -> Self {
        self.secret_query
            .extend(value.map(|value| (name.to_owned(), value.clone())));
        self
    }

    pub(crate) fn secret_header(mut self, name: &'static str, value: Option<Secret>) -> Self {
        self.secret_headers.extend(value.map(|value| (name, value)));
        self
    }

    pub(crate) fn range(mut self, range: Range<u64>) -> Self {
        self.range = Some(range);
        self
    }

    pub(crate) fn signed(mut self, signer: Option<&UrlSigner>) -> Self {
        self.signer = signer.cloned();
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// A request whose body proves who we are: it goes where it was addressed to, and nowhere else.
    pub(crate) fn confidential(mut self) -> Self {
        self.confidential = true;
        self
    }

    pub(crate) fn is_confidential(&self) -> bool {
        self.confidential
    }

    /// The address that may be shown.
    pub fn shown_url(&self) -> &Url {
        &self.shown
    }

    /// The address that is sent, secrets included: for a [`Transport`] only.
    pub fn sent_url(&self) -> Url {
        let mut url = self.shown.clone();
        if !self.secret_query.is_empty() {
            let mut query = url.query_pairs_mut();
            for (name, value) in &self.secret_query {
                query.append_pair(name, value.reveal());
            }
        }
        if let Some(signer) = &self.signer {
            let signature = signer.sign(&url[url::Position::BeforePath..url::Position::AfterQuery]);
            let query = url.query().unwrap_or_default();
            url.set_query(Some(&format!("{query}&signature={signature}")));
        }
        url
    }

    /// The headers that are sent, secrets included if asked for: for a [`Transport`] only.
    pub fn sent_headers(&self, with_secrets: bool) -> Vec<(&'static str, String)> {
        let range = self.range.as_ref().map(|range| {
            // RFC 9110, 14.1.2: both ends are included.
            (
                "range",
                format!("bytes={}-{}", range.start, range.end.saturating_sub(1)),
            )
        });
        let secrets = self
            .secret_headers
            .iter()
            .filter(|_| with_secrets)
            .map(|(name, value)| (*name, value.reveal().to_owned()));
        self.headers
            .iter()
            .cloned()
            .chain(secrets)
            .chain(range)
            .collect()
    }

    /// The body of a POST; a request without one is a GET.
    pub fn body(&self) -> Option<&Bytes> {
        self.body.as_ref()
    }

    pub(crate) fn time_allowed(&self) -> Duration {
        self.timeout
    }

    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let query = self.secret_query.iter().map(|(_, secret)| secret);
        query.chain(self.secret_headers.iter().map(|(_, secret)| secret))
    }

    /// `text` without any secret of this request, since services echo what they were asked.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.secrets()
            .fold(text.to_owned(), |text, secret| secret.redact(&text))
    }

    /// Whether a text holds a secret of this request, in any of the forms that a service might give it.
    pub(crate) fn holds_secret(&self, text: &str) -> bool {
        self.redact(text) != text
    }

    /// The reply without what it echoes of our secrets: before anything is cut out of it or made readable,
    /// which may leave half a key or another spelling of it.
    pub(crate) fn redacted(&self, mut reply: Reply) -> Reply {
        if self.secrets().next().is_none() || reply.body.len() > LONGEST_DOCUMENT {
            return reply;
        }
        if let Ok(text) = std::str::from_utf8(&reply.body) {
            let redacted = self.redact(text);
            if redacted != text {
                reply.body = redacted.into();
            }
        }
        reply
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = if self.body.is_some() { "POST" } else { "GET" };
        write!(f, "{method} {}", self.shown)
    }
}

/// What a service answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Reply {
    /// A header as text, where it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why no whole reply came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportFault {
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// The connection was lost before a reply came.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// An address that the source may not lead to.
    #[error("{0}")]
    Refused(String),
    /// The service sends on to where this request may not go.
    #[error("the service sends on to {to}, {why}")]
    Redirect {
        /// The host.
        to: String,
        /// Why it is not followed.
        why: String,
    },
    /// The time was up.
    #[error("no answer in time")]
    Timeout,
    /// The body ended early.
    #[error("the reply was cut short")]
    CutShort,
    /// The body is larger than any picture should be.
    #[error("the reply is larger than {limit} bytes")]
    TooLarge {
        /// The largest size accepted.
        limit: usize,
    },
    /// The request itself cannot be sent.
    #[error("not a request that can be sent: {0}")]
    Request(String),
}

/// Sends requests: over HTTP, or in memory in tests.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and reads the whole reply. Follows redirects; never tries again.
    async fn send(&self, request: &Request) -> Result<Reply, TransportFault>;

    /// Whether there is a way to the host of an address, without asking it anything.
    async fn reach(&self, _url: &Url) -> Result<(), TransportFault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_sent_and_never_shown() {
        let request = Request::get(Url::parse("https://tiles.test/a?x=1").unwrap())
            .secret_query("token", Some(&Secret::new("k&y")))
            .secret_header("authorization", Some(Secret::new("Bearer abc")));
        assert_eq!(
            request.sent_url().as_str(),
            "https://tiles.test/a?x=1&token=k%26y"
        );
        assert_eq!(
            request.sent_headers(true),
            [("authorization", "Bearer abc".to_owned())]
        );
        assert_eq!(request.sent_headers(false), []);
        assert_eq!(format!("{request:?}"), "GET https://tiles.test/a?x=1");
        assert_eq!(
            request.redact("bad token k&y, k%26y, or abc"),
            "bad token ***, ***, or ***"
        );
    }

    #[test]
    fn a_range_names_its_last_byte() {
        let request = Request::get(Url::parse("https://tiles.test/a").unwrap()).range(10..20);
        assert_eq!(
            request.sent_headers(true),
            [("range", "bytes=10-19".to_owned())]
        );
    }
}

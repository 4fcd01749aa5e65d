//! The transport over HTTP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use reqwest::header::LOCATION;
use tokio::net::TcpStream;
use url::Url;

use super::access::{Access, Guard, Refused, is_behind_proxy, is_same_origin};
use super::transport::{Reply, Request, Transport, TransportFault};
use crate::{Error, Source};

/// The largest reply that is read: above the 48 MB that the most generous service sends.
const LARGEST_BODY: usize = 64 << 20;
/// Redirects that are followed, one after the other.
const MOST_REDIRECTS: usize = 5;
/// Time for one connection.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// Sends requests with one pool of connections.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    access: Arc<Access>,
}

impl HttpTransport {
    /// A transport that asks any address it is given: for tests, and for who has checked the addresses.
    ///
    /// # Errors
    /// [`Error::Internal`] where the system's certificates cannot be read.
    pub fn new() -> Result<Self, Error> {
        Self::with(Access::open())
    }

    /// A transport for one source. It follows redirects on the source's own site and to the hosts that the study names,
    /// and reaches private addresses only where the source's own is one or the study allows it.
    ///
    /// # Errors
    /// As [`HttpTransport::new`].
    pub fn of(source: &Source) -> Result<Self, Error> {
        Self::with(Access::of(source))
    }

    fn with(access: Access) -> Result<Self, Error> {
        let access = Arc::new(access);
        let client = reqwest::Client::builder()
            .user_agent(concat!("transect/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIME)
            .dns_resolver(Arc::new(Guard(Arc::clone(&access))))
            // Redirects are followed here, where it is known what may go where.
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()
            .map_err(|_| Error::Internal {
                doing: "setting up TLS",
            })?;
        Ok(Self { client, access })
    }

    /// Sends one request to one address, with secrets only where they belong.
    async fn ask(
        &self,
        request: &Request,
        url: &Url,
        with_secrets: bool,
        with_body: bool,
    ) -> Result<reqwest::Response, TransportFault> {
        let allowed = self.access.allows_url(url);
        allowed.map_err(|refused| TransportFault::Refused(refused.to_string()))?;
        let mut builder = match request.body() {
            Some(body) if with_body => self.client.post(url.clone()).body(body.clone()),
            _ => self.client.get(url.clone()),
        };
        for (name, value) in request.sent_headers(with_secrets) {
            builder = builder.header(name, value);
        }
        builder.send().await.map_err(fault)
    }

    /// Follows what a service sends on to, as far as it may.
    async fn follow(&self, request: &Request) -> Result<reqwest::Response, TransportFault> {
        let first = request.sent_url();
        let (mut url, mut with_body) = (first.clone(), true);
        for _ in 0..=MOST_REDIRECTS {
            let is_origin = is_same_origin(&first, &url);
            let response = self.ask(request, &url, is_origin, with_body).await?;
            let status = response.status().as_u16();
            let Some(next) = next(&response, &url) else {
                return Ok(response);
            };
            let to = next.host_str().unwrap_or_default().to_owned();
            let refused = |why: &str| {
                Err(TransportFault::Redirect {
                    to: to.clone(),
                    why: why.to_owned(),
                })
            };
            if !self.access.may_follow(&url, &next) {
                return refused("another site: source.allow_hosts can name it");
            }
            with_body &= status != 303;
            if !is_same_origin(&first, &next) {
                if request.holds_secret(next.as_str()) {
                    return refused("another host, with the key in its address");
                }
                if request.body().is_some() && with_body && request.is_confidential() {
                    return refused("another host, and what is asked is for the first alone");
                }
            }
            if with_body && request.body().is_some() && request.is_confidential() {
                return refused("elsewhere, and a request for a token is not sent on");
            }
            if first.scheme() == "https" && next.scheme() == "http" {
                return refused("an address without encryption");
            }
            url = next;
        }
        Err(TransportFault::Redirect {
            to: url.host_str().unwrap_or_default().to_owned(),
            why: format!("the last of {MOST_REDIRECTS} redirects"),
        })
    }
}

/// Where a reply sends on to.
fn next(response: &reqwest::Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    from.join(response.headers().get(LOCATION)?.to_str().ok()?)
        .ok()
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Reply, TransportFault> {
        let mut response = self.follow(request).await?;
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok())
            .unwrap_or(0);
        let mut body = BytesMut::with_capacity(announced.min(LARGEST_BODY));
        while let Some(chunk) = response.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(TransportFault::TooLarge {
                    limit: LARGEST_BODY,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }

    async fn reach(&self, url: &Url) -> Result<(), TransportFault> {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Ok(());
        };
        if is_behind_proxy() {
            return Ok(());
        }
        let allowed = self.access.allows_url(url);
        allowed.map_err(|refused| TransportFault::Refused(refused.to_string()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = self.access.resolve(host, port).await;
        let addresses = addresses.map_err(|problem| match problem.downcast_ref::<Refused>() {
            Some(refused) => TransportFault::Refused(refused.to_string()),
            None => TransportFault::Connect(problem.to_string()),
        })?;
        match TcpStream::connect(addresses.as_slice()).await {
            Ok(_) => Ok(()),
            Err(problem) => Err(TransportFault::Connect(problem.to_string())),
        }
    }
}

/// reqwest's errors hold the address, and with it the key: only the kind and the root cause are kept.
fn fault(error: reqwest::Error) -> TransportFault {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        if let Some(refused) = next.downcast_ref::<Refused>() {
            return TransportFault::Refused(refused.to_string());
        }
        cause = next;
    }
    if error.is_connect() {
        return TransportFault::Connect(cause.to_string());
    }
    if error.is_timeout() {
        return TransportFault::Timeout;
    }
    if error.is_builder() {
        return TransportFault::Request(error.to_string());
    }
    if error.is_body() || error.is_decode() {
        return TransportFault::CutShort;
    }
    TransportFault::Lost(cause.to_string())
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::Secret;

    fn transport_of(server: &MockServer, allow: &[String]) -> HttpTransport {
        let source = serde_json::json!({
            "kind": "xyz", "url": format!("{}/{{z}}/{{x}}/{{y}}.png", server.uri()), "allow_hosts": allow,
        });
        HttpTransport::of(&serde_json::from_value(source).unwrap()).unwrap()
    }

    async fn sends_on(from: &MockServer, status: u16, to: &str) {
        Mock::given(path("/a"))
            .respond_with(ResponseTemplate::new(status).insert_header("location", to))
            .mount(from)
            .await;
    }

    async fn answers(server: &MockServer) {
        Mock::given(path("/b"))
            .respond_with(ResponseTemplate::new(200).set_body_string("there"))
            .mount(server)
            .await;
    }

    fn with_key(server: &MockServer) -> Request {
        let url = Url::parse(&format!("{}/a", server.uri())).unwrap();
        let key = Secret::new("hush-7f3a0bc");
        Request::get(url)
            .secret_query("token", Some(&key))
            .secret_header("x-key", Some(key.clone()))
    }

    #[tokio::test]
    async fn a_redirect_to_another_host_is_not_followed_unless_the_study_names_it_and_never_with_the_key()
     {
        let (own, other) = (MockServer::start().await, MockServer::start().await);
        sends_on(&own, 302, &format!("{}/b", other.uri())).await;
        answers(&other).await;
        let refused = transport_of(&own, &[]).send(&with_key(&own)).await;
        assert!(
            matches!(refused, Err(TransportFault::Redirect { .. })),
            "{refused:?}"
        );
        assert!(other.received_requests().await.unwrap().is_empty());

        let allowed = transport_of(&own, &[other.address().to_string()]);
        assert_eq!(allowed.send(&with_key(&own)).await.unwrap().body, "there");
        let seen = format!("{:?}", other.received_requests().await.unwrap());
        assert!(
            !seen.contains("hush-7f3a0bc") && !seen.contains("referer"),
            "{seen}"
        );
    }

    #[tokio::test]
    async fn a_redirect_on_the_own_host_is_followed_with_the_headers() {
        let own = MockServer::start().await;
        sends_on(&own, 301, "/b").await;
        answers(&own).await;
        let reply = transport_of(&own, &[]).send(&with_key(&own)).await.unwrap();
        assert_eq!(reply.body, "there");
        let last = own.received_requests().await.unwrap().pop().unwrap();
        assert_eq!(last.headers.get("x-key").unwrap(), "hush-7f3a0bc");
        assert!(last.headers.get("referer").is_none());
    }

    #[tokio::test]
    async fn a_request_for_a_token_is_not_sent_on() {
        let own = MockServer::start().await;
        sends_on(&own, 307, "/b").await;
        Mock::given(method("POST"))
            .and(path("/b"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&own)
            .await;
        let url = Url::parse(&format!("{}/a", own.uri())).unwrap();
        let request = Request::post(url, "text/plain", "assertion").confidential();
        let refused = transport_of(&own, &[]).send(&request).await;
        assert!(
            matches!(refused, Err(TransportFault::Redirect { .. })),
            "{refused:?}"
        );
        assert_eq!(own.received_requests().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn the_metadata_service_is_not_asked() {
        let own = MockServer::start().await;
        sends_on(&own, 302, "http://169.254.169.254/latest/meta-data").await;
        let refused = transport_of(&own, &[]).send(&with_key(&own)).await;
        assert!(
            matches!(refused, Err(TransportFault::Redirect { .. })),
            "{refused:?}"
        );
        let url = Url::parse("http://169.254.169.254/latest/meta-data").unwrap();
        let refused = transport_of(&own, &[]).send(&Request::get(url)).await;
        assert!(
            matches!(refused, Err(TransportFault::Refused(_))),
            "{refused:?}"
        );
    }
}

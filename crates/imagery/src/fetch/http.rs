//! The transport over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;

use super::transport::{Reply, Request, Transport, TransportFault};
use crate::Error;

/// The largest reply that is read: above the 48 MB that the most generous service sends.
const LARGEST_BODY: usize = 64 << 20;

/// Sends requests with one pool of connections.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport with its own pool.
    ///
    /// # Errors
    /// [`Error::Internal`] where the system's certificates cannot be read.
    pub fn new() -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("transect/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::limited(5))
            .build()
            .map_err(|_| Error::Internal {
                doing: "setting up TLS",
            })?;
        Ok(Self { client })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Reply, TransportFault> {
        let mut builder = match request.body() {
            Some(body) => self.client.post(request.sent_url()).body(body.clone()),
            None => self.client.get(request.sent_url()),
        };
        for (name, value) in request.sent_headers() {
            builder = builder.header(name, value);
        }
        let mut response = builder.send().await.map_err(fault)?;
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
}

/// reqwest's errors hold the address, and with it the key: only the kind and the root cause are kept.
fn fault(error: reqwest::Error) -> TransportFault {
    let error = error.without_url();
    if error.is_timeout() {
        return TransportFault::Timeout;
    }
    if error.is_builder() {
        return TransportFault::Request(error.to_string());
    }
    if error.is_body() || error.is_decode() {
        return TransportFault::CutShort;
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    TransportFault::Connect(cause.to_string())
}

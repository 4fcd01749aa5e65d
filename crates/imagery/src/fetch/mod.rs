//! Asking a service: one place for pace, tries, caps and the checks of replies.
//!
//! Sources build [`Request`]s and judge [`Reply`]s; everything between is here.

mod access;
mod budget;
mod fetcher;
mod flat;
mod http;
mod jpeg;
mod rate;
mod retry;
mod transport;
mod url_signature;
mod validate;

pub use budget::{RequestBudget, RequestCap};
pub(crate) use fetcher::{Call, Fetcher, Miss, Rejection, plain_status};
pub(crate) use flat::is_flat;
pub use http::HttpTransport;
pub(crate) use rate::Rate;
pub(crate) use retry::Backoff;
pub use transport::{Reply, Request, Transport, TransportFault};
pub(crate) use url_signature::UrlSigner;
pub(crate) use validate::{Header, examine, excerpt, expiry, picture_reply};

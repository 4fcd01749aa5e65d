//! Byte ranges of a raster, wherever it lies, through the same pace, tries and caps as everything else.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::Error;
use crate::byte_ranges::{ByteRanges, FileRanges, Payer};
use crate::fetch::{Call, Miss, Rejection, Request, plain_status};
use crate::sources::address::service_url;
use crate::store::{Fault, FaultKind};

/// Where a raster is.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources) enum Place {
    Http(Url),
    File(String),
    /// In a bucket: read by whoever runs the study.
    Bucket(String),
}

impl Place {
    pub(in crate::sources) fn parse(setting: &str, text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::setting(
                setting,
                format!("\"{text}\""),
                "s3://bucket/key, https://..., or the path of a file",
            )
        };
        match text.split_once("://") {
            Some(("http" | "https", _)) => Ok(Self::Http(service_url(setting, text)?)),
            Some(("s3", rest)) => match rest.split_once('/') {
                Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
                    Ok(Self::Bucket(text.to_owned()))
                }
                _ => Err(wrong()),
            },
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            None if !text.trim().is_empty() => Ok(Self::File(text.to_owned())),
            _ => Err(wrong()),
        }
    }

    /// The place as it may be shown: without the query of an address, which may be a signature.
    pub(in crate::sources) fn shown(&self) -> &str {
        match self {
            Self::Http(url) => &url[..url::Position::AfterPath],
            Self::File(path) | Self::Bucket(path) => path,
        }
    }

    pub(in crate::sources) fn reader(
        &self,
        payer: Payer,
        ranges: Arc<dyn ByteRanges>,
        call: &Call,
    ) -> RangeReader {
        RangeReader {
            place: self.clone(),
            payer,
            ranges,
            call: call.clone(),
        }
    }
}

/// A raster's bytes, read for one sample.
#[derive(Clone)]
pub(in crate::sources) struct RangeReader {
    place: Place,
    payer: Payer,
    ranges: Arc<dyn ByteRanges>,
    call: Call,
}

impl fmt::Debug for RangeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.place.shown())
    }
}

impl RangeReader {
    pub(in crate::sources) fn shown(&self) -> &str {
        self.place.shown()
    }

    /// A file beside a file on this disk, such as `.msk`, where there is one.
    pub(in crate::sources) fn beside(&self, ending: &str) -> Option<Self> {
        let Place::File(path) = &self.place else {
            return None;
        };
        let path = format!("{path}{ending}");
        let exists = std::path::Path::new(&path).is_file();
        exists.then(|| Self {
            place: Place::File(path),
            ..self.clone()
        })
    }

    pub(in crate::sources) async fn read(&self, range: Range<u64>) -> Result<Bytes, Miss> {
        match &self.place {
            Place::Http(url) => self.read_http(url, range).await,
            Place::File(path) => {
                let read = FileRanges.read(path, range, self.payer).await;
                read.map_err(|fault| Miss::Fatal(self.fault(fault)))
            }
            Place::Bucket(location) => {
                let _place = self.call.leave().await?;
                match self.ranges.read(location, range, self.payer).await {
                    Ok(bytes) => Ok(bytes),
                    // The reader has tried again by itself.
                    Err(fault) if fault.kind == FaultKind::Unavailable => {
                        Err(Miss::GaveUp(fault.message))
                    }
                    Err(fault) => Err(Miss::Fatal(self.fault(fault))),
                }
            }
        }
    }

    fn fault(&self, fault: Fault) -> Error {
        let source_kind = "cog";
        match fault.kind {
            FaultKind::Denied => Error::KeyRefused {
                source_kind,
                http_status: 403,
                reason: fault.message,
            },
            FaultKind::NotFound => Error::NotFound {
                source_kind,
                location: self.shown().to_owned(),
                reason: fault.message,
            },
            FaultKind::Full | FaultKind::Unavailable => Error::raster(self.shown(), fault.message),
        }
    }

    async fn read_http(&self, url: &Url, range: Range<u64>) -> Result<Bytes, Miss> {
        let request = Request::get(url.clone()).range(range.clone());
        let length = range.end.saturating_sub(range.start);
        self.call
            .fetch(&request, |reply| match reply.status {
                206 => Ok(reply.body.clone()),
                // Behind the end.
                416 => Ok(Bytes::new()),
                200 if range.start == 0 && reply.body.len() as u64 <= length => {
                    Ok(reply.body.clone())
                }
                200 => Err(Rejection::NotThere(
                    "the server does not send byte ranges (http 200 to a range)".to_owned(),
                )),
                403 => Err(Rejection::Refused("http 403".to_owned())),
                404 | 410 => Err(Rejection::NotThere(format!("http {}", reply.status))),
                _ => plain_status(reply).map(|()| reply.body.clone()),
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raster_lies_in_a_bucket_on_the_web_or_on_disk() {
        let parse = |text: &str| Place::parse("source.url", text);
        assert_eq!(
            parse("s3://b/k/x.tif").unwrap(),
            Place::Bucket("s3://b/k/x.tif".to_owned())
        );
        assert_eq!(
            parse("data/x.tif").unwrap(),
            Place::File("data/x.tif".to_owned())
        );
        assert_eq!(
            parse("file:///data/x.tif").unwrap(),
            Place::File("/data/x.tif".to_owned())
        );
        assert_eq!(
            parse("https://h.test/x.tif?sig=hush").unwrap().shown(),
            "https://h.test/x.tif"
        );
        for text in ["", "s3://bucket", "s3:///key", "ftp://h/x.tif", "file://"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

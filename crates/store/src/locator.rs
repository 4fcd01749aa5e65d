//! Places as people write them (`s3://bucket/prefix`, a folder) and the stores behind them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::{Error, Folder, S3, Store};

/// A place written by a person, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locator {
    /// `s3://bucket/key`; the key may be empty.
    S3 {
        /// The bucket.
        bucket: String,
        /// What follows it, without the first `/`.
        key: String,
    },
    /// A path on this machine.
    Path(PathBuf),
}

impl Locator {
    /// Parses `s3://bucket/key` or a path.
    ///
    /// # Errors
    /// [`Error::InvalidPlace`] for an empty place, `s3://` without a bucket, or another scheme.
    pub fn parse(place: &str) -> Result<Self, Error> {
        let invalid = |reason| {
            Err(Error::InvalidPlace {
                place: place.to_owned(),
                reason,
            })
        };
        if let Some(rest) = place.strip_prefix("s3://") {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return invalid("expected s3://bucket/key");
            }
            return Ok(Self::S3 {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
            });
        }
        if place.is_empty() || place.contains("://") {
            return invalid("expected a path or s3://bucket/key");
        }
        Ok(Self::Path(place.into()))
    }
}

/// Opens stores by bucket name; a process makes one and shares it, so that connections are
/// reused.
#[derive(Clone, Debug)]
pub struct Stores(Kind);

#[derive(Clone, Debug)]
enum Kind {
    S3(aws_sdk_s3::Client),
    Folders(PathBuf),
}

impl Stores {
    /// Buckets of S3 (or of whatever the configuration's endpoint names).
    #[must_use]
    pub fn on_s3(config: &aws_config::SdkConfig) -> Self {
        Self(Kind::S3(S3::client(config)))
    }

    /// Folders below `root`, one a bucket: the same work on one machine, without any cloud.
    pub fn in_folder(root: impl Into<PathBuf>) -> Self {
        Self(Kind::Folders(root.into()))
    }

    /// The bucket of this name.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Arc<dyn Store> {
        match &self.0 {
            Kind::S3(client) => Arc::new(S3::new(client.clone(), name)),
            Kind::Folders(root) => Arc::new(Folder::new(root.join(name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_or_a_path() {
        let s3 = |bucket: &str, key: &str| Locator::S3 {
            bucket: bucket.into(),
            key: key.into(),
        };
        assert_eq!(
            Locator::parse("s3://b/a/c.tif").unwrap(),
            s3("b", "a/c.tif")
        );
        assert_eq!(Locator::parse("s3://b").unwrap(), s3("b", ""));
        assert_eq!(
            Locator::parse("out/x").unwrap(),
            Locator::Path("out/x".into())
        );
        for bad in ["", "s3://", "s3:///key", "gs://b/k"] {
            assert!(Locator::parse(bad).is_err(), "{bad:?}");
        }
    }
}

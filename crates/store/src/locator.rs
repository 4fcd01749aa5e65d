//! Places as people write them (`s3://bucket/prefix`, a folder) and the stores behind them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Error, Folder, Memory, Store};

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

/// Something that has buckets: an account of S3, a folder of folders.
pub trait Buckets: Debug + Send + Sync {
    /// The bucket of this name; whether it is there shows at its first use.
    fn bucket(&self, name: &str) -> Arc<dyn Store>;
}

/// Opens stores by bucket name; a process makes one and shares it, so that connections are
/// reused.
#[derive(Clone, Debug)]
pub struct Stores(Arc<dyn Buckets>);

impl Stores {
    /// The buckets of an account.
    pub fn new(buckets: impl Buckets + 'static) -> Self {
        Self(Arc::new(buckets))
    }

    /// Folders below `root`, one a bucket: the same work on one machine, without any cloud.
    pub fn in_folder(root: impl Into<PathBuf>) -> Self {
        Self::new(Folders(root.into()))
    }

    /// Buckets in memory, for tests: each is made at its first use.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Memories::default())
    }

    /// The bucket of this name.
    #[must_use]
    pub fn bucket(&self, name: &str) -> Arc<dyn Store> {
        self.0.bucket(name)
    }
}

#[derive(Debug)]
struct Folders(PathBuf);

impl Buckets for Folders {
    fn bucket(&self, name: &str) -> Arc<dyn Store> {
        Arc::new(Folder::new(self.0.join(name)))
    }
}

#[derive(Debug, Default)]
struct Memories(Mutex<BTreeMap<String, Arc<Memory>>>);

impl Buckets for Memories {
    fn bucket(&self, name: &str) -> Arc<dyn Store> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Memory::new(name)));
        Arc::<Memory>::clone(bucket)
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

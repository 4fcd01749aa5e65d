//! The store behind the seams that taking pictures needs.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use imagery::{ByteRanges, Fault, FaultKind, Measure, Payer, PictureStore, Pixels, Put, Readings};
use measures::{MeasureSpec, Picture};
use store::{Locator, Store, Stores, Written};

/// A store as a place for pictures.
#[derive(Debug, Clone)]
pub struct Pictures(pub Arc<dyn Store>);

pub(crate) fn fault(error: &store::Error) -> Fault {
    use store::Error as E;
    let kind = match error {
        E::NotFound { .. } | E::BucketNotFound { .. } => FaultKind::NotFound,
        E::Denied { .. } => FaultKind::Denied,
        E::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
            FaultKind::Full
        }
        _ => FaultKind::Unavailable,
    };
    Fault::new(kind, error.to_string())
}

#[async_trait]
impl PictureStore for Pictures {
    async fn size(&self, key: &str) -> Result<Option<u64>, Fault> {
        let object = self.0.head(key).await.map_err(|e| fault(&e))?;
        Ok(object.map(|object| object.size))
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        self.0.get_if_there(key).await.map_err(|e| fault(&e))
    }

    async fn put_if_absent(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<Put, Fault> {
        match self.0.put_new(key, bytes, media_type).await {
            Ok(Written::New) => Ok(Put::Stored),
            Ok(Written::AlreadyThere) => Ok(Put::Exists),
            Err(error) => Err(fault(&error)),
        }
    }

    async fn put(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<(), Fault> {
        self.0
            .put(key, bytes, media_type)
            .await
            .map_err(|e| fault(&e))
    }
}

/// Byte ranges of `s3://bucket/key`.
#[derive(Debug)]
pub struct Ranges {
    stores: Stores,
    buckets: Mutex<HashMap<String, Arc<dyn Store>>>,
}

impl Ranges {
    /// Over the stores of this process.
    #[must_use]
    pub fn new(stores: Stores) -> Self {
        Self {
            stores,
            buckets: Mutex::default(),
        }
    }

    fn bucket(&self, name: &str) -> Arc<dyn Store> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets
            .entry(name.to_owned())
            .or_insert_with(|| self.stores.bucket(name));
        Arc::clone(bucket)
    }
}

#[async_trait]
impl ByteRanges for Ranges {
    async fn read(&self, location: &str, range: Range<u64>, payer: Payer) -> Result<Bytes, Fault> {
        let Ok(Locator::S3 { bucket, key }) = Locator::parse(location) else {
            let message = format!("{location} is not of the form s3://bucket/key");
            return Err(Fault::new(FaultKind::NotFound, message));
        };
        let bucket = self.bucket(&bucket);
        let read = match payer {
            Payer::Owner => bucket.get_range(&key, range).await,
            Payer::Requester => bucket.get_range_as_payer(&key, range).await,
        };
        read.map_err(|e| fault(&e))
    }
}

/// The study's measures, taken on every picture as it comes.
#[derive(Debug)]
pub struct Measures(pub Vec<MeasureSpec>);

impl Measure for Measures {
    fn names(&self) -> Vec<String> {
        measures::columns(&self.0)
    }

    fn measure(&self, picture: &Pixels) -> Readings {
        match Picture::from_pixels(picture) {
            Ok(read) => {
                let values = measures::measure(&read, &self.0);
                let missing = values.contains(&None);
                let reason = missing.then(|| "no valid pixel to measure".to_owned());
                Readings { values, reason }
            }
            // Reflectances, heights and classes are not pictures that these measures speak of.
            Err(error) => Readings {
                values: vec![None; self.0.len()],
                reason: Some(error.to_string()),
            },
        }
    }
}

//! Where pictures are put: the seam, and its twin in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

/// What a store, or a reader of byte ranges, says when it fails.
///
/// `message` is short, one line, and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of failure it is.
    pub kind: FaultKind,
    /// What happened, for people.
    pub message: String,
}

/// The kinds of failure that are treated differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing is there.
    NotFound,
    /// The caller may not.
    Denied,
    /// No room left.
    Full,
    /// May work later; the store has tried again by itself.
    Unavailable,
}

impl Fault {
    /// A fault of a kind, with its message.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// Whether a conditional write wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object is new.
    Stored,
    /// An object was there before and was left as it is.
    Exists,
}

/// A place for pictures by key.
///
/// Writes are atomic: a reader sees a whole object or none, also when the writer is killed.
#[async_trait]
pub trait PictureStore: Send + Sync {
    /// Size in bytes of the object, or `None` where there is none.
    async fn size(&self, key: &str) -> Result<Option<u64>, Fault>;
    /// The whole object, or `None` where there is none.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault>;
    /// Writes the object unless one is there.
    async fn put_if_absent(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<Put, Fault>;
    /// Writes the object, replacing what is there.
    async fn put(&self, key: &str, bytes: Bytes, media_type: &str) -> Result<(), Fault>;
}

/// A [`PictureStore`] in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, Bytes>>);

impl MemoryStore {
    /// All objects, by key.
    pub fn objects(&self) -> BTreeMap<String, Bytes> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl PictureStore for MemoryStore {
    async fn size(&self, key: &str) -> Result<Option<u64>, Fault> {
        Ok(self.get(key).await?.map(|bytes| bytes.len() as u64))
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, Fault> {
        Ok(self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned())
    }

    async fn put_if_absent(
        &self,
        key: &str,
        bytes: Bytes,
        _media_type: &str,
    ) -> Result<Put, Fault> {
        let mut objects = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if objects.contains_key(key) {
            return Ok(Put::Exists);
        }
        objects.insert(key.to_owned(), bytes);
        Ok(Put::Stored)
    }

    async fn put(&self, key: &str, bytes: Bytes, _media_type: &str) -> Result<(), Fault> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.to_owned(), bytes);
        Ok(())
    }
}

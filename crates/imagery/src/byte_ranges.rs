//! Reading parts of objects: the seam, and its twins over files and memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;

use crate::store::{Fault, FaultKind};

/// Who pays for what is read from a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    /// The bucket's owner, as usual.
    Owner,
    /// The reader ("requester pays").
    Requester,
}

/// Reads byte ranges of objects that lie elsewhere than on this disk or behind HTTP: `s3://` locations.
#[async_trait]
pub trait ByteRanges: Send + Sync {
    /// Bytes `range` of the object at `location`; fewer only where the object ends.
    async fn read(&self, location: &str, range: Range<u64>, payer: Payer) -> Result<Bytes, Fault>;
}

/// For runs without a bucket: every location is an error that says so.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRanges;

#[async_trait]
impl ByteRanges for NoRanges {
    async fn read(
        &self,
        location: &str,
        _range: Range<u64>,
        _payer: Payer,
    ) -> Result<Bytes, Fault> {
        Err(Fault::new(
            FaultKind::NotFound,
            format!("{location}: no reader for this kind of location here"),
        ))
    }
}

/// A [`ByteRanges`] in memory.
#[derive(Debug, Default)]
pub struct MemoryRanges(BTreeMap<String, Bytes>);

impl MemoryRanges {
    /// Adds an object.
    pub fn insert(&mut self, location: impl Into<String>, bytes: impl Into<Bytes>) {
        self.0.insert(location.into(), bytes.into());
    }
}

#[async_trait]
impl ByteRanges for MemoryRanges {
    async fn read(&self, location: &str, range: Range<u64>, _payer: Payer) -> Result<Bytes, Fault> {
        let bytes = self
            .0
            .get(location)
            .ok_or_else(|| Fault::new(FaultKind::NotFound, format!("no object {location}")))?;
        let end = range.end.min(bytes.len() as u64) as usize;
        Ok(bytes.slice((range.start as usize).min(end)..end))
    }
}

/// A [`ByteRanges`] over files.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileRanges;

#[async_trait]
impl ByteRanges for FileRanges {
    async fn read(&self, location: &str, range: Range<u64>, _payer: Payer) -> Result<Bytes, Fault> {
        let path = location.to_owned();
        tokio::task::spawn_blocking(move || read_file(&path, range))
            .await
            .map_err(|_| Fault::new(FaultKind::Unavailable, "the reading thread ended"))?
    }
}

fn read_file(path: &str, range: Range<u64>) -> Result<Bytes, Fault> {
    let fault = |error: std::io::Error| {
        let kind = match error.kind() {
            ErrorKind::NotFound => FaultKind::NotFound,
            ErrorKind::PermissionDenied => FaultKind::Denied,
            _ => FaultKind::Unavailable,
        };
        Fault::new(kind, format!("{path}: {error}"))
    };
    let mut file = File::open(path).map_err(fault)?;
    file.seek(SeekFrom::Start(range.start)).map_err(fault)?;
    let mut bytes = Vec::new();
    file.take(range.end.saturating_sub(range.start))
        .read_to_end(&mut bytes)
        .map_err(fault)?;
    Ok(bytes.into())
}

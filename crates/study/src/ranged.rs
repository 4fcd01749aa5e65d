//! An object read by ranges, from a thread that may block.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use store::Store;
use tokio::runtime::Handle;

/// Least bytes of a request: the columns of a row group follow each other, so what comes next is there already.
const WINDOW: u64 = 1 << 20;

/// What Parquet files of any size are read through: requests for what is wanted, no more than one window kept.
#[derive(Clone)]
pub(crate) struct Ranged(Arc<Object>);

struct Object {
    store: Arc<dyn Store>,
    key: String,
    size: u64,
    runtime: Handle,
    /// Where the bytes of the last request begin, and they.
    window: Mutex<(u64, Bytes)>,
}

impl Ranged {
    /// The object under `key`, of `size` bytes. Called on a runtime, which the requests then run on.
    pub(crate) fn new(store: Arc<dyn Store>, key: String, size: u64) -> Self {
        Self(Arc::new(Object {
            store,
            key,
            size,
            runtime: Handle::current(),
            window: Mutex::new((0, Bytes::new())),
        }))
    }
}

impl Object {
    /// Up to `length` bytes from `start`: fewer only at the end of the object.
    fn bytes(&self, start: u64, length: u64) -> Result<Bytes, store::Error> {
        let end = start.saturating_add(length).min(self.size);
        if start >= end {
            return Ok(Bytes::new());
        }
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let (from, kept) = &*window;
        if start < *from || end > from + kept.len() as u64 {
            let until = start.saturating_add(length.max(WINDOW)).min(self.size);
            let range = self.store.get_range(&self.key, start..until);
            *window = (start, self.runtime.block_on(range)?);
        }
        let mut wanted = window.1.clone();
        wanted.advance(
            usize::try_from(start - window.0)
                .unwrap_or(usize::MAX)
                .min(wanted.len()),
        );
        wanted.truncate(usize::try_from(end - start).unwrap_or(usize::MAX));
        Ok(wanted)
    }
}

impl Length for Ranged {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for Ranged {
    type T = Onwards;

    fn get_read(&self, start: u64) -> Result<Onwards, ParquetError> {
        Ok(Onwards {
            object: Arc::clone(&self.0),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self
            .0
            .bytes(start, length as u64)
            .map_err(|error| ParquetError::External(Box::new(error)))?;
        if bytes.len() < length {
            return Err(ParquetError::EOF(format!(
                "{length} bytes from {start} are not there: the object has {}",
                self.0.size
            )));
        }
        Ok(bytes)
    }
}

/// Reads on from a place in the object.
pub(crate) struct Onwards {
    object: Arc<Object>,
    at: u64,
}

impl Read for Onwards {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self
            .object
            .bytes(self.at, buffer.len() as u64)
            .map_err(io::Error::other)?;
        let read = bytes.len();
        bytes.copy_to_slice(&mut buffer[..read]);
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use store::Memory;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_read_by_ranges_is_what_is_there() {
        let content: Bytes = (0..3_000_000u32).map(|n| (n * 7 % 251) as u8).collect();
        let store: Arc<dyn Store> = Arc::new(Memory::new("bucket"));
        store.put("a", content.clone(), "text/plain").await.unwrap();
        let ranged = Ranged::new(store, "a".to_owned(), content.len() as u64);
        tokio::task::spawn_blocking(move || {
            for (start, length) in [
                (2_999_992, 8),
                (10, 5),
                (11, 1_500_000),
                (0, 0),
                (900_000, 4),
            ] {
                let bytes = ranged.get_bytes(start, length).unwrap();
                assert_eq!(bytes, content[start as usize..][..length]);
            }
            assert!(ranged.get_bytes(2_999_999, 2).is_err());
            let mut rest = Vec::new();
            ranged
                .get_read(1_900_000)
                .unwrap()
                .read_to_end(&mut rest)
                .unwrap();
            assert_eq!(rest, content[1_900_000..]);
        })
        .await
        .unwrap();
    }
}

//! Buckets behind one small interface.
//!
//! A [`Store`] is one bucket: keys in, bytes out. [`Folder`] keeps the keys as files below a
//! directory, [`Memory`] holds them in a map for tests, and `S3` of the crate `store-s3` talks to
//! Amazon S3. All three pass the same suite ([`conformance`]), so nothing above this crate knows
//! where it runs.
//!
//! ```
//! use store::{Memory, Store};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let store = Memory::new("towns");
//! store.put("a/b.txt", "hello".into(), "text/plain").await?;
//! assert_eq!(store.get("a/b.txt").await?, "hello");
//! # Ok::<(), store::Error>(()) }).unwrap();
//! ```
//!
//! What it does not do: copy between stores, versions, or access control.

pub mod conformance;
mod error;
mod folder;
mod key;
mod locator;
mod memory;

use std::fmt::Debug;
use std::ops::Range;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;

pub use error::Error;
pub use folder::Folder;
pub use key::check_key;
pub use locator::{Buckets, Locator, Stores};
pub use memory::Memory;

/// What is known of a stored object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The whole key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
}

/// One page of a listing: the objects directly asked for and, in a listing by folder, the
/// folders (with their closing `/`). Both are in the byte order of their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects of this page.
    pub objects: Vec<Object>,
    /// Folders of this page; empty in a deep listing.
    pub folders: Vec<String>,
    /// Hand this back to get the next page; `None` after the last.
    pub next: Option<String>,
}

/// How far a listing goes below its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Every key that starts with the prefix.
    Deep,
    /// Keys up to the next `/`; what lies deeper shows as a folder.
    Folder,
}

/// Whether a conditional write wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The object is new.
    New,
    /// Something was there already and was left as it is.
    AlreadyThere,
}

/// One bucket (or the folder that stands in for it).
///
/// Every write is atomic: a reader sees the whole object or none.
#[async_trait]
pub trait Store: Send + Sync + Debug {
    /// Where a key is, for messages: `s3://bucket/key` or a path.
    fn locate(&self, key: &str) -> String;

    /// The whole object.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Denied`] or [`Error::Unavailable`].
    async fn get(&self, key: &str) -> Result<Bytes, Error>;

    /// The whole object, or `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Denied`] or [`Error::Unavailable`].
    async fn get_if_there(&self, key: &str) -> Result<Option<Bytes>, Error> {
        match self.get(key).await {
            Ok(body) => Ok(Some(body)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Bytes `range` of the object; a range past its end is cut there.
    ///
    /// # Errors
    /// As [`Store::get`].
    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error>;

    /// As [`Store::get_range`], with the caller's account paying for the transfer where the
    /// bucket asks for that; elsewhere the same.
    ///
    /// # Errors
    /// As [`Store::get`].
    async fn get_range_as_payer(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        self.get_range(key, range).await
    }

    /// Streams the object into a file, so that memory does not grow with its size.
    ///
    /// # Errors
    /// As [`Store::get`], and [`Error::File`] where the file cannot be written.
    async fn get_file(&self, key: &str, path: &Path) -> Result<u64, Error>;

    /// The object's size, or `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Denied`] or [`Error::Unavailable`].
    async fn head(&self, key: &str) -> Result<Option<Object>, Error>;

    /// Writes the object, replacing what was there.
    ///
    /// # Errors
    /// [`Error::InvalidKey`], [`Error::Denied`] or [`Error::Unavailable`].
    async fn put(&self, key: &str, body: Bytes, media_type: &str) -> Result<(), Error>;

    /// Writes the object only where there is none (`If-None-Match: *`).
    ///
    /// # Errors
    /// As [`Store::put`].
    async fn put_new(&self, key: &str, body: Bytes, media_type: &str) -> Result<Written, Error>;

    /// Writes the object from a file, streaming.
    ///
    /// # Errors
    /// As [`Store::put`], and [`Error::File`] where the file cannot be read.
    async fn put_file(&self, key: &str, path: &Path, media_type: &str) -> Result<(), Error>;

    /// Removes the object; one that is not there is no error.
    ///
    /// # Errors
    /// As [`Store::put`].
    async fn delete(&self, key: &str) -> Result<(), Error>;

    /// One page of the keys that start with `prefix`, in byte order; `from` is
    /// [`Page::next`] of the page before.
    ///
    /// # Errors
    /// [`Error::BucketNotFound`], [`Error::Denied`] or [`Error::Unavailable`].
    async fn list(&self, prefix: &str, depth: Depth, from: Option<&str>) -> Result<Page, Error>;

    /// All keys that start with `prefix`, deep, in byte order: for the results of one run,
    /// not for whole buckets.
    ///
    /// # Errors
    /// As [`Store::list`].
    async fn list_all(&self, prefix: &str) -> Result<Vec<Object>, Error> {
        let mut all = Vec::new();
        let mut from = None;
        loop {
            let page = self.list(prefix, Depth::Deep, from.as_deref()).await?;
            all.extend(page.objects);
            match page.next {
                Some(next) => from = Some(next),
                None => return Ok(all),
            }
        }
    }
}

//! The in-memory twin of the real stores, for tests.

use std::collections::BTreeMap;
use std::ops::{Bound, Range};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Depth, Error, Object, Page, Store, Written, check_key};

/// How many keys a page holds, as in S3.
pub(crate) const PAGE_KEYS: usize = 1000;

/// A bucket in memory.
#[derive(Debug)]
pub struct Memory {
    bucket: String,
    objects: Mutex<BTreeMap<String, Bytes>>,
}

impl Memory {
    /// An empty bucket of this name.
    #[must_use]
    pub fn new(bucket: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            objects: Mutex::new(BTreeMap::new()),
        }
    }

    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        // A poisoned map is still whole: every change to it is one call.
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, key: &str) -> Result<Bytes, Error> {
        self.objects()
            .get(key)
            .cloned()
            .ok_or_else(|| Error::NotFound {
                location: self.locate(key),
            })
    }
}

#[async_trait]
impl Store for Memory {
    fn locate(&self, key: &str) -> String {
        format!("memory://{}/{key}", self.bucket)
    }

    async fn get(&self, key: &str) -> Result<Bytes, Error> {
        self.find(key)
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        Ok(cut(&self.find(key)?, &range))
    }

    async fn get_file(&self, key: &str, path: &Path) -> Result<u64, Error> {
        let body = self.find(key)?;
        tokio::fs::write(path, &body)
            .await
            .map_err(|e| Error::file(path, e))?;
        Ok(body.len() as u64)
    }

    async fn head(&self, key: &str) -> Result<Option<Object>, Error> {
        Ok(self.objects().get(key).map(|body| Object {
            key: key.to_owned(),
            size: body.len() as u64,
        }))
    }

    async fn put(&self, key: &str, body: Bytes, _media_type: &str) -> Result<(), Error> {
        check_key(key)?;
        self.objects().insert(key.to_owned(), body);
        Ok(())
    }

    async fn put_new(&self, key: &str, body: Bytes, _media_type: &str) -> Result<Written, Error> {
        check_key(key)?;
        let mut objects = self.objects();
        if objects.contains_key(key) {
            return Ok(Written::AlreadyThere);
        }
        objects.insert(key.to_owned(), body);
        Ok(Written::New)
    }

    async fn put_file(&self, key: &str, path: &Path, media_type: &str) -> Result<(), Error> {
        let body = tokio::fs::read(path)
            .await
            .map_err(|e| Error::file(path, e))?;
        self.put(key, body.into(), media_type).await
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        self.objects().remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str, depth: Depth, from: Option<&str>) -> Result<Page, Error> {
        let objects = self.objects();
        let start = from.map_or(Bound::Included(prefix), Bound::Excluded);
        let keys = objects
            .range::<str, _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, body)| Object {
                key: key.clone(),
                size: body.len() as u64,
            });
        Ok(page(keys, prefix, depth, from))
    }
}

/// Cuts `range` out of a whole body, as a server answers a range past the end.
pub(crate) fn cut(body: &Bytes, range: &Range<u64>) -> Bytes {
    let clamp = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(body.len());
    let (start, end) = (clamp(range.start), clamp(range.end));
    body.slice(start.min(end)..end)
}

/// Makes one page of sorted keys that start with `prefix` and come after `from`.
pub(crate) fn page(
    keys: impl Iterator<Item = Object>,
    prefix: &str,
    depth: Depth,
    from: Option<&str>,
) -> Page {
    let mut page = Page::default();
    let mut last: Option<String> = None;
    for object in keys {
        let folder = match depth {
            Depth::Deep => None,
            Depth::Folder => object.key[prefix.len()..]
                .find('/')
                .map(|at| object.key[..=prefix.len() + at].to_owned()),
        };
        let entry = folder.as_ref().unwrap_or(&object.key);
        // A folder that the page before (or this one) has shown is not shown again.
        let shown = last.as_deref().or(from).is_some_and(|last| last == entry);
        if shown {
            continue;
        }
        if page.objects.len() + page.folders.len() == PAGE_KEYS {
            page.next = last;
            break;
        }
        last = Some(entry.clone());
        match folder {
            Some(folder) => page.folders.push(folder),
            None => page.objects.push(object),
        }
    }
    page
}

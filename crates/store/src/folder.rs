//! A folder in place of a bucket: the same keys, as files below a root.

use std::fs;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Depth, Error, Object, Page, Store, Written, check_key};

/// A folder on this machine. Files are written beside their final name and then renamed, so
/// that a stopped process leaves no half object.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

/// Names that a write in progress uses; listings pass over them.
const UNFINISHED: &str = ".unfinished-";

impl Folder {
    /// The store below `root`, which need not exist before the first write.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn path(&self, key: &str) -> Result<PathBuf, Error> {
        check_key(key)?;
        Ok(self.root.join(key))
    }

    fn failed(&self, key: &str, action: &'static str, error: std::io::Error) -> Error {
        let location = self.locate(key);
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
                Error::NotFound { location }
            }
            ErrorKind::PermissionDenied => Error::Denied { location, action },
            _ => Error::File {
                path: location,
                source: error,
            },
        }
    }

    /// Writes a temporary file beside the target; the caller renames it.
    fn unfinished(&self, key: &str, path: &Path) -> Result<tempfile::NamedTempFile, Error> {
        let parent = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(parent).map_err(|e| self.failed(key, "write", e))?;
        tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(parent)
            .map_err(|e| self.failed(key, "write", e))
    }

    fn write(
        &self,
        key: &str,
        fill: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        let path = self.path(key)?;
        let mut file = self.unfinished(key, &path)?;
        fill(file.as_file_mut()).map_err(|e| self.failed(key, "write", e))?;
        publish(&file).map_err(|e| self.failed(key, "write", e))?;
        file.persist(&path)
            .map_err(|e| self.failed(key, "write", e.error))?;
        Ok(())
    }

    /// Collects what lies below `folder` and starts with `prefix`, in no order.
    fn walk(
        &self,
        folder: &Path,
        prefix: &str,
        depth: Depth,
        page: &mut Page,
    ) -> std::io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound && folder != self.root => return Ok(()),
            Err(e) => return Err(e),
        };
        for entry in entries {
            let path = entry?.path();
            let Some(key) = self.key(&path) else { continue };
            let meta = fs::metadata(&path)?;
            if meta.is_dir() {
                let below = format!("{key}/");
                let beyond = below.starts_with(prefix) && below != prefix;
                if beyond && depth == Depth::Folder {
                    page.folders.push(below);
                } else if beyond || prefix.starts_with(&below) {
                    self.walk(&path, prefix, depth, page)?;
                }
            } else if key.starts_with(prefix) {
                let size = meta.len();
                page.objects.push(Object { key, size });
            }
        }
        Ok(())
    }

    /// The key of a file, or `None` for one that no key can name (not UTF-8, or unfinished).
    fn key(&self, path: &Path) -> Option<String> {
        if path.file_name()?.to_str()?.starts_with(UNFINISHED) {
            return None;
        }
        let parts: Option<Vec<&str>> = path
            .strip_prefix(&self.root)
            .ok()?
            .iter()
            .map(|part| part.to_str())
            .collect();
        Some(parts?.join("/"))
    }
}

/// A temporary file is private to its owner; what is published is readable as any new file.
#[cfg(unix)]
fn publish(file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn publish(_file: &tempfile::NamedTempFile) -> std::io::Result<()> {
    Ok(())
}

/// Runs blocking file work off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(Error::Unavailable {
            location: "the file system".to_owned(),
            action: "wait for a file",
            reason: stopped.to_string(),
        }),
    }
}

#[async_trait]
impl Store for Folder {
    fn locate(&self, key: &str) -> String {
        self.root.join(key).display().to_string()
    }

    async fn get(&self, key: &str) -> Result<Bytes, Error> {
        let (this, key) = (self.clone(), key.to_owned());
        blocking(move || {
            let path = this.path(&key)?;
            fs::read(path)
                .map(Bytes::from)
                .map_err(|e| this.failed(&key, "read", e))
        })
        .await
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        let (this, key) = (self.clone(), key.to_owned());
        blocking(move || {
            let path = this.path(&key)?;
            let read = || {
                let mut file = fs::File::open(path)?;
                file.seek(SeekFrom::Start(range.start))?;
                let mut body = Vec::new();
                file.take(range.end.saturating_sub(range.start))
                    .read_to_end(&mut body)?;
                Ok(Bytes::from(body))
            };
            read().map_err(|e| this.failed(&key, "read", e))
        })
        .await
    }

    async fn get_file(&self, key: &str, path: &Path) -> Result<u64, Error> {
        let (this, key, path) = (self.clone(), key.to_owned(), path.to_owned());
        blocking(move || {
            let mut from =
                fs::File::open(this.path(&key)?).map_err(|e| this.failed(&key, "read", e))?;
            let mut to = fs::File::create(&path).map_err(|e| Error::file(&path, e))?;
            std::io::copy(&mut from, &mut to).map_err(|e| Error::file(&path, e))
        })
        .await
    }

    async fn head(&self, key: &str) -> Result<Option<Object>, Error> {
        let (this, key) = (self.clone(), key.to_owned());
        blocking(move || match fs::metadata(this.path(&key)?) {
            Ok(meta) if meta.is_file() => Ok(Some(Object {
                size: meta.len(),
                key,
            })),
            Ok(_) => Ok(None),
            Err(e) => match this.failed(&key, "read", e) {
                Error::NotFound { .. } => Ok(None),
                other => Err(other),
            },
        })
        .await
    }

    async fn put(&self, key: &str, body: Bytes, _media_type: &str) -> Result<(), Error> {
        let (this, key) = (self.clone(), key.to_owned());
        blocking(move || this.write(&key, |file| file.write_all(&body))).await
    }

    async fn put_new(&self, key: &str, body: Bytes, _media_type: &str) -> Result<Written, Error> {
        let (this, key) = (self.clone(), key.to_owned());
        blocking(move || {
            let path = this.path(&key)?;
            if path.is_file() {
                return Ok(Written::AlreadyThere);
            }
            let mut file = this.unfinished(&key, &path)?;
            file.write_all(&body)
                .and_then(|()| publish(&file))
                .map_err(|e| this.failed(&key, "write", e))?;
            match file.persist_noclobber(&path) {
                Ok(_) => Ok(Written::New),
                Err(e) if e.error.kind() == ErrorKind::AlreadyExists => Ok(Written::AlreadyThere),
                Err(e) => Err(this.failed(&key, "write", e.error)),
            }
        })
        .await
    }

    async fn put_file(&self, key: &str, path: &Path, _media_type: &str) -> Result<(), Error> {
        let (this, key, path) = (self.clone(), key.to_owned(), path.to_owned());
        blocking(move || {
            let mut from = fs::File::open(&path).map_err(|e| Error::file(&path, e))?;
            this.write(&key, |file| std::io::copy(&mut from, file).map(|_| ()))
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), Error> {
        let (this, key) = (self.clone(), key.to_owned());
        blocking(move || match fs::remove_file(this.path(&key)?) {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
            Err(e) => Err(this.failed(&key, "delete", e)),
        })
        .await
    }

    /// Everything in one page: a folder has no cursor to go on from.
    async fn list(&self, prefix: &str, depth: Depth, _from: Option<&str>) -> Result<Page, Error> {
        let (this, prefix) = (self.clone(), prefix.to_owned());
        blocking(move || {
            let mut page = Page::default();
            this.walk(&this.root, &prefix, depth, &mut page)
                .map_err(|e| match e.kind() {
                    ErrorKind::NotFound => Error::BucketNotFound {
                        bucket: this.root.display().to_string(),
                    },
                    _ => this.failed(&prefix, "list", e),
                })?;
            page.objects.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            page.folders.sort_unstable();
            Ok(page)
        })
        .await
    }
}

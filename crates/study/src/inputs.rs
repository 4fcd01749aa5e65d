//! The files a plan is made from: on this machine or in a bucket.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use store::Store;
use tempfile::TempDir;

use crate::Error;

/// Where the files that a study names are.
#[derive(Clone, Debug)]
pub enum Inputs {
    /// On this machine; relative paths count from this folder.
    Folder(PathBuf),
    /// In a bucket, by key.
    Bucket(Arc<dyn Store>),
}

/// A file of the study, on this machine for as long as this value lives.
#[derive(Debug)]
pub struct Input {
    /// Where it is now.
    pub path: PathBuf,
    /// The name the study knows it by.
    pub name: String,
    _copy: Option<TempDir>,
}

impl Inputs {
    /// Brings the file of this name here.
    pub(crate) async fn bring(&self, name: &str) -> Result<Input, Error> {
        match self {
            Self::Folder(folder) => Ok(Input::here(folder, name)),
            Self::Bucket(store) => {
                let copy = tempfile::tempdir().map_err(|e| file_error(&std::env::temp_dir(), e))?;
                // The extension tells formats apart that begin alike.
                let base = name.rsplit('/').next().unwrap_or(name);
                let path = copy.path().join(base);
                store.get_file(name, &path).await?;
                Ok(Input {
                    path,
                    name: name.to_owned(),
                    _copy: Some(copy),
                })
            }
        }
    }
}

impl Input {
    /// A file on this machine; a relative name counts from `base`.
    pub(crate) fn here(base: &Path, name: &str) -> Self {
        Self {
            path: base.join(name),
            name: name.to_owned(),
            _copy: None,
        }
    }

    /// Adds the file's bytes to a digest.
    pub(crate) fn digest(&self, digest: &mut Sha256) -> Result<(), Error> {
        let failed = |source| Error::File {
            path: self.name.clone(),
            source,
        };
        let mut file = File::open(&self.path).map_err(failed)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = file.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                return Ok(());
            }
            digest.update(&buffer[..read]);
        }
    }
}

pub(crate) fn file_error(path: &Path, source: std::io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        source,
    }
}

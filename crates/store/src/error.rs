//! What can go wrong with a store, told apart by what a caller can do about it.

/// An error of a [`Store`](crate::Store). Locations are bucket, key or path; never credentials.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The object is not there.
    #[error("{location} does not exist")]
    NotFound {
        /// The object asked for.
        location: String,
    },
    /// The bucket (or folder) is not there.
    #[error("bucket {bucket} does not exist")]
    BucketNotFound {
        /// Its name.
        bucket: String,
    },
    /// Credentials are missing or do not allow this.
    #[error("access to {location} was refused ({action})")]
    Denied {
        /// The object or bucket.
        location: String,
        /// What was tried.
        action: &'static str,
    },
    /// The storage did not answer, or asked to wait; the same call may succeed later.
    #[error("storage did not serve {location} ({action}): {reason}")]
    Unavailable {
        /// The object or bucket.
        location: String,
        /// What was tried.
        action: &'static str,
        /// The service's own word.
        reason: String,
    },
    /// A key that no store accepts.
    #[error("key {key:?} is not usable: {reason}")]
    InvalidKey {
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A place that is neither a folder nor `s3://bucket/prefix`.
    #[error("{place:?} is not a place to store things: {reason}")]
    InvalidPlace {
        /// What was given.
        place: String,
        /// What would be right.
        reason: &'static str,
    },
    /// A file on this machine could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The system's word.
        source: std::io::Error,
    },
    /// The service refused for a reason that is no better known.
    #[error("storage refused {location} ({action}): {reason}")]
    Refused {
        /// The object or bucket.
        location: String,
        /// What was tried.
        action: &'static str,
        /// The service's own word.
        reason: String,
    },
}

impl Error {
    /// A failure of a file on this machine.
    #[must_use]
    pub fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File {
            path: path.display().to_string(),
            source,
        }
    }
}

use std::fmt;

use crate::store::Fault;

/// What can go wrong before, around and inside a batch.
///
/// A sample that fails is no error: it is a row of the ledger. These are the cases in which the
/// caller has to change something, or in which going on would repeat one fault for every sample.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting of the study that cannot be right.
    #[error("{setting} is {found}: expected {expected}")]
    Setting {
        /// Path of the setting, such as `picture.size_m`.
        setting: String,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A secret that the source names was not handed over.
    #[error("no value for the secret {name} that {setting} names: set it where the name says")]
    MissingSecret {
        /// Path of the setting.
        setting: &'static str,
        /// The secret's name (never its value).
        name: String,
    },
    /// A secret's value that cannot be what the source needs.
    #[error("the secret {name} does not hold {expected}")]
    BadSecret {
        /// The secret's name (never its value).
        name: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The service refuses the key or the account: every further request would be refused too.
    #[error("{source_kind} refuses the key or account (http {http_status}): {reason}")]
    KeyRefused {
        /// Kind of the source.
        source_kind: &'static str,
        /// Status of the reply.
        http_status: u16,
        /// What the service says.
        reason: String,
    },
    /// The service knows nothing under the address that every sample shares: a style, layer or asset.
    #[error("{source_kind} has nothing at {location}: {reason}")]
    NotFound {
        /// Kind of the source.
        source_kind: &'static str,
        /// Address without secrets.
        location: String,
        /// What the service says.
        reason: String,
    },
    /// Nothing succeeded and sample after sample used up its tries.
    #[error("{source_kind} answers nothing usable ({samples} samples in a row gave up): {reason}")]
    SourceUnavailable {
        /// Kind of the source.
        source_kind: &'static str,
        /// Samples that gave up.
        samples: usize,
        /// Why the last one did.
        reason: String,
    },
    /// The quota of the key is used up for the day or the month: every further request would be refused too.
    #[error(
        "the quota of {source_kind} is used up ({reason}): run again when it is renewed; what was taken is kept"
    )]
    QuotaUsed {
        /// Kind of the source.
        source_kind: &'static str,
        /// What the service says.
        reason: String,
    },
    /// There is no way to the source.
    #[error("{source_kind}: no way to {host} ({reason}); nothing was asked and nothing is counted")]
    Unreachable {
        /// Kind of the source.
        source_kind: &'static str,
        /// The host that was looked for.
        host: String,
        /// What the network says.
        reason: String,
    },
    /// The service asks for a pause too long to sit out.
    #[error("{source_kind} asks to wait {wait_s} s: run again after that")]
    SourceThrottled {
        /// Kind of the source.
        source_kind: &'static str,
        /// Seconds asked for.
        wait_s: u64,
    },
    /// A raster that cannot be read as it must be.
    #[error("{location}: {problem}")]
    Raster {
        /// Where the raster is.
        location: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// Storage failed.
    #[error("storing {key}: {fault}")]
    Storage {
        /// The key that was read or written.
        key: String,
        /// What the store says.
        fault: Fault,
    },
    /// Bytes that are not the picture they should be.
    #[error("not a readable {media}: {problem}")]
    Picture {
        /// The format that was expected or found.
        media: &'static str,
        /// What the decoder says.
        problem: String,
    },
    /// Pixels that the format cannot hold.
    #[error("{format} cannot hold {pixels}: {expected}")]
    Encode {
        /// The format asked for.
        format: &'static str,
        /// Bands and type of the pixels.
        pixels: String,
        /// What would work.
        expected: &'static str,
    },
    /// A table that is not a ledger.
    #[error("ledger column {column}, row {row}: found {found}, expected {expected}")]
    Ledger {
        /// Column of the ledger.
        column: String,
        /// Row, counted from 0.
        row: usize,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A table or a coordinate reference system that cannot be used.
    #[error("{0}")]
    Table(String),
    /// A bug: a computation ended in a panic that was caught.
    #[error("internal fault while {doing}")]
    Internal {
        /// What was being done.
        doing: &'static str,
    },
}

/// The classes of error that state machines tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The study must change.
    InvalidStudy,
    /// An input (a raster, a table, a picture) must change.
    InvalidInput,
    /// A bucket, key, style or asset is not there.
    NotFound,
    /// A key, an account or a bucket is refused.
    AccessDenied,
    /// May work after a pause.
    SourceThrottled,
    /// Works again when the quota of a day or a month is renewed.
    QuotaUsed,
    /// May work later.
    SourceUnavailable,
    /// Storage may work later.
    StorageUnavailable,
    /// A bug.
    Internal,
}

impl Error {
    /// The class that decides whether it is worth trying again.
    pub fn kind(&self) -> ErrorKind {
        use crate::store::FaultKind;
        match self {
            Self::Setting { .. } | Self::MissingSecret { .. } | Self::BadSecret { .. } => {
                ErrorKind::InvalidStudy
            }
            Self::Raster { .. }
            | Self::Picture { .. }
            | Self::Encode { .. }
            | Self::Ledger { .. }
            | Self::Table(_) => ErrorKind::InvalidInput,
            Self::KeyRefused { .. } => ErrorKind::AccessDenied,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::SourceUnavailable { .. } | Self::Unreachable { .. } => {
                ErrorKind::SourceUnavailable
            }
            Self::SourceThrottled { .. } => ErrorKind::SourceThrottled,
            Self::QuotaUsed { .. } => ErrorKind::QuotaUsed,
            Self::Storage { fault, .. } => match fault.kind {
                FaultKind::NotFound => ErrorKind::NotFound,
                FaultKind::Denied => ErrorKind::AccessDenied,
                FaultKind::Full | FaultKind::Unavailable => ErrorKind::StorageUnavailable,
            },
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }

    pub(crate) fn setting(
        setting: impl Into<String>,
        found: impl fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::Setting {
            setting: setting.into(),
            found: found.to_string(),
            expected: expected.into(),
        }
    }

    pub(crate) fn raster(location: &str, problem: impl Into<String>) -> Self {
        Self::Raster {
            location: location.to_owned(),
            problem: problem.into(),
        }
    }
}

impl From<tables::Error> for Error {
    fn from(error: tables::Error) -> Self {
        Self::Table(error.to_string())
    }
}

impl From<raster::Error> for Error {
    fn from(error: raster::Error) -> Self {
        match error {
            raster::Error::Unreadable { media, problem } => Self::Picture { media, problem },
            raster::Error::Encode {
                format,
                pixels,
                expected,
            } => Self::Encode {
                format,
                pixels,
                expected,
            },
            raster::Error::Internal { doing } => Self::Internal { doing },
            other => Self::Table(other.to_string()),
        }
    }
}

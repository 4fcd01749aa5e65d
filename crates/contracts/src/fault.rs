//! One mapping from the errors of all crates to the names that state machines match.

use std::error::Error as StdError;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

/// The names of errors, as Step Functions sees them in `errorType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultName {
    /// The event is not what the function takes.
    InvalidEvent,
    /// The study cannot be carried out as written.
    InvalidStudy,
    /// A file or one of its columns, rows or settings is wrong.
    InvalidInput,
    /// A bucket, key, secret, style or asset is not there.
    NotFound,
    /// A credential is missing or does not allow this.
    AccessDenied,
    /// A picture service asked to wait.
    SourceThrottled,
    /// A picture service does not answer.
    SourceUnavailable,
    /// The storage does not answer, or asked to wait.
    StorageUnavailable,
    /// Time ran out before the work did.
    DeadlineNear,
    /// A fault of ours.
    Internal,
}

impl FaultName {
    /// The name as it stands in `errorType` and in the state machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidEvent => "InvalidEvent",
            Self::InvalidStudy => "InvalidStudy",
            Self::InvalidInput => "InvalidInput",
            Self::NotFound => "NotFound",
            Self::AccessDenied => "AccessDenied",
            Self::SourceThrottled => "SourceThrottled",
            Self::SourceUnavailable => "SourceUnavailable",
            Self::StorageUnavailable => "StorageUnavailable",
            Self::DeadlineNear => "DeadlineNear",
            Self::Internal => "Internal",
        }
    }
}

/// An error on its way out of a function or a command: a name for machines, one line for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What state machines match.
    pub name: FaultName,
    /// What, where, and what would be right.
    pub message: String,
}

impl Fault {
    /// A fault of this name.
    pub fn new(name: FaultName, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
        }
    }

    /// An event that the function does not take.
    pub fn invalid_event(message: impl Into<String>) -> Self {
        Self::new(FaultName::InvalidEvent, message)
    }

    /// A fault of ours: the whole chain of causes goes to the log, the caller gets its head.
    pub fn internal(error: &(dyn StdError + 'static)) -> Self {
        let mut chain = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            cause = error.source();
        }
        tracing::error!(chain, "internal fault");
        Self::new(FaultName::Internal, error.to_string())
    }

    /// Says `name` wherever the message says `path`: a file that was copied here to be read keeps
    /// the name that its owner knows. A message that names neither gets the name in front.
    #[must_use]
    pub fn named(mut self, path: &Path, name: &str) -> Self {
        self.message = self.message.replace(&*path.to_string_lossy(), name);
        if !self.message.contains(name) {
            self.message = format!("{name}: {}", self.message);
        }
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Fault {}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        use store::Error as E;
        let name = match &error {
            E::NotFound { .. } | E::BucketNotFound { .. } => FaultName::NotFound,
            E::Denied { .. } => FaultName::AccessDenied,
            E::Unavailable { .. } => FaultName::StorageUnavailable,
            E::InvalidKey { .. } | E::InvalidPlace { .. } | E::Refused { .. } => {
                FaultName::InvalidInput
            }
            E::File { source, .. } => FaultName::of_io(source.kind()),
        };
        Self::new(name, error.to_string())
    }
}

impl From<tables::Error> for Fault {
    fn from(error: tables::Error) -> Self {
        let name = match &error {
            tables::Error::Io { source, .. } | tables::Error::Write { source, .. } => {
                FaultName::of_io(source.kind())
            }
            _ => FaultName::InvalidInput,
        };
        Self::new(name, error.to_string())
    }
}

impl From<clustering::Error> for Fault {
    fn from(error: clustering::Error) -> Self {
        match error {
            clustering::Error::Table(error) => error.into(),
            error => Self::new(FaultName::InvalidInput, error.to_string()),
        }
    }
}

impl From<survey::Error> for Fault {
    fn from(error: survey::Error) -> Self {
        match error {
            survey::Error::Table(error) => error.into(),
            error => Self::new(FaultName::InvalidInput, error.to_string()),
        }
    }
}

impl FaultName {
    /// The name for a failure of this machine's files: one that is not there or not ours is the
    /// caller's to change; a full disk may pass.
    #[must_use]
    pub fn of_io(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
                FaultName::NotFound
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FaultName::AccessDenied,
            ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::InvalidInput => {
                FaultName::InvalidInput
            }
            _ => FaultName::StorageUnavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_file_keeps_the_name_its_owner_knows() {
        let named = |message: &str| {
            Fault::new(FaultName::InvalidInput, message)
                .named(Path::new("/tmp/x1/input"), "a.parquet")
                .message
        };
        assert_eq!(
            named("/tmp/x1/input: it is empty"),
            "a.parquet: it is empty"
        );
        assert_eq!(named("no column `x`"), "a.parquet: no column `x`");
    }

    #[test]
    fn a_full_disk_may_pass_and_a_missing_file_does_not() {
        assert_eq!(
            FaultName::of_io(ErrorKind::StorageFull),
            FaultName::StorageUnavailable
        );
        assert_eq!(FaultName::of_io(ErrorKind::NotFound), FaultName::NotFound);
    }
}

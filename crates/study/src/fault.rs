//! The names under which the errors of a study leave a function.

use std::path::Path;

use contracts::{Fault, FaultName};

use crate::Error;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let name = match &error {
            Error::Input { .. } => return of_input(error),
            Error::Imagery(error) => of_imagery(error),
            Error::Measures(error) if error.is_setting() => FaultName::InvalidStudy,
            Error::Sampling(sampling::Error::Setting { .. })
            | Error::Study(_)
            | Error::LabelsWithoutPlan => FaultName::InvalidStudy,
            Error::Sampling(sampling::Error::Table(_)) | Error::Tables(_) | Error::Store(_) => {
                return of_parts(error);
            }
            Error::NotPlanned { .. } | Error::Secret { .. } => FaultName::NotFound,
            Error::Measures(_)
            | Error::Sampling(_)
            | Error::NoBatch { .. }
            | Error::Stored { .. } => FaultName::InvalidInput,
            Error::File { source, .. } => FaultName::of_io(source.kind()),
            Error::Report(_) | Error::Stopped(_) => return Self::internal(&error),
        };
        Self::new(name, error.to_string())
    }
}

/// Errors whose own crate has its names already.
fn of_parts(error: Error) -> Fault {
    match error {
        Error::Sampling(sampling::Error::Table(error)) | Error::Tables(error) => error.into(),
        Error::Store(error) => error.into(),
        other => Fault::internal(&other),
    }
}

fn of_input(error: Error) -> Fault {
    match error {
        Error::Input { name, source } => {
            Fault::from(Error::Sampling(source)).named(Path::new(&name), &name)
        }
        other => Fault::internal(&other),
    }
}

fn of_imagery(error: &imagery::Error) -> FaultName {
    use imagery::ErrorKind as K;
    match error.kind() {
        K::InvalidStudy => FaultName::InvalidStudy,
        K::InvalidInput => FaultName::InvalidInput,
        K::NotFound => FaultName::NotFound,
        K::AccessDenied => FaultName::AccessDenied,
        K::SourceThrottled | K::QuotaUsed => FaultName::SourceThrottled,
        K::SourceUnavailable => FaultName::SourceUnavailable,
        K::StorageUnavailable => FaultName::StorageUnavailable,
        K::Internal => FaultName::Internal,
    }
}

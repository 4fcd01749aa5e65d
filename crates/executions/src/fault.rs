//! The names under which errors of Step Functions leave a function or the command line.

use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use contracts::{Fault, FaultName};

/// The fault of a call that Step Functions refused, or that did not reach it; `what` says what was asked for.
pub fn step_functions_fault<E, R>(what: &str, error: &SdkError<E, R>) -> Fault
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let name = match error.code() {
        Some("StateMachineDoesNotExist" | "ExecutionDoesNotExist" | "InvalidArn") => {
            FaultName::NotFound
        }
        Some("AccessDeniedException" | "UnrecognizedClientException" | "ExpiredTokenException") => {
            FaultName::AccessDenied
        }
        Some(
            "ValidationException"
            | "InvalidName"
            | "InvalidExecutionInput"
            | "StateMachineTypeNotSupported",
        ) => FaultName::InvalidInput,
        _ => FaultName::StorageUnavailable,
    };
    Fault::new(name, format!("{what}: {}", store_s3::aws_reason(error)))
}

//! Finds what is left to do, lists it in a manifest, starts an execution over it.
//!
//! The Lambda function `kickoff` and `transect start cluster` are both this crate: the one is
//! started by a schedule, an upload or a person's event, the other from a terminal.

mod execution;
mod handler;
mod left_over;
mod request;

pub use execution::{Executions, Started, StepFunctions};
pub use handler::handle;

//! Finds what is left to do, lists it in a manifest, starts an execution over it.
//!
//! The Lambda function `kickoff` and `transect start cluster` and `transect start quota` are all this crate: the one is
//! started by a schedule, an upload or a person's event, the others from a terminal.

mod collect;
mod execution;
mod handler;
mod left_over;
mod request;

pub use execution::{Executions, Started, StepFunctions};
pub use handler::handle;

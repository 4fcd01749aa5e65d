//! Executions of state machines: finds what is left to do, lists it, starts an execution over it, follows it.
//!
//! - [`cluster`], [`collect`]: what the function `kickoff`, `transect start cluster` and `transect start quota` do.
//! - [`Machines`]: state machines by name, executions started and watched from a terminal.
//! - [`Executions`]: what a kickoff needs of Step Functions, and [`StepFunctions`] itself.
//!
//! The same kickoff twice is one execution: its name is a hash of what it lists.

mod cluster;
mod collect;
mod execution;
mod fault;
mod left_over;
mod machines;

pub use cluster::cluster;
pub use collect::{Collected, collect};
pub use execution::{Executions, Started, StepFunctions};
pub use machines::{Items, Machines, Standing};

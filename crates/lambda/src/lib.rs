//! What every Lambda function shares.
//!
//! - [`serve`]: a function's life around its handler: logs, parsing, deadline, metrics, error names.
//! - [`Deadline`], [`memory_left`]: what a function may still use.
//! - [`Metrics`]: the figures of an invocation.

mod deadline;
mod logs;
mod metrics;
mod serve;

pub use deadline::{Deadline, memory_left};
pub use metrics::{Metrics, Unit};
pub use serve::{Invocation, serve};

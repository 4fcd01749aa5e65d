//! What every Transect binary shares.
//!
//! - [`Fault`]: the one mapping from our errors to the names that state machines match.
//! - [`events`]: what each function takes and gives back; the JSON Schemas come from these.
//! - [`serve`]: a function's life around its handler: logs, parsing, deadline, metrics.
//! - [`aws_from_environment`]: settings of AWS clients.
//! - [`Deadline`], [`memory_left`]: what a function may still use.
//! - [`step_functions_fault`]: the same mapping for what Step Functions refuses.
//! - [`logs`]: JSON lines in Lambda, readable ones on a terminal.
//!
//! ```
//! use lambda::{Fault, FaultName};
//!
//! let fault: Fault = store::Error::NotFound { location: "s3://in/a.parquet".into() }.into();
//! assert_eq!(fault.name, FaultName::NotFound);
//! assert_eq!(fault.message, "s3://in/a.parquet does not exist");
//! ```

mod aws;
mod deadline;
pub mod events;
mod fault;
pub mod logs;
mod metrics;
mod secrets;
mod serve;
mod step_functions;

pub use aws::aws_from_environment;
pub use deadline::{Deadline, memory_left};
pub use fault::{Fault, FaultName};
pub use metrics::{Metrics, Unit};
pub use secrets::CloudSecrets;
pub use serve::{Invocation, serve};
pub use step_functions::step_functions_fault;

//! What functions and commands promise: events, replies, names of errors.
//!
//! - [`Fault`]: the one mapping from the errors of all crates to the names that state machines match.
//! - [`events`]: what each function takes and gives back; the JSON Schemas come from these.
//!
//! ```
//! use contracts::{Fault, FaultName};
//!
//! let fault: Fault = store::Error::NotFound { location: "s3://in/a.parquet".into() }.into();
//! assert_eq!(fault.name, FaultName::NotFound);
//! assert_eq!(fault.message, "s3://in/a.parquet does not exist");
//! ```
//!
//! Nothing here knows AWS: how a fault reaches Lambda is in `lambda`, what is stored in `store-s3`.

pub mod events;
mod fault;

pub use fault::{Fault, FaultName};

//! What the functions take and give back, but for those of a study (`study::events`).
//!
//! The JSON Schemas in `statemachines/schemas` are generated from these types; an unknown field
//! is an error that names it, so that a typo never passes silently.

use clustering::Params;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Fault;

mod cluster;
mod kickoff;
mod split;
mod summarise;

pub use cluster::{ClusterEvent, ClusterReply};
pub use kickoff::{ClusterLine, ClusterRun, KickoffEvent, KickoffReply, ObjectPlace, Workflow};
pub use split::{SplitEvent, SplitReply};
pub use summarise::{FailedItem, SummariseEvent};

/// Reads an event of type `T`.
///
/// # Errors
/// `InvalidEvent`, one line that names the field.
pub fn parse<T: DeserializeOwned>(payload: Value) -> Result<T, Fault> {
    T::deserialize(payload).map_err(|error| Fault::invalid_event(format!("event: {error}")))
}

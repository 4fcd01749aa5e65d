//! The `plan` function: a study becomes samples and batches.

use crate::Study;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A study to plan.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanEvent {
    /// The study.
    pub study: Study,
    /// Where the files it names are.
    pub input_bucket: String,
    /// Where the plan goes.
    pub output_bucket: String,
    /// Batches that will run at once: they share the source's rate.
    #[serde(default = "one_worker")]
    pub workers: u32,
    /// Name of the execution this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

fn one_worker() -> u32 {
    1
}

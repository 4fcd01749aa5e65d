//! The `scrape` function: the pictures of one batch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A batch of a stored plan, as its list of batches names it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedBatch {
    /// The plan.
    pub plan_id: String,
    /// Number of the batch, from 0.
    pub batch: u32,
    /// Bucket of the plan and of what comes of it.
    pub output_bucket: String,
    /// Workers that share the source's rate.
    #[serde(default = "one_worker")]
    pub workers: u32,
    /// Name of the execution this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

fn one_worker() -> u32 {
    1
}

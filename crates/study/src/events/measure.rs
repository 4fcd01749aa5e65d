//! The `measure` function: stored pictures of one batch, measured again.

use measures::MeasureSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A batch of a plan and what to measure on its pictures.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureEvent {
    /// The plan.
    pub plan_id: String,
    /// Number of the batch, from 0.
    pub batch: u32,
    /// Bucket of the plan and its pictures.
    pub output_bucket: String,
    /// What to measure.
    pub measures: Vec<MeasureSpec>,
    /// Name of the execution this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

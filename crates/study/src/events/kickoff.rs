//! The `kickoff` function with workflow `collect`: the next samples of a plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Quota;

/// Always `collect`; tables to cluster have an event of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CollectWorkflow {
    /// Take the next samples of a plan that have no reading.
    Collect,
}

/// Takes the next samples of a plan that have no reading, and starts the `collect` machine over them. Given by a schedule,
/// it is a daily quota.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectKickoff {
    /// Which state machine to start.
    pub workflow: CollectWorkflow,
    /// As for the other workflow; a plan that is there needs no inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_bucket: Option<String>,
    /// Where the plan, its ledger and what comes of it are.
    pub output_bucket: String,
    /// The quota: at most this many samples. All that wait, unless it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The plan, and how samples are chosen from it.
    pub params: Quota,
    /// The state machine; by default the one named in the function's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_machine_arn: Option<String>,
    /// Count only: write nothing, start nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Batches at once (10); they share the rate that the source allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// Share of batches, in per cent, that may fail before the execution does (100: every batch may, and a later run takes what
    /// they left).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_percentage: Option<f64>,
}

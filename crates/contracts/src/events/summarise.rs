//! The `summarise` function: the end of a run, and the record of each item that failed.

use super::{Deserialize, JsonSchema, ObjectPlace, Serialize};

/// What to sum up: a clustering run (`run` and `manifest`), a study (`plan_id`), or one failed
/// item to note down (`failed`).
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummariseEvent {
    /// Where results are and the summary goes.
    pub output_bucket: String,
    /// Name of the execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The list that the execution worked through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ObjectPlace>,
    /// The study's plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// One item that failed for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedItem>,
}

/// An item that failed, as a state machine's Catch tells it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailedItem {
    /// The file, in a clustering run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// The batch, in a study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// The study's plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
    /// The error's name.
    pub error: String,
    /// Lambda's account of it: JSON with `errorMessage`, or plain text.
    pub cause: String,
}

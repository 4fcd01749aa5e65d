//! The `kickoff` function: finds what is left to do and starts an execution over it.

use super::{Deserialize, JsonSchema, Params, Serialize};

/// Which state machine is to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workflow {
    /// Cluster every table of the input bucket that has no clustered counterpart. The other workflow, `collect`, has an event of
    /// its own.
    Cluster,
}

/// What to look through and how much of it to start. A schedule event and S3 "object created"
/// events are taken too; they mean workflow `cluster` with the buckets of the environment.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KickoffEvent {
    /// Which state machine to start.
    pub workflow: Workflow,
    /// Where the inputs are.
    pub input_bucket: String,
    /// Where results go, and are looked for.
    pub output_bucket: String,
    /// Only inputs whose key starts with this.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// At most this many; the rest is counted as left over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The state machine; by default the one named in the function's environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_machine_arn: Option<String>,
    /// Count only: write nothing, start nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Settings handed to every file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Params>,
    /// Files at once (100).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u32>,
    /// Share of files, in per cent, that may fail before the execution does (100: every file may,
    /// and the summary names those that did).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_percentage: Option<f64>,
}

/// An object by bucket and key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectPlace {
    /// The bucket.
    pub bucket: String,
    /// The key in it.
    pub key: String,
}

/// What was found and started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KickoffReply {
    /// The execution; null where none was started.
    pub execution_arn: Option<String>,
    /// The list of inputs that the execution reads; null where none was written.
    pub manifest: Option<ObjectPlace>,
    /// Inputs listed in it.
    pub queued: u64,
    /// Inputs whose result is there already.
    pub done_already: u64,
    /// Inputs beyond `limit`.
    pub left_over: u64,
    /// The same in a sentence.
    pub message: String,
}

/// One line of the manifest of a clustering run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClusterLine<'a> {
    /// Key of the table.
    pub filename: &'a str,
    /// Where it is.
    pub input_bucket: &'a str,
    /// Where its results go.
    pub output_bucket: &'a str,
    /// Settings, where any were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<&'a Params>,
}

/// Input of the `cluster` state machine.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterRun {
    /// The list of files, JSON Lines.
    pub manifest: ObjectPlace,
    /// Where results go.
    pub output_bucket: String,
    /// Files at once.
    pub max_concurrency: u32,
    /// Share of files that may fail, in per cent, before the execution fails.
    pub tolerated_failure_percentage: f64,
}

//! The `cluster` function: one table of cells in, the same table with clusters out.

use super::{Deserialize, JsonSchema, Params, Serialize};

/// One file to cluster. `filename`, `input_bucket` and `output_bucket` alone are the payload of
/// the published package.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClusterEvent {
    /// Key of the table in the input bucket.
    pub filename: String,
    /// Where the table is.
    pub input_bucket: String,
    /// Where the results go.
    pub output_bucket: String,
    /// How to cluster; every field has a default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Params>,
    /// Name of the execution this belongs to: the reply is then also stored under `runs/{run}/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// What came of one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterReply {
    /// As in the event.
    pub filename: String,
    /// Key of the clustered table in the output bucket.
    pub output_key: String,
    /// Rows of the table.
    pub rows: u64,
    /// Clusters made.
    pub clusters: u64,
    /// The published objective; lower is better. Null where there is no cluster.
    pub score: Option<f64>,
    /// Median weight of a cluster.
    pub median_weight: Option<f64>,
    /// Median radius of a cluster, in metres.
    pub median_radius: Option<f64>,
    /// Share of the clusters whose weight is in range.
    pub share_in_range: Option<f64>,
    /// Passes made.
    pub passes: u32,
    /// Time from event to reply.
    pub elapsed_ms: u64,
}

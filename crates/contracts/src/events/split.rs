//! The `split` function: one big table to one file per value of a column.

use super::{Deserialize, JsonSchema, Serialize};

/// A table and the column to split it by.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitEvent {
    /// Key of the (Geo)Parquet table in the input bucket.
    pub filename: String,
    /// Where the table is.
    pub input_bucket: String,
    /// Where the files go, in a folder named like the table.
    pub output_bucket: String,
    /// Column whose values make the files.
    pub column: String,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SplitReply {
    /// Files written.
    pub files: u64,
    /// Rows written, all together.
    pub rows: u64,
}

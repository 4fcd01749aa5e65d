//! The `measure` function: stored pictures of one batch, measured again.

use contracts::Fault;
use measures::MeasureSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BatchId, Keys};

/// A batch of a plan, or a part of its ledger, and what to measure on the pictures.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureEvent {
    /// The plan.
    pub plan_id: String,
    /// Number of the batch, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Instead of the batch: key of a part of the ledger, as a listing gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// Bucket of the plan and its pictures.
    pub output_bucket: String,
    /// What to measure.
    pub measures: Vec<MeasureSpec>,
    /// Name of the execution this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl MeasureEvent {
    /// Key of the part of the ledger that is meant.
    ///
    /// # Errors
    /// `InvalidEvent` where not exactly one of `batch` and `ledger` is given, or `ledger` is none of the plan.
    pub fn part(&self) -> Result<String, Fault> {
        let keys = Keys::of(&self.plan_id);
        match (self.batch, &self.ledger) {
            (Some(batch), None) => Ok(keys.ledger_part(BatchId::of_plan(batch))),
            (None, Some(part)) if part.starts_with(&keys.ledger()) => Ok(part.clone()),
            (None, Some(part)) => Err(Fault::invalid_event(format!(
                "event: ledger is {part}, expected a key that begins with {}",
                keys.ledger()
            ))),
            _ => Err(Fault::invalid_event(
                "event: expected one of batch and ledger",
            )),
        }
    }
}

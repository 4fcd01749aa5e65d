//! The `scrape` function: the pictures of one batch.

use contracts::Fault;
use sampling::job_record::JobRecord;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::parse;
use crate::Taking;

/// Batches that the EXPRESS machine runs at once.
const MOST_AT_ONCE: u32 = 40;

/// A batch of a plan, or an inline batch of points.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ScrapeEvent {
    /// A batch of a stored plan.
    Planned(PlannedBatch),
    /// Points in the event itself.
    Inline(Box<InlineBatch>),
}

impl ScrapeEvent {
    /// Reads either form: an event with a `plan_id` is a batch of a plan.
    ///
    /// # Errors
    /// `InvalidEvent`, one line that names the field.
    pub fn parse(payload: Value) -> Result<Self, Fault> {
        if payload.get("plan_id").is_some() {
            return parse(payload).map(Self::Planned);
        }
        let batch: InlineBatch = match payload.get("inline") {
            Some(_) => {
                let within: InlineRun = parse(payload)?;
                let batch: InlineBatch = parse(within.inline)?;
                InlineBatch {
                    run: Some(within.run),
                    workers: Some(within.workers.clamp(1, MOST_AT_ONCE)),
                    ..batch
                }
            }
            None => parse(payload)?,
        };
        if batch.point_map.is_some() == batch.jobs.is_some() {
            return Err(Fault::invalid_event(
                "event: expected plan_id and batch, or one of point_map and jobs",
            ));
        }
        Ok(Self::Inline(Box::new(batch)))
    }
}

/// A batch of a stored plan, as its list of batches names it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedBatch {
    /// The plan.
    pub plan_id: String,
    /// Number of the batch, from 0.
    pub batch: u32,
    /// The quota that the batch is of; none for a batch of the plan itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
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

/// Points in the event itself: the forms of the published studies. How pictures are taken is said here or, once for all, in
/// `plans/inline/settings.json` of the bucket that `OUTPUT_BUCKET` names.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineBatch {
    /// `[[area id, [[lon, lat], ...]], ...]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_map: Option<Vec<(String, Vec<[f64; 2]>)>>,
    /// Job records of street pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jobs: Option<Vec<JobRecord>>,
    /// Settings of this batch, instead of the stored ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Taking>,
    /// Name of the execution that this belongs to; its batches share one cap on requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Batches that run at once and share the source's rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workers: Option<u32>,
}

/// A batch as the EXPRESS machine hands it on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InlineRun {
    inline: Value,
    run: String,
    workers: u32,
}

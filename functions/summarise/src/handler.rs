//! Tells the three things apart that can be summed up.

use contracts::Fault;
use contracts::events::{self, SummariseEvent};
use lambda::Metrics;
use serde_json::Value;
use store::Stores;

use crate::{clustering_run, failure};

pub async fn handle(
    payload: Value,
    stores: &Stores,
    metrics: &mut Metrics,
) -> Result<Value, Fault> {
    let event: SummariseEvent = events::parse(payload)?;
    let output = stores.bucket(&event.output_bucket);
    match (&event.run, &event.failed, &event.manifest, &event.plan_id) {
        (Some(run), Some(failed), _, _) => failure::record(output.as_ref(), run, failed).await,
        (_, None, None, Some(plan_id)) => {
            let reply = study::sum_up(plan_id, &output).await?;
            serde_json::to_value(&reply).map_err(|e| Fault::internal(&e))
        }
        (Some(run), None, Some(manifest), None) => {
            let lists = stores.bucket(&manifest.bucket);
            clustering_run::sum_up(output.as_ref(), run, lists.as_ref(), &manifest.key, metrics)
                .await
        }
        _ => Err(Fault::invalid_event(
            "event: expected run with manifest, run with failed, or plan_id",
        )),
    }
}

//! Plans the study of the event.

use contracts::Fault;
use lambda::{Metrics, Unit};
use serde_json::Value;
use store::Stores;
use study::events::{self, PlanEvent};
use study::{Inputs, PlanReply, Study};

pub async fn handle(
    payload: Value,
    stores: &Stores,
    metrics: &mut Metrics,
) -> Result<PlanReply, Fault> {
    // The study is read first and by itself: its mistakes are told as a study's, all at once.
    if let Some(study) = payload.get("study") {
        Study::from_json(study.clone()).map_err(study::Error::Study)?;
    }
    let event: PlanEvent = events::parse(payload)?;
    let inputs = Inputs::Bucket(stores.bucket(&event.input_bucket));
    let output = stores.bucket(&event.output_bucket);
    let reply = study::plan(
        &event.study,
        &inputs,
        output.as_ref(),
        &event.output_bucket,
        event.workers,
        stores,
    )
    .await?;
    #[expect(clippy::cast_precision_loss, reason = "figures for a metric")]
    for (name, count) in [("samples", reply.count), ("rejected", reply.rejected)] {
        metrics.add(name, count as f64, Unit::Count);
    }
    Ok(reply)
}

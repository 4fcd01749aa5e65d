//! Measures what is stored of a batch; the readings go into its part of the ledger.

use contracts::Fault;
use lambda::{Metrics, Unit};
use serde_json::Value;
use store::Stores;
use study::MeasureReply;
use study::events::{self, MeasureEvent};

pub async fn handle(
    payload: Value,
    stores: &Stores,
    metrics: &mut Metrics,
) -> Result<MeasureReply, Fault> {
    let event: MeasureEvent = events::parse(payload)?;
    let store = stores.bucket(&event.output_bucket);
    let reply = study::measure(&event.part()?, &event.measures, &store).await?;
    #[expect(clippy::cast_precision_loss, reason = "figures for a metric")]
    for (name, count) in [("pictures", reply.read), ("unreadable", reply.unreadable)] {
        metrics.add(name, count as f64, Unit::Count);
    }
    Ok(reply)
}

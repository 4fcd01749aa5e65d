//! Tells the workflows apart.

use contracts::Fault;
use contracts::events::KickoffReply;
use executions::Executions;
use lambda::{Metrics, Unit};
use serde_json::Value;
use store::Stores;
use study::events;

use crate::request::{self, Buckets};

/// `payload` is an event with workflow `cluster` or `collect`, an `EventBridge` schedule event, or S3's word of new objects.
pub async fn handle(
    payload: Value,
    stores: &Stores,
    executions: &dyn Executions,
    metrics: &mut Metrics,
) -> Result<KickoffReply, Fault> {
    if payload.get("workflow").and_then(Value::as_str) == Some("collect") {
        let event = events::parse(payload)?;
        let collected = Box::pin(executions::collect(&event, stores, executions)).await?;
        note(metrics, "queued", collected.reply.queued);
        note(metrics, "in_flight", collected.in_flight);
        note(metrics, "resting", collected.resting);
        return Ok(collected.reply);
    }
    let request = request::read(payload, &Buckets::from_environment())?;
    let (event, keys) = (&request.event, request.keys.as_deref());
    let reply = Box::pin(executions::cluster(event, keys, stores, executions)).await?;
    note(metrics, "queued", reply.queued);
    note(metrics, "done_already", reply.done_already);
    Ok(reply)
}

#[expect(clippy::cast_precision_loss, reason = "a metric, not a count")]
fn note(metrics: &mut Metrics, name: &'static str, count: u64) {
    metrics.add(name, count as f64, Unit::Count);
}

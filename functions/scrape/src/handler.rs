//! Takes the pictures of a batch until they are done or time is near its end.

use std::time::{Duration, SystemTime};

use contracts::{Fault, FaultName};
use imagery::{Halt, Stop};
use lambda::{Deadline, Invocation, Metrics, Unit};
use serde_json::Value;
use store::Stores;
use study::events::ScrapeEvent;
use study::{Done, ScrapeReply, SecretKeys, Worker};

use crate::inline;

/// Time kept for requests in flight and for writing the ledger.
const ENDING_TIME: Duration = Duration::from_secs(20);

pub async fn handle(
    payload: Value,
    stores: &Stores,
    keys: &dyn SecretKeys,
    invocation: &mut Invocation,
) -> Result<ScrapeReply, Fault> {
    let event = ScrapeEvent::parse(payload)?;
    let stop = before(invocation.deadline);
    let done = match event {
        ScrapeEvent::Planned(batch) => {
            let store = stores.bucket(&batch.output_bucket);
            let plan = &batch.plan_id;
            Worker::of_plan(plan, batch.quota, store, stores, batch.workers, keys)
                .await?
                .scrape(batch.batch, &stop, &|_| {})
                .await?
        }
        ScrapeEvent::Inline(batch) => inline::scrape(*batch, stores, keys, &stop).await?,
    };
    note(&mut invocation.metrics, &done.reply);
    end(done)
}

/// A signal that is given shortly before the deadline.
fn before(deadline: Deadline) -> Stop {
    let Some(left) = deadline.left(SystemTime::now()) else {
        return Stop::never();
    };
    let (stopper, stop) = imagery::Stop::pair();
    tokio::spawn(async move {
        tokio::time::sleep(left.saturating_sub(ENDING_TIME)).await;
        stopper.stop();
    });
    stop
}

/// A batch that cannot go on is an error; one that ran out of time is a reply with what remains.
fn end(done: Done) -> Result<ScrapeReply, Fault> {
    let reply = done.reply;
    match done.halt {
        None => Ok(reply),
        Some(Halt::Failed(error)) => Err(study::Error::from(error).into()),
        Some(Halt::RequestCap { max_requests }) => Err(Fault::new(
            FaultName::InvalidStudy,
            format!(
                "limits.max_requests: batch {}: the run's {max_requests} requests are used and {} samples are left: raise it to go on",
                reply.batch, reply.remaining
            ),
        )),
        Some(Halt::Stopped) if finished(&reply) == 0 => Err(Fault::new(
            FaultName::SourceUnavailable,
            format!(
                "batch {}: no sample was finished in the time of one call, {} are left",
                reply.batch, reply.remaining
            ),
        )),
        Some(Halt::Stopped) => Ok(reply),
    }
}

fn finished(reply: &ScrapeReply) -> u64 {
    reply.ok + reply.exists + reply.no_imagery + reply.blank + reply.failed
}

#[expect(clippy::cast_precision_loss, reason = "figures for a metric")]
fn note(metrics: &mut Metrics, reply: &ScrapeReply) {
    for (name, count) in [
        ("pictures", reply.ok),
        ("failed_samples", reply.failed),
        ("remaining", reply.remaining),
    ] {
        metrics.add(name, count as f64, Unit::Count);
    }
    metrics.add("bytes", reply.bytes as f64, Unit::Bytes);
}

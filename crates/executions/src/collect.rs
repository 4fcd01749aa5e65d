//! Takes a quota of a plan and starts an execution over it.

use std::sync::Arc;

use contracts::events::{KickoffReply, ObjectPlace};
use contracts::{Fault, FaultName};
use serde_json::json;
use store::{Store, Stores};
use study::events::CollectKickoff;
use study::{NextSamples, QuotaRun, QuotaRuns, Standing};

use crate::execution::{Executions, Started};

/// Batches at once, where the caller does not choose.
const MAX_CONCURRENCY: u32 = 10;
/// Every batch may fail without taking the others with it; a later run takes what it left.
const TOLERATED_FAILURE_PERCENTAGE: f64 = 100.0;
/// The environment variable that names the state machine.
const MACHINE_VARIABLE: &str = "COLLECT_STATE_MACHINE_ARN";
/// How often another kickoff may be faster before this one gives up.
const MOST_CLAIMS: u32 = 10;

/// What a kickoff of a plan found, beside its reply.
#[derive(Debug)]
pub struct Collected {
    /// What the caller is told.
    pub reply: KickoffReply,
    /// Samples that runs still work on.
    pub in_flight: u64,
    /// Samples that failed too often to be tried again.
    pub resting: u64,
}

/// Takes the next samples of a plan and starts the state machine over them.
///
/// # Errors
/// `InvalidEvent` where no machine is named, `NotFound` for a plan, bucket or state machine that is not there, `AccessDenied`,
/// `StorageUnavailable`.
pub async fn collect(
    event: &CollectKickoff,
    stores: &Stores,
    executions: &dyn Executions,
) -> Result<Collected, Fault> {
    let machine = match event.state_machine_arn.clone() {
        Some(machine) => Some(machine),
        None => std::env::var(MACHINE_VARIABLE).ok(),
    };
    let store = stores.bucket(&event.output_bucket);
    let kickoff = Kickoff {
        event,
        machine: machine.as_deref(),
        store: &store,
        executions,
    };
    let (next, run) = Box::pin(kickoff.take()).await?;
    let mut reply = KickoffReply {
        execution_arn: None,
        manifest: None,
        queued: next.len(),
        done_already: next.standing.done,
        left_over: next.standing.waiting - next.len(),
        message: sentence(next.len(), next.standing),
    };
    if let Some((run, arn)) = run {
        tracing::info!(arn, queued = reply.queued, "started");
        reply.execution_arn = Some(arn);
        reply.manifest = Some(ObjectPlace {
            bucket: event.output_bucket.clone(),
            key: run.batches(),
        });
    }
    Ok(Collected {
        reply,
        in_flight: next.standing.in_flight,
        resting: next.standing.resting,
    })
}

fn sentence(queued: u64, standing: Standing) -> String {
    let Standing {
        done,
        in_flight,
        resting,
        waiting,
    } = standing;
    let left = waiting - queued;
    format!(
        "{queued} samples queued, {done} done already, {in_flight} in flight, {left} left over, {resting} rest as failed"
    )
}

struct Kickoff<'a> {
    event: &'a CollectKickoff,
    machine: Option<&'a str>,
    store: &'a Arc<dyn Store>,
    executions: &'a dyn Executions,
}

impl Kickoff<'_> {
    /// What is next, and the run that took it with its execution.
    async fn take(&self) -> Result<(NextSamples, Option<(QuotaRun, String)>), Fault> {
        let quota = &self.event.params;
        let at_most = self.event.limit.unwrap_or(u64::MAX);
        for _ in 0..MOST_CLAIMS {
            let runs = self.open_runs().await?;
            let next = NextSamples::find(quota, at_most, &runs, self.store).await?;
            if self.event.dry_run || next.is_empty() {
                return Ok((next, None));
            }
            // Found out before anything is claimed.
            self.machine()?;
            if let Some(run) = next.claim(self.store).await? {
                let arn = self.start(&run).await?;
                return Ok((next, Some((run, arn))));
            }
        }
        Err(Fault::new(
            FaultName::StorageUnavailable,
            format!("{MOST_CLAIMS} other kickoffs of this plan were faster"),
        ))
    }

    /// The runs before, without those whose executions have ended. One that claimed its samples and was never started, because its
    /// kickoff died in between, is started now.
    async fn open_runs(&self) -> Result<QuotaRuns, Fault> {
        let mut runs = QuotaRuns::of_plan(&self.event.params.plan_id, self.store.as_ref()).await?;
        let mut open = Vec::with_capacity(runs.open.len());
        for run in runs.open {
            let standing = match self.machine {
                Some(machine) => self.executions.standing(machine, &run.name()).await?,
                None => None,
            };
            match standing {
                Some(Started::Ended) if self.event.dry_run => {}
                Some(Started::Ended) => run.end(self.store.as_ref()).await?,
                Some(Started::Running(_)) => open.push(run),
                None => {
                    if !self.event.dry_run {
                        self.start(&run).await?;
                    }
                    open.push(run);
                }
            }
        }
        runs.open = open;
        Ok(runs)
    }

    /// Starts the execution of a run; again is the same as once.
    async fn start(&self, run: &QuotaRun) -> Result<String, Fault> {
        let at_once = self.event.max_concurrency.unwrap_or(MAX_CONCURRENCY);
        run.list_batches(self.store.as_ref(), &self.event.output_bucket, at_once)
            .await?;
        let input = json!({
            "planned": {
                "plan_id": self.event.params.plan_id,
                "batches": run.batches(),
                "batch_count": run.batch_count,
            },
            "output_bucket": self.event.output_bucket,
            "max_concurrency": at_once,
            "tolerated_failure_percentage": self
                .event
                .tolerated_failure_percentage
                .unwrap_or(TOLERATED_FAILURE_PERCENTAGE),
        });
        let name = run.name();
        let started = self
            .executions
            .start(self.machine()?, &name, &input.to_string())
            .await?;
        match started {
            Started::Running(arn) => Ok(arn),
            Started::Ended => Err(Fault::new(
                FaultName::InvalidInput,
                format!("an execution named {name} has ended already"),
            )),
        }
    }

    fn machine(&self) -> Result<&str, Fault> {
        self.machine.ok_or_else(|| {
            Fault::invalid_event(format!(
                "event: state_machine_arn is missing and {MACHINE_VARIABLE} is not set in the environment"
            ))
        })
    }
}

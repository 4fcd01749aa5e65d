//! `transect run`: a whole study on this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, SdkConfig};
use clap::Args;
use contracts::{Fault, FaultName};
use imagery::{Halt, Status, Stop};
use secrets::CloudKeys;
use store::{Folder, Store};
use study::{Inputs, NextSamples, PlanReply, Quota, QuotaRun, QuotaRuns, Study, Worker};

use crate::commands::check;
use crate::progress::Progress;

/// Carry out a study on this machine: plan, pictures, measures, summary, report. Ctrl-C stops it;
/// the same command goes on where it stopped.
#[derive(Args)]
pub struct Run {
    /// Study, TOML
    study: PathBuf,
    /// Folder for the plan, the pictures, the tables and the report
    #[arg(long, default_value = "transect-out")]
    out: PathBuf,
    /// Take only the next N samples that have no reading, shared among towns
    #[arg(long, value_name = "N")]
    quota: Option<u64>,
    /// With --quota: runs that try a sample before it rests as failed
    #[arg(long, value_name = "N", default_value_t = 3, requires = "quota")]
    tries: u32,
}

/// Counts by status, as the bar shows them.
#[derive(Default)]
struct Tally {
    done: std::sync::atomic::AtomicU64,
    failed: std::sync::atomic::AtomicU64,
}

impl Run {
    pub async fn run(self) -> Result<(), Fault> {
        let study = check::read(&self.study)?;
        let planned = plan(&study, &self.study, &self.out).await?;
        let estimate = imagery::estimate(
            &study.source,
            &study.taken_picture(),
            &study.limits,
            planned.count,
        )
        .map_err(study::Error::from)?;
        eprintln!(
            "plan {}: {} samples in {} batches, at most {} requests and about {}",
            planned.plan_id,
            planned.count,
            planned.batch_count,
            estimate.requests,
            indicatif::HumanBytes(estimate.bytes)
        );
        let store: Arc<dyn Store> = Arc::new(Folder::new(&self.out));
        let (stopper, stop) = Stop::pair();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stopper.stop();
            }
        });
        let ended = match self.quota {
            None => {
                let all = Batches {
                    quota: None,
                    count: planned.batch_count,
                    samples: planned.count,
                };
                scrape(&planned.plan_id, &all, &store, &stop).await
            }
            Some(at_most) => self.take(at_most, &planned, &store, &stop).await,
        };
        let summary = study::sum_up(&planned.plan_id, &store).await?;
        ended?;
        for key in summary
            .tables
            .iter()
            .chain(&summary.geojson)
            .chain(&summary.report)
        {
            println!("{}", store.locate(key));
        }
        Ok(())
    }
}

impl Run {
    /// The next samples of the plan; first what is left of a quota that was stopped.
    async fn take(
        &self,
        at_most: u64,
        planned: &PlanReply,
        store: &Arc<dyn Store>,
        stop: &Stop,
    ) -> Result<(), Fault> {
        let quota = Quota {
            tries: self.tries,
            ..Quota::of_plan(&planned.plan_id)
        };
        let mut runs = QuotaRuns::of_plan(&planned.plan_id, store.as_ref()).await?;
        let run = match runs.open.pop() {
            Some(run) => run,
            None => match next(&quota, at_most, &runs, store).await? {
                Some(run) => run,
                None => return Ok(()),
            },
        };
        let bucket = self.out.to_string_lossy();
        run.list_batches(store.as_ref(), &bucket, 1).await?;
        let batches = Batches {
            quota: Some(run.number),
            count: u64::from(run.batch_count),
            samples: run.samples(),
        };
        scrape(&planned.plan_id, &batches, store, stop).await?;
        Ok(run.end(store.as_ref()).await?)
    }
}

/// Takes the next samples, if there are any.
async fn next(
    quota: &Quota,
    at_most: u64,
    runs: &QuotaRuns,
    store: &Arc<dyn Store>,
) -> Result<Option<QuotaRun>, Fault> {
    let next = NextSamples::find(quota, at_most, runs, store).await?;
    let standing = next.standing;
    eprintln!(
        "{} samples taken, {} done already, {} left over, {} rest as failed",
        next.len(),
        standing.done,
        standing.waiting - next.len(),
        standing.resting
    );
    if next.is_empty() {
        return Ok(None);
    }
    let claimed = next.claim(store).await?;
    claimed.map(Some).ok_or_else(|| {
        Fault::new(
            FaultName::StorageUnavailable,
            "another run took these samples: the same command takes the next",
        )
    })
}

/// Which batches are worked through.
struct Batches {
    /// The quota that they are of; none for those of the plan.
    quota: Option<u32>,
    count: u64,
    samples: u64,
}

/// Plans into the folder `out`.
pub async fn plan(study: &Study, path: &Path, out: &Path) -> Result<PlanReply, Fault> {
    let base = path.parent().unwrap_or(Path::new("."));
    let inputs = Inputs::Folder(base.to_owned());
    std::fs::create_dir_all(out).map_err(|source| tables::Error::Io {
        name: out.display().to_string(),
        source,
    })?;
    let store = Folder::new(out);
    let bucket = out.to_string_lossy();
    let stores = store_s3::stores(&cloud().await);
    Ok(study::plan(study, &inputs, &store, &bucket, 1, &stores).await?)
}

/// All batches, one after the other: within a batch requests run at once.
async fn scrape(
    plan_id: &str,
    batches: &Batches,
    store: &Arc<dyn Store>,
    stop: &Stop,
) -> Result<(), Fault> {
    let config = cloud().await;
    let worker = Worker::of_plan(
        plan_id,
        batches.quota,
        Arc::clone(store),
        &store_s3::stores(&config),
        1,
        &CloudKeys::new(&config),
    )
    .await?;
    let bar = Arc::new(Progress::new(batches.samples, ", {per_sec}, {eta} left"));
    let tally = Arc::new(Tally::default());
    let watch = {
        let (bar, tally, total) = (Arc::clone(&bar), Arc::clone(&tally), batches.samples);
        move |row: &imagery::LedgerRow| {
            use std::sync::atomic::Ordering::Relaxed;
            let count = match row.status {
                Status::Failed => &tally.failed,
                _ => &tally.done,
            };
            count.fetch_add(1, Relaxed);
            let (done, failed) = (tally.done.load(Relaxed), tally.failed.load(Relaxed));
            bar.show(
                done + failed,
                total,
                format!("{done} done, {failed} failed"),
            );
        }
    };
    for batch in 0..batches.count {
        let batch = u32::try_from(batch).unwrap_or(u32::MAX);
        let done = worker.scrape(batch, stop, &watch).await?;
        match done.halt {
            None => {}
            Some(Halt::Stopped) => {
                bar.end();
                return Err(Fault::new(
                    FaultName::DeadlineNear,
                    "stopped: the same command goes on from here",
                ));
            }
            Some(Halt::RequestCap { .. }) => {
                bar.note(&format!(
                    "batch {batch}: its share of limits.max_requests is used, {} samples are left",
                    done.reply.remaining
                ));
            }
            Some(Halt::Failed(error)) => {
                bar.end();
                return Err(study::Error::from(error).into());
            }
        }
    }
    bar.end();
    Ok(())
}

/// The cloud as the environment and profile name it. The machine itself is not asked: a study of local files waits for no
/// metadata service.
async fn cloud() -> SdkConfig {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new());
    aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .load()
        .await
}

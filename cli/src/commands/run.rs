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
use study::{
    Inputs, NextSamples, PlanReply, Quota, QuotaRun, QuotaRuns, Study, SummaryReply, Worker,
};

use crate::commands::check;
use crate::ending::{self, Counts, Ending};
use crate::folder_lock::FolderLock;
use crate::progress::Progress;
use crate::{output, signals};

/// Carry out a study on this machine: plan, pictures, measures, summary, report. Ctrl-C stops it;
/// the same command goes on where it stopped.
///
/// Example: transect run study.toml --out town
#[derive(Args)]
#[command(after_help = ending::HELP)]
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
    /// One JSON object on standard output: the counts, the reasons and the keys of what was written
    #[arg(long)]
    json: bool,
}

/// Counts by status, as the bar shows them.
#[derive(Default)]
struct Tally {
    done: std::sync::atomic::AtomicU64,
    failed: std::sync::atomic::AtomicU64,
}

/// Why batches were no longer worked through.
enum Cut {
    /// Nothing can be done any more.
    Failed(Fault),
    /// Ctrl-C or SIGTERM.
    Stopped,
    /// `limits.max_requests` is used up.
    Capped,
    /// The quota of the key is used up, as the source says.
    QuotaUsed(String),
}

impl Run {
    pub async fn run(self) -> Result<Ending, Fault> {
        let study = check::read(&self.study)?;
        std::fs::create_dir_all(&self.out).map_err(|source| tables::Error::Io {
            name: self.out.display().to_string(),
            source,
        })?;
        let _alone = FolderLock::take(&self.out)?;
        let planned = plan(&study, &self.study, &self.out).await?;
        if planned.count == 0 {
            return Err(check::no_samples(&study, planned.rejected));
        }
        let estimate = imagery::estimate(
            &study.source,
            &study.taken_picture(),
            &study.limits,
            planned.count,
        )
        .map_err(study::Error::from)?;
        eprintln!(
            "plan {}: {} samples in {} batches, about {} requests and {}",
            planned.plan_id,
            planned.count,
            planned.batch_count,
            estimate.requests,
            indicatif::HumanBytes(estimate.bytes)
        );
        for note in &planned.notes {
            eprintln!("note: {note}");
        }
        let store: Arc<dyn Store> = Arc::new(Folder::new(&self.out));
        let stop = signals::stop();
        let cut = match self.quota {
            None => {
                let all = Batches {
                    quota: None,
                    count: planned.batch_count,
                    samples: planned.count,
                };
                scrape(&planned.plan_id, &all, &store, &stop).await
            }
            Some(at_most) => self.take(at_most, &planned, &store, &stop).await,
        }
        .unwrap_or_else(|fault| Some(Cut::Failed(fault)));
        let summary = study::sum_up(&planned.plan_id, &store).await?;
        self.end(&summary, cut, store.as_ref())
    }

    /// Tells what was written and how it went.
    fn end(
        &self,
        summary: &SummaryReply,
        cut: Option<Cut>,
        store: &dyn Store,
    ) -> Result<Ending, Fault> {
        if self.json {
            println!("{}", serde_json::to_string(summary).unwrap_or_default());
        } else if !matches!(cut, Some(Cut::Failed(_))) {
            let written = summary.tables.iter().chain(&summary.geojson);
            for key in written.chain(&summary.report) {
                println!("{}", store.locate(key));
            }
        }
        let counts = Counts::from(summary);
        let ending = match &cut {
            Some(Cut::Stopped) => Ending::Stopped,
            Some(Cut::QuotaUsed(_)) => Ending::SomeLeft,
            _ => counts.ending(),
        };
        let again = self.again();
        let next = match &cut {
            Some(Cut::Capped) => {
                format!("raise limits.max_requests, all of which are used, then {again}")
            }
            Some(Cut::QuotaUsed(reason)) => format!("{reason}; then {again} goes on from here"),
            _ if ending == Ending::SomeFailed => format!("{again} tries those that failed again"),
            _ => format!("{again} goes on from here"),
        };
        match cut {
            Some(Cut::Failed(fault)) => Err(Fault::new(
                fault.name,
                format!("{}; {}", fault.message, counts.sentence(&next)),
            )),
            Some(Cut::Stopped) => {
                output::say(format_args!("stopped: {}", counts.sentence(&next)));
                Ok(ending)
            }
            _ if ending == Ending::Done => {
                eprintln!("{}", counts.sentence(""));
                Ok(ending)
            }
            _ => {
                output::say(format_args!("{}", counts.sentence(&next)));
                Ok(ending)
            }
        }
    }

    /// The command that goes on with this run.
    fn again(&self) -> String {
        let mut again = format!("transect run {}", self.study.display());
        if self.out != Path::new("transect-out") {
            again.push_str(&format!(" --out {}", self.out.display()));
        }
        if let Some(quota) = self.quota {
            again.push_str(&format!(" --quota {quota}"));
        }
        again
    }

    /// The next samples of the plan; first what is left of a quota that was stopped.
    async fn take(
        &self,
        at_most: u64,
        planned: &PlanReply,
        store: &Arc<dyn Store>,
        stop: &Stop,
    ) -> Result<Option<Cut>, Fault> {
        let quota = Quota {
            tries: self.tries,
            ..Quota::of_plan(&planned.plan_id)
        };
        let mut runs = QuotaRuns::of_plan(&planned.plan_id, store.as_ref()).await?;
        let run = match runs.open.pop() {
            Some(run) => run,
            None => match next(&quota, at_most, &runs, store).await? {
                Some(run) => run,
                None => return Ok(None),
            },
        };
        let bucket = self.out.to_string_lossy();
        run.list_batches(store.as_ref(), &bucket, 1).await?;
        let batches = Batches {
            quota: Some(run.number),
            count: u64::from(run.batch_count),
            samples: run.samples(),
        };
        let cut = scrape(&planned.plan_id, &batches, store, stop).await?;
        if cut.is_none() {
            run.end(store.as_ref()).await?;
        }
        Ok(cut)
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
) -> Result<Option<Cut>, Fault> {
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
    let mut cut = None;
    for batch in 0..batches.count {
        let batch = u32::try_from(batch).unwrap_or(u32::MAX);
        match worker.scrape(batch, stop, &watch).await?.halt {
            None => {}
            // The batches to come may have all they need.
            Some(Halt::RequestCap { .. }) => cut = Some(Cut::Capped),
            Some(Halt::Stopped) => cut = Some(Cut::Stopped),
            Some(Halt::Failed(error)) if error.kind() == imagery::ErrorKind::QuotaUsed => {
                cut = Some(Cut::QuotaUsed(error.to_string()));
            }
            Some(Halt::Failed(error)) => {
                cut = Some(Cut::Failed(study::Error::from(error).into()));
            }
        }
        if matches!(cut, Some(Cut::Stopped | Cut::Failed(_) | Cut::QuotaUsed(_))) {
            break;
        }
    }
    bar.end();
    Ok(cut)
}

/// The cloud as the environment and profile name it. The machine itself is not asked: a study of local files waits for no
/// metadata service.
pub async fn cloud() -> SdkConfig {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new());
    aws_config::defaults(BehaviorVersion::latest())
        .region(region)
        .load()
        .await
}

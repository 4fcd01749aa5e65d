//! A whole study on this machine.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use contracts::{Fault, FaultName};
use imagery::{Halt, LedgerRow, Status, Stop};
use pyo3::prelude::*;
use secrets::CloudKeys;
use serde_json::json;
use store::{Folder, Store};
use study::{Inputs, PlanReply, Study, SummaryReply, Worker};

use crate::errors::OrRaise;
use crate::interrupts::interruptibly;

/// Samples of each outcome so far.
#[derive(Default)]
struct Tally {
    total: AtomicU64,
    done: AtomicU64,
    failed: AtomicU64,
}

/// Carry out a study, given as TOML or JSON: its plan, its counts and what was written, as JSON. `progress` is called with
/// the samples done, those that failed, and all there are.
#[pyfunction]
#[pyo3(signature = (study, folder, out, progress=None))]
pub fn run(
    py: Python<'_>,
    study: &str,
    folder: PathBuf,
    out: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let study = read(study).or_raise(py)?;
    let tally = Arc::new(Tally::default());
    let told = Arc::clone(&tally);
    let tell = |py: Python<'_>| {
        let total = told.total.load(Relaxed);
        if let (Some(progress), true) = (&progress, total > 0) {
            progress.call1(
                py,
                (told.done.load(Relaxed), told.failed.load(Relaxed), total),
            )?;
        }
        Ok(())
    };
    let work = |asked: &AtomicBool| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Fault::internal(&error))?;
        runtime.block_on(carry_out(&study, folder, out, asked, &tally))
    };
    let (planned, summary) = interruptibly(py, work, tell)?.or_raise(py)?;
    tell(py)?;
    let reply = json!({
        "plan_id": planned.plan_id,
        "samples": summary.samples,
        "done": summary.done,
        "failed": tally.failed.load(Relaxed),
        "rejected": planned.rejected,
        "tables": summary.tables,
        "geojson": summary.geojson,
        "report": summary.report,
    });
    Ok(reply.to_string())
}

/// Reads a study; all its mistakes are one fault, a line each.
fn read(text: &str) -> Result<Study, Fault> {
    let read = match text.trim_start().starts_with('{') {
        true => match serde_json::from_str(text) {
            Ok(value) => Study::from_json(value),
            Err(error) => return Err(Fault::new(FaultName::InvalidStudy, error.to_string())),
        },
        false => Study::from_toml(text),
    };
    read.map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        Fault::new(FaultName::InvalidStudy, lines.join("\n"))
    })
}

async fn carry_out(
    study: &Study,
    folder: PathBuf,
    out: PathBuf,
    asked: &AtomicBool,
    tally: &Arc<Tally>,
) -> Result<(PlanReply, SummaryReply), Fault> {
    let config = cli::cloud().await;
    let stores = store_s3::stores(&config);
    let bucket = out.to_string_lossy().into_owned();
    let store: Arc<dyn Store> = Arc::new(Folder::new(&out));
    let inputs = Inputs::Folder(folder);
    let planned = study::plan(study, &inputs, store.as_ref(), &bucket, 1, &stores).await?;
    tally.total.store(planned.count, Relaxed);
    let keys = CloudKeys::new(&config);
    let worker = Worker::of_plan(
        &planned.plan_id,
        None,
        Arc::clone(&store),
        &stores,
        1,
        &keys,
    )
    .await?;
    let (stopper, stop) = Stop::pair();
    let taken = batches(&worker, planned.batch_count, &stop, tally);
    let stopping = async {
        while !asked.load(Relaxed) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        stopper.stop();
        std::future::pending::<()>().await;
    };
    let ended = tokio::select! {
        ended = taken => ended,
        () = stopping => Ok(()),
    };
    let summary = study::sum_up(&planned.plan_id, &store).await?;
    ended?;
    Ok((planned, summary))
}

/// All batches, one after the other: within a batch requests run at once.
async fn batches(
    worker: &Worker,
    count: u64,
    stop: &Stop,
    tally: &Arc<Tally>,
) -> Result<(), Fault> {
    let counted = Arc::clone(tally);
    let watch = move |row: &LedgerRow| {
        let outcome = match row.status {
            Status::Failed => &counted.failed,
            _ => &counted.done,
        };
        outcome.fetch_add(1, Relaxed);
    };
    for batch in 0..count {
        let batch = u32::try_from(batch).unwrap_or(u32::MAX);
        match worker.scrape(batch, stop, &watch).await?.halt {
            // A cap on requests leaves samples: the counts say so.
            None | Some(Halt::RequestCap { .. }) => {}
            Some(Halt::Stopped) => return Ok(()),
            Some(Halt::Failed(error)) => return Err(study::Error::from(error).into()),
        }
    }
    Ok(())
}

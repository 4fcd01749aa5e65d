//! The loop over the samples of a batch.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::one::{One, Unfinished};
use super::{Batch, BatchOutcome, Counts, Halt, Scraper};
use crate::Error;
use crate::fetch::Fetcher;
use crate::ledger::LedgerRow;
use crate::stop::Stop;

/// Samples under way for each request that may be: enough to look up and store pictures while the
/// places for requests stay taken.
const SAMPLES_PER_PLACE: usize = 3;
const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);
/// Samples in a row that give up, none having succeeded, before the source counts as down.
const GIVE_UP_AFTER: usize = 8;

pub(super) async fn run(
    scraper: &Scraper,
    batch: Batch<'_>,
    stop: &Stop,
) -> Result<BatchOutcome, Error> {
    check_names(&batch)?;
    let (stopper, halted) = Stop::pair();
    let cap = batch
        .max_requests
        .as_ref()
        .map_or(u64::MAX, |budget| budget.max_requests());
    let fetcher = Arc::new(Fetcher {
        source_kind: scraper.setup.source.kind(),
        transport: scraper.seams.transport.clone(),
        clock: scraper.seams.clock.clone(),
        rate: scraper.rate.clone(),
        places: scraper.places.clone(),
        tries: scraper.pace.tries,
        backoff: scraper.backoff,
        stop: halted,
        budget: batch.max_requests.clone(),
        reached: scraper.reached.clone(),
        sent: AtomicU64::new(0),
        jitter: Mutex::new(Pcg64Mcg::seed_from_u64(scraper.setup.seed)),
    });
    let known: HashMap<&str, &LedgerRow> = batch
        .known
        .iter()
        .map(|row| (row.sample_id.as_str(), row))
        .collect();
    let one = One::new(scraper, fetcher.clone(), known);
    let order = scraper
        .source
        .visiting_order(batch.samples)
        .unwrap_or_else(|| (0..batch.samples.len()).collect());
    let mut waiting = order
        .into_iter()
        .filter_map(|index| Some((index, batch.samples.get(index)?)));

    let at_once = scraper
        .pace
        .concurrency
        .saturating_mul(SAMPLES_PER_PLACE)
        .saturating_add(4);
    let patience = GIVE_UP_AFTER.max(scraper.pace.concurrency);
    let mut checkpoint = interval_at(Instant::now() + CHECKPOINT_EVERY, CHECKPOINT_EVERY);
    checkpoint.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut rows: Vec<Option<LedgerRow>> = vec![None; batch.samples.len()];
    let mut under_way = FuturesUnordered::new();
    let mut halt: Option<Halt> = None;
    let mut gave_up = 0;
    let mut succeeded = false;
    loop {
        while halt.is_none() && under_way.len() < at_once {
            let Some((index, sample)) = waiting.next() else {
                break;
            };
            let one = &one;
            under_way.push(async move { (index, one.row(sample).await) });
        }
        let (index, result) = tokio::select! {
            biased;
            () = stop.wait(), if halt.is_none() => {
                halt = Some(Halt::Stopped);
                stopper.stop();
                continue;
            }
            done = under_way.next() => match done {
                Some(done) => done,
                None => break,
            },
            _ = checkpoint.tick() => {
                let so_far: Vec<LedgerRow> = rows.iter().flatten().cloned().collect();
                if let Err(fault) = batch.progress.checkpoint(&so_far).await {
                    let error = Error::Storage { key: "the ledger".to_owned(), fault };
                    halt.get_or_insert(Halt::Failed(error));
                    stopper.stop();
                }
                continue;
            }
        };
        let ended = match result {
            Ok(done) => {
                succeeded |= done.row.status.has_picture();
                gave_up = if done.gave_up { gave_up + 1 } else { 0 };
                batch.progress.row(&done.row);
                let reason = done.row.reason.clone().unwrap_or_default();
                if let Some(slot) = rows.get_mut(index) {
                    *slot = Some(done.row);
                }
                let source_kind = scraper.setup.source.kind();
                (gave_up >= patience && !succeeded).then_some(Halt::Failed(
                    Error::SourceUnavailable {
                        source_kind,
                        samples: gave_up,
                        reason,
                    },
                ))
            }
            Err(Unfinished::Stopped) => None,
            Err(Unfinished::Capped) => Some(Halt::RequestCap { max_requests: cap }),
            Err(Unfinished::Fatal(error)) => Some(Halt::Failed(error)),
        };
        if let Some(ended) = ended {
            halt.get_or_insert(ended);
            stopper.stop();
        }
    }
    drop(under_way);
    let remaining = batch
        .samples
        .iter()
        .zip(&rows)
        .filter(|(_, row)| row.is_none());
    let remaining = remaining
        .map(|(sample, _)| sample.sample_id.clone())
        .collect();
    let rows: Vec<LedgerRow> = rows.into_iter().flatten().collect();
    Ok(BatchOutcome {
        counts: Counts::of(&rows),
        rows,
        remaining,
        requests: fetcher.sent(),
        halt,
    })
}

fn check_names(batch: &Batch<'_>) -> Result<(), Error> {
    let mut names = HashSet::with_capacity(batch.samples.len());
    match batch
        .samples
        .iter()
        .find(|sample| !names.insert(sample.sample_id.as_str()))
    {
        Some(sample) => Err(Error::setting(
            "sample_id",
            format!("\"{}\" twice", sample.sample_id),
            "a name for each sample",
        )),
        None => Ok(()),
    }
}

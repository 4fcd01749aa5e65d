//! Reads the table, groups its rows, writes what came of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clustering::{Budget, Clustered, Params, cluster_table};
use contracts::Fault;
use contracts::events::{self, ClusterEvent, ClusterReply};
use lambda::{Deadline, Invocation, Metrics, Unit, memory_left};
use serde_json::Value;
use store::{Store, Stores};
use tables::{ReadOptions, Table, WriteOptions};

/// Time kept for writing the answer before Lambda ends the function.
const WRITING_TIME: Duration = Duration::from_secs(15);
/// Memory kept for encoding the answer beside what clustering still holds.
const WRITING_MEMORY: u64 = 32 * 1024 * 1024;
const PARQUET: &str = "application/vnd.apache.parquet";
const JSON: &str = "application/json";

pub async fn handle(
    payload: Value,
    stores: &Stores,
    invocation: &mut Invocation,
) -> Result<ClusterReply, Fault> {
    let started = Instant::now();
    let event: ClusterEvent = events::parse(payload)?;
    let output = stores.bucket(&event.output_bucket);
    let folder = tempfile::tempdir().map_err(|e| Fault::internal(&e))?;
    let path = folder.path().join("input");
    let size = stores
        .bucket(&event.input_bucket)
        .get_file(&event.filename, &path)
        .await?;

    let work = Work {
        path: path.clone(),
        params: event.params.clone().unwrap_or_default(),
        deadline: invocation.deadline,
    };
    let made = tokio::task::spawn_blocking(move || work.run())
        .await
        .map_err(|e| Fault::internal(&e))?
        .map_err(|fault| fault.named(&path, &event.filename))?;

    let keys = Keys::beside(&event.filename);
    // The clustered table is written last: where it is, the rest is.
    output.put(&keys.report, made.report.clone(), JSON).await?;
    output
        .put(&keys.clusters, made.clusters.clone(), PARQUET)
        .await?;
    output
        .put(&keys.clustered, made.table.clone(), PARQUET)
        .await?;

    let reply = ClusterReply {
        filename: event.filename,
        output_key: keys.clustered,
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        ..made.reply
    };
    note(&mut invocation.metrics, &reply, size, &made.table);
    if let Some(run) = &event.run {
        keep(output.as_ref(), run, &reply).await?;
    }
    Ok(reply)
}

/// Keeps the reply where the end of the run looks for it.
async fn keep(output: &dyn Store, run: &str, reply: &ClusterReply) -> Result<(), Fault> {
    let body = serde_json::to_vec(reply).map_err(|e| Fault::internal(&e))?;
    let key = format!("runs/{run}/results/{}.json", reply.filename);
    Ok(output.put(&key, body.into(), JSON).await?)
}

#[expect(clippy::cast_precision_loss, reason = "figures for a metric")]
fn note(metrics: &mut Metrics, reply: &ClusterReply, read: u64, written: &Bytes) {
    metrics.add("rows", reply.rows as f64, Unit::Count);
    metrics.add("clusters", reply.clusters as f64, Unit::Count);
    metrics.add("bytes_read", read as f64, Unit::Bytes);
    metrics.add("bytes_written", written.len() as f64, Unit::Bytes);
}

/// The part that computes, off the async threads.
struct Work {
    path: PathBuf,
    params: Params,
    deadline: Deadline,
}

/// What it gives: bytes to write, and the reply but for names and time.
struct Made {
    table: Bytes,
    clusters: Bytes,
    report: Bytes,
    reply: ClusterReply,
}

impl Work {
    fn run(&self) -> Result<Made, Fault> {
        let table = Table::open(&self.path, &ReadOptions::default())?;
        let deadline = self.deadline;
        let budget = Budget {
            memory: memory_left().map(|left| left.saturating_sub(WRITING_MEMORY)),
            stop: &|| deadline.is_near(WRITING_TIME),
        };
        let Clustered {
            table,
            clusters,
            report,
        } = cluster_table(&table, &self.params, &budget)?;
        for warning in &report.warnings {
            tracing::warn!("{warning}");
        }
        let options = WriteOptions::default();
        Ok(Made {
            table: table.to_geoparquet(&options)?.into(),
            clusters: clusters.to_geoparquet(&options)?.into(),
            report: serde_json::to_vec_pretty(&report)
                .map_err(|e| Fault::internal(&e))?
                .into(),
            reply: ClusterReply {
                filename: String::new(),
                output_key: String::new(),
                rows: report.rows,
                clusters: report.clusters,
                score: report.score,
                median_weight: report.median_weight,
                median_radius: report.median_radius,
                share_in_range: report.share_in_range,
                passes: report.passes,
                elapsed_ms: 0,
            },
        })
    }
}

/// Where the three results of an input go: beside its prefix.
struct Keys {
    clustered: String,
    clusters: String,
    report: String,
}

impl Keys {
    fn beside(filename: &str) -> Self {
        let (folder, name) = filename.split_at(filename.rfind('/').map_or(0, |at| at + 1));
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        Self {
            clustered: format!("{folder}clustered_{name}"),
            clusters: format!("{folder}clusters_{stem}.parquet"),
            report: format!("{folder}clusters_{stem}.json"),
        }
    }
}

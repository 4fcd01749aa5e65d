//! The end of a clustering run: what every file came to, in one summary.

use std::collections::BTreeMap;

use contracts::events::ClusterReply;
use contracts::{Fault, FaultName};
use futures::{StreamExt, TryStreamExt, stream};
use lambda::{Metrics, Unit};
use report::ClusterReport;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Store;

use crate::failure::Failure;

/// Objects read at once.
const AT_ONCE: usize = 32;

/// What the state machine gets back: small, whatever the size of the run.
#[derive(Debug, Serialize)]
struct Reply {
    run: String,
    files: usize,
    done: usize,
    failed: usize,
    /// In the manifest, with neither a result nor a record of failure.
    lost: usize,
    tables: Vec<String>,
    report: Option<String>,
}

/// What is kept: the reply and every file's part in it.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    reply: &'a Reply,
    results: Vec<&'a ClusterReply>,
    failures: Vec<&'a Failure>,
    lost_files: Vec<&'a str>,
}

/// Reads the manifest, the results and the failures of `run`; writes `summary.json` beside them.
pub async fn sum_up(
    output: &dyn Store,
    run: &str,
    lists: &dyn Store,
    manifest: &str,
    metrics: &mut Metrics,
) -> Result<Value, Fault> {
    let files = listed(&lists.get(manifest).await?, &lists.locate(manifest))?;
    let results: BTreeMap<String, ClusterReply> =
        read_all(output, &format!("runs/{run}/results/")).await?;
    let failures: BTreeMap<String, Failure> =
        read_all(output, &format!("runs/{run}/failures/")).await?;

    let mut results_of_run = Vec::new();
    let mut failures_of_run = Vec::new();
    let mut lost_files = Vec::new();
    for file in &files {
        // A file that came through after a failure was noted has come through.
        match (results.get(file), failures.get(file)) {
            (Some(result), _) => results_of_run.push(result),
            (None, Some(failure)) => failures_of_run.push(failure),
            (None, None) => lost_files.push(file.as_str()),
        }
    }
    let summary_key = format!("runs/{run}/summary.json");
    let reply = Reply {
        run: run.to_owned(),
        files: files.len(),
        done: results_of_run.len(),
        failed: failures_of_run.len(),
        lost: lost_files.len(),
        tables: vec![summary_key.clone()],
        report: Some(format!("reports/{run}/index.html")),
    };
    #[expect(clippy::cast_precision_loss, reason = "figures for a metric")]
    for (name, count) in [
        ("done", reply.done),
        ("failed_files", reply.failed),
        ("lost", reply.lost),
    ] {
        metrics.add(name, count as f64, Unit::Count);
    }
    let summary = Summary {
        reply: &reply,
        results: results_of_run,
        failures: failures_of_run,
        lost_files,
    };
    let body = serde_json::to_vec_pretty(&summary).map_err(|e| Fault::internal(&e))?;
    output
        .put(&summary_key, body.into(), "application/json")
        .await?;
    if let Some(key) = &reply.report {
        let page = page(&summary).map_err(|e| Fault::internal(&e))?;
        output.put(key, page.into(), "text/html").await?;
    }
    serde_json::to_value(&reply).map_err(|e| Fault::internal(&e))
}

/// The page that people look at: the page's rows read the results and failures as they stand.
fn page(summary: &Summary<'_>) -> serde_json::Result<String> {
    Ok(report::cluster_page(&ClusterReport {
        run: summary.reply.run.clone(),
        files: serde_json::from_value(serde_json::to_value(&summary.results)?)?,
        failed: serde_json::from_value(serde_json::to_value(&summary.failures)?)?,
        lost: summary.reply.lost as u64,
    }))
}

/// File names of a manifest, sorted.
fn listed(manifest: &[u8], location: &str) -> Result<Vec<String>, Fault> {
    let mut files = Vec::new();
    for (number, line) in manifest.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let line: Option<Value> = serde_json::from_slice(line).ok();
        let filename = line
            .as_ref()
            .and_then(|line| line.get("filename")?.as_str());
        let Some(filename) = filename else {
            return Err(Fault::new(
                FaultName::InvalidInput,
                format!(
                    "{location}, line {}: expected JSON with a filename",
                    number + 1
                ),
            ));
        };
        files.push(filename.to_owned());
    }
    files.sort_unstable();
    Ok(files)
}

/// Reads every record below `prefix`, by the name of the item it is of.
async fn read_all<T: DeserializeOwned>(
    store: &dyn Store,
    prefix: &str,
) -> Result<BTreeMap<String, T>, Fault> {
    let keys = store.list_all(prefix).await?;
    stream::iter(keys)
        .map(async |object| {
            let body = store.get(&object.key).await?;
            let record = serde_json::from_slice(&body).map_err(|error| {
                let place = store.locate(&object.key);
                Fault::new(FaultName::InvalidInput, format!("{place}: {error}"))
            })?;
            let item = object.key[prefix.len()..].trim_end_matches(".json");
            Ok((item.to_owned(), record))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use store::Memory;

    #[tokio::test]
    async fn every_file_of_the_manifest_is_done_failed_or_lost() {
        let store = Memory::new("out");
        let put = async |key: &str, body: String| {
            store
                .put(key, body.into(), "application/json")
                .await
                .unwrap();
        };
        let line = |name: &str| json!({"filename": name}).to_string();
        let manifest = ["b/c.parquet", "a.parquet", "d.parquet", "e.parquet"].map(line);
        put("runs/r/manifest.jsonl", manifest.join("\n")).await;
        let result = json!({
            "filename": "a.parquet", "output_key": "clustered_a.parquet", "rows": 3, "clusters": 1,
            "score": 1.5, "median_weight": 2.0, "median_radius": 3.0, "share_in_range": 1.0,
            "passes": 1, "elapsed_ms": 7
        });
        put("runs/r/results/a.parquet.json", result.to_string()).await;
        let failure = |item: &str| {
            json!({"item": item, "error": "InvalidInput", "message": "empty"}).to_string()
        };
        put("runs/r/failures/b/c.parquet.json", failure("b/c.parquet")).await;
        put("runs/r/failures/a.parquet.json", failure("a.parquet")).await;
        put("runs/r/failures/d.parquet.json", failure("d.parquet")).await;

        let metrics = &mut Metrics::default();
        let reply = sum_up(&store, "r", &store, "runs/r/manifest.jsonl", metrics)
            .await
            .unwrap();
        assert_eq!(
            reply,
            json!({"run": "r", "files": 4, "done": 1, "failed": 2, "lost": 1,
                   "tables": ["runs/r/summary.json"], "report": "reports/r/index.html"})
        );
        let summary = store.get("runs/r/summary.json").await.unwrap();
        let summary: Value = serde_json::from_slice(&summary).unwrap();
        assert_eq!(summary["results"][0], result);
        assert_eq!(summary["failures"][0]["item"], "b/c.parquet");
        assert_eq!(summary["lost_files"], json!(["e.parquet"]));
        let page = store.get("reports/r/index.html").await.unwrap();
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("a.parquet") && page.contains("b/c.parquet"));
    }
}

//! Lists the tables that are left to cluster, and starts an execution over them.

use std::io::{BufWriter, Write};

use contracts::events::{ClusterLine, ClusterRun, KickoffEvent, KickoffReply, ObjectPlace};
use contracts::{Fault, FaultName};
use sha2::{Digest, Sha256};
use store::{Store, Stores};
use tempfile::NamedTempFile;

use crate::execution::{Executions, start_once};
use crate::left_over::{self, is_table, result_key};

/// Files at once, where the caller does not choose.
const MAX_CONCURRENCY: u32 = 100;
/// Every file may fail without taking the others with it; the summary names those that did.
const TOLERATED_FAILURE_PERCENTAGE: f64 = 100.0;
/// The environment variable that names the state machine.
const MACHINE_VARIABLE: &str = "CLUSTER_STATE_MACHINE_ARN";

/// Lists the tables below the event's prefix that have no result yet, or those of `keys`, and starts the `cluster` machine
/// over them.
///
/// # Errors
/// `InvalidEvent` where no machine is named, `NotFound` for a bucket or state machine that is not there, `AccessDenied`,
/// `StorageUnavailable`.
pub async fn cluster(
    event: &KickoffEvent,
    keys: Option<&[String]>,
    stores: &Stores,
    executions: &dyn Executions,
) -> Result<KickoffReply, Fault> {
    let outputs = stores.bucket(&event.output_bucket);
    // Boxed: the SDK's futures are deep, and nested ones pass the compiler's depth limit.
    let manifest = Box::pin(list(event, keys, stores, outputs.as_ref())).await?;
    let mut reply = KickoffReply {
        execution_arn: None,
        manifest: None,
        queued: manifest.queued,
        done_already: manifest.done_already,
        left_over: manifest.left_over,
        message: manifest.sentence(event),
    };
    if event.dry_run || manifest.queued == 0 {
        return Ok(reply);
    }
    let machine = machine(event)?;
    let name = format!("cluster-{}", manifest.digest);
    let place = ObjectPlace {
        bucket: event.output_bucket.clone(),
        key: format!("runs/{name}/manifest.jsonl"),
    };
    outputs
        .put_file(&place.key, manifest.file.path(), "application/jsonl")
        .await?;
    let input = ClusterRun {
        manifest: place.clone(),
        output_bucket: event.output_bucket.clone(),
        max_concurrency: event.max_concurrency.unwrap_or(MAX_CONCURRENCY),
        tolerated_failure_percentage: event
            .tolerated_failure_percentage
            .unwrap_or(TOLERATED_FAILURE_PERCENTAGE),
    };
    let input = serde_json::to_string(&input).map_err(|e| Fault::internal(&e))?;
    let arn = Box::pin(start_once(executions, &machine, &name, &input)).await?;
    tracing::info!(arn, queued = reply.queued, "started");
    reply.execution_arn = Some(arn);
    reply.manifest = Some(place);
    Ok(reply)
}

fn machine(event: &KickoffEvent) -> Result<String, Fault> {
    event
        .state_machine_arn
        .clone()
        .or_else(|| std::env::var(MACHINE_VARIABLE).ok())
        .ok_or_else(|| {
            Fault::invalid_event(format!(
                "event: state_machine_arn is missing and {MACHINE_VARIABLE} is not set in the environment"
            ))
        })
}

/// The list of what is left to do, on disk: memory does not grow with it.
struct Manifest {
    file: NamedTempFile,
    /// Sixteen hexadecimal digits of the SHA-256 of its bytes.
    digest: String,
    queued: u64,
    done_already: u64,
    left_over: u64,
}

impl Manifest {
    fn sentence(&self, event: &KickoffEvent) -> String {
        let Self {
            queued,
            done_already,
            left_over,
            ..
        } = self;
        if *queued == 0 && *left_over == 0 {
            return format!(
                "nothing left to do below s3://{}/{}: {done_already} tables have their results",
                event.input_bucket, event.prefix
            );
        }
        format!("{queued} tables queued, {done_already} done already, {left_over} left over")
    }
}

async fn list(
    event: &KickoffEvent,
    keys: Option<&[String]>,
    stores: &Stores,
    outputs: &dyn Store,
) -> Result<Manifest, Fault> {
    let same_bucket = event.input_bucket == event.output_bucket;
    let mut lines = Lines::new(event)?;
    match keys {
        Some(keys) => {
            for key in keys.iter().filter(|key| is_table(key, same_bucket)) {
                let done = outputs.head(&result_key(key)).await?.is_some();
                lines.add(key, done).map_err(|e| spool_fault(&e))?;
            }
        }
        None => {
            let inputs = stores.bucket(&event.input_bucket);
            let found = |key: &str, done| lines.add(key, done);
            left_over::walk(inputs.as_ref(), outputs, same_bucket, &event.prefix, found)
                .await
                .map_err(|error| match error {
                    left_over::Error::Store(error) => error.into(),
                    left_over::Error::Write(error) => spool_fault(&error),
                })?;
        }
    }
    lines.finish().map_err(|e| spool_fault(&e))
}

/// Writes the manifest's lines as they are found.
struct Lines<'a> {
    event: &'a KickoffEvent,
    file: BufWriter<NamedTempFile>,
    digest: Sha256,
    queued: u64,
    done_already: u64,
    left_over: u64,
}

impl<'a> Lines<'a> {
    fn new(event: &'a KickoffEvent) -> Result<Self, Fault> {
        let file = NamedTempFile::new().map_err(|e| spool_fault(&e))?;
        Ok(Self {
            event,
            file: BufWriter::new(file),
            digest: Sha256::new(),
            queued: 0,
            done_already: 0,
            left_over: 0,
        })
    }

    fn add(&mut self, key: &str, done: bool) -> std::io::Result<()> {
        if done {
            self.done_already += 1;
            return Ok(());
        }
        if self.event.limit.is_some_and(|limit| self.queued >= limit) {
            self.left_over += 1;
            return Ok(());
        }
        self.queued += 1;
        let line = ClusterLine {
            filename: key,
            input_bucket: &self.event.input_bucket,
            output_bucket: &self.event.output_bucket,
            params: self.event.params.as_ref(),
        };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        self.digest.update(&line);
        self.file.write_all(&line)
    }

    fn finish(self) -> std::io::Result<Manifest> {
        let digest = self.digest.finalize();
        Ok(Manifest {
            file: self
                .file
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)?,
            digest: digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            queued: self.queued,
            done_already: self.done_already,
            left_over: self.left_over,
        })
    }
}

fn spool_fault(error: &std::io::Error) -> Fault {
    Fault::new(
        FaultName::StorageUnavailable,
        format!("the list of files cannot be kept on the function's disk: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use contracts::events;
    use serde_json::{Value, json};

    use super::*;
    use crate::execution::Started;

    /// Step Functions in memory: names that ran, and whether they still do.
    #[derive(Default)]
    struct Fake(Mutex<Vec<(String, bool)>>);

    #[async_trait]
    impl Executions for Fake {
        async fn start(&self, machine: &str, name: &str, _input: &str) -> Result<Started, Fault> {
            let mut runs = self.0.lock().unwrap();
            let arn = format!("{machine}:{name}");
            match runs.iter().find(|(known, _)| known == name) {
                Some((_, false)) => Ok(Started::Ended),
                Some((_, true)) => Ok(Started::Running(arn)),
                None => {
                    runs.push((name.to_owned(), true));
                    Ok(Started::Running(arn))
                }
            }
        }

        async fn standing(&self, machine: &str, name: &str) -> Result<Option<Started>, Fault> {
            let runs = self.0.lock().unwrap();
            let found = runs.iter().find(|(known, _)| known == name);
            Ok(found.map(|(_, runs)| match runs {
                true => Started::Running(format!("{machine}:{name}")),
                false => Started::Ended,
            }))
        }
    }

    async fn kickoff(root: &std::path::Path, fake: &Fake, more: Value) -> KickoffReply {
        let mut event = json!({
            "workflow": "cluster", "input_bucket": "in", "output_bucket": "out",
            "state_machine_arn": "arn:machine",
        });
        event
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let stores = Stores::in_folder(root);
        let event = events::parse(event).unwrap();
        cluster(&event, None, &stores, fake).await.unwrap()
    }

    fn lay(root: &std::path::Path, keys: &[&str]) {
        std::fs::create_dir_all(root.join("out")).unwrap();
        for key in keys {
            let path = root.join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
    }

    #[tokio::test]
    async fn the_same_kickoff_twice_is_one_execution_and_an_ended_one_is_run_anew() {
        let root = tempfile::tempdir().unwrap();
        lay(
            root.path(),
            &[
                "in/a.parquet",
                "in/b.parquet",
                "in/c.parquet",
                "out/clustered_b.parquet",
            ],
        );
        let fake = Fake::default();
        let first = kickoff(root.path(), &fake, json!({})).await;
        let second = kickoff(root.path(), &fake, json!({})).await;
        assert_eq!(first, second);
        assert_eq!(
            (first.queued, first.done_already, first.left_over),
            (2, 1, 0)
        );
        let place = first.manifest.unwrap();
        let manifest = std::fs::read_to_string(root.path().join("out").join(&place.key)).unwrap();
        assert_eq!(
            manifest,
            "{\"filename\":\"a.parquet\",\"input_bucket\":\"in\",\"output_bucket\":\"out\"}\n\
             {\"filename\":\"c.parquet\",\"input_bucket\":\"in\",\"output_bucket\":\"out\"}\n"
        );
        fake.0.lock().unwrap()[0].1 = false;
        let third = kickoff(root.path(), &fake, json!({})).await;
        assert_eq!(
            third.execution_arn.unwrap(),
            first.execution_arn.unwrap() + "-2"
        );
    }

    #[tokio::test]
    async fn a_limit_leaves_the_rest_over_and_a_dry_run_writes_nothing() {
        let root = tempfile::tempdir().unwrap();
        lay(
            root.path(),
            &["in/a.parquet", "in/b.parquet", "in/sub/c.parquet"],
        );
        let fake = Fake::default();
        let dry = kickoff(root.path(), &fake, json!({"limit": 1, "dry_run": true})).await;
        assert_eq!((dry.queued, dry.left_over), (1, 2));
        assert_eq!((dry.manifest, dry.execution_arn), (None, None));
        assert!(fake.0.lock().unwrap().is_empty());
        assert!(!root.path().join("out/runs").exists());
    }

    #[tokio::test]
    async fn nothing_left_starts_nothing_and_says_so() {
        let root = tempfile::tempdir().unwrap();
        lay(root.path(), &["in/a.parquet", "out/clustered_a.parquet"]);
        let fake = Fake::default();
        let reply = kickoff(root.path(), &fake, json!({})).await;
        assert_eq!(reply.execution_arn, None);
        assert!(
            reply.message.starts_with("nothing left to do"),
            "{}",
            reply.message
        );
    }

    #[tokio::test]
    async fn a_bucket_that_does_not_exist_is_not_found() {
        let root = tempfile::tempdir().unwrap();
        let stores = Stores::in_folder(root.path());
        let event = json!({"workflow": "cluster", "input_bucket": "none", "output_bucket": "out"});
        let event = events::parse(event).unwrap();
        let fault = cluster(&event, None, &stores, &Fake::default())
            .await
            .unwrap_err();
        assert_eq!(fault.name, FaultName::NotFound);
    }
}

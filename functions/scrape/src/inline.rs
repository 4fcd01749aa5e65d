//! Batches that come with the event, in the forms of the published studies.

use contracts::{Fault, FaultName};
use imagery::Stop;
use sampling::{job_record, point_map};
use store::{Store, Stores};
use study::events::{self, InlineBatch};
use study::{Done, SecretKeys, Taking, Worker};

/// Names the bucket that pictures of inline batches go to.
const BUCKET_VARIABLE: &str = "OUTPUT_BUCKET";
/// Key, in that bucket, of the settings for batches that bring none.
const SETTINGS_KEY: &str = "plans/inline/settings.json";

pub async fn scrape(
    batch: InlineBatch,
    stores: &Stores,
    keys: &dyn SecretKeys,
    stop: &Stop,
) -> Result<Done, Fault> {
    let bucket = std::env::var(BUCKET_VARIABLE).map_err(|_| {
        Fault::invalid_event(format!(
            "event: an inline batch goes to the bucket that {BUCKET_VARIABLE} names, and it is not set"
        ))
    })?;
    let samples = match (batch.point_map, batch.jobs) {
        (Some(point_map), _) => point_map::samples(&point_map::Batch { point_map }),
        (None, Some(jobs)) => job_record::samples(&jobs),
        (None, None) => return Err(Fault::invalid_event("event: expected point_map or jobs")),
    }
    .map_err(study::Error::from)?;
    let store = stores.bucket(&bucket);
    let taking = match batch.settings {
        Some(taking) => taking,
        None => settings(store.as_ref()).await?,
    };
    let (run, workers) = (batch.run.as_deref(), batch.workers.unwrap_or(1));
    let worker = Worker::inline(taking, run, workers, store, stores, keys).await?;
    Ok(worker.scrape_inline(&samples, stop).await?)
}

async fn settings(store: &dyn Store) -> Result<Taking, Fault> {
    let place = store.locate(SETTINGS_KEY);
    let wrong =
        |problem: String| Fault::new(FaultName::InvalidStudy, format!("{place}: {problem}"));
    let body = match store.get(SETTINGS_KEY).await {
        Ok(body) => body,
        Err(store::Error::NotFound { .. }) => {
            return Err(wrong(
                "does not exist, and the batch brings no settings: put {\"source\": ..., \"picture\": ...} there".to_owned(),
            ));
        }
        Err(error) => return Err(error.into()),
    };
    let value = serde_json::from_slice(&body).map_err(|error| wrong(error.to_string()))?;
    events::parse(value).map_err(|fault| wrong(fault.message))
}
